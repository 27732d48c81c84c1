"""A failing test run in a recorded shell is a failure with its place and its ground."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from developer_node.text.failures import interpret
from tests.support.person import Person, recorded_shell
from tests.support.repository import Repository


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_what_fails_in_a_recorded_shell_is_understood(tmp_path: Path, kind: str) -> None:
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed here")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (tmp_path / ".bashrc").write_text("PS1='ready> '\n")
    (tmp_path / ".zshrc").write_text("PS1='ready> '\n")
    fish = tmp_path / ".config" / "fish" / "config.fish"
    fish.parent.mkdir(parents=True)
    fish.write_text("function fish_prompt; echo -n 'ready> '; end\n")
    repository = Repository.make(tmp_path / "repo")
    repository.write("test_price.py", "def test_price():\n    assert {}['pear'] == 1\n")
    person = Person.sits(recorded_shell("--shell", kind), home, repository.root, {})
    try:
        person.sees(rb"ready> ")
        person.types(f"{sys.executable} -m pytest -q -p no:cacheprovider | cat\r".encode())
        person.sees(rb"1 failed")
        person.sees(rb"ready> ")
        person.types(b"exit\r")
        person.exit_code()
    finally:
        os.close(person.screen)
    told = [interpret(body, str(repository.root)) for body in person.records()[:-1]]
    assert told[-1].exit_codes == (1, 0)
    # on a slow machine a part may have told of it while pytest still ran
    failed = {failure.test for body in told for failure in body.failures}
    assert failed == {"test_price.py::test_price"}
    assert all(body.ground is not None and body.ground.tree for body in told)
