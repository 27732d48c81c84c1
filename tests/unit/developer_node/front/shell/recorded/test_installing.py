"""One line goes into the rc file and out again, and every new terminal is recorded in between."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.person import SOURCES, Person
from tests.unit.developer_node.front.shell.recorded.conftest import RC, READY, write_rc

every_shell = pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
Change = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """`postdevai` as it is installed: a file of its own that can be executed."""
    path = tmp_path / "bin with blank" / "postdevai"
    path.parent.mkdir()
    path.write_text(
        f"#!/bin/sh\nexport PYTHONPATH='{SOURCES}'\n"
        f'exec {sys.executable} -c \'import sys; sys.argv[0] = "{path}"; '
        'from developer_node.front.cli import main; sys.exit(main())\' "$@"\n'
    )
    path.chmod(0o755)
    return path


@pytest.fixture
def change(home: Path, program: Path) -> Change:
    def run(act: str, kind: str) -> subprocess.CompletedProcess[str]:
        env = {"HOME": str(home.parent), "PATH": os.environ["PATH"]}
        words = [str(program), "shell", act, "--shell", kind]
        return subprocess.run(words, capture_output=True, text=True, env=env)

    return run


@pytest.fixture
def terminal(home: Path, repository: Path) -> Generator[Callable[[str], Person]]:
    """A new terminal window: the shell itself, nothing of ours named."""
    people: list[Person] = []

    def opened(kind: str) -> Person:
        if shutil.which(kind) is None:
            pytest.skip(f"{kind} is not installed here")
        person = Person.sits([kind, "-i"], home, repository, {})
        people.append(person)
        person.sees(READY)
        return person

    yield opened
    for person in people:
        person.leaves()
        with suppress(ChildProcessError):
            os.waitpid(person.pid, 0)


@every_shell
def test_installed_twice_there_is_one_line_and_uninstalled_none(
    home: Path, change: Change, kind: str
) -> None:
    path = write_rc(home, kind, "# mine, without a line end")
    before = path.read_bytes()
    path.chmod(0o640)
    said = change("--install", kind)
    assert (said.returncode, said.stderr) == (0, "")
    assert str(path) in said.stdout
    assert "postdevai shell --uninstall" in said.stdout
    written = path.read_bytes()
    assert written.endswith(before)
    assert written.count(b"\n") == before.count(b"\n") + 1
    assert "there already" in change("--install", kind).stdout
    assert path.read_bytes() == written
    assert "took the line out" in change("--uninstall", kind).stdout
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o640
    assert "no such line" in change("--uninstall", kind).stdout
    assert [p.name for p in path.parent.iterdir() if "postdevai" in p.name] == []


def test_without_an_rc_file_one_is_made(home: Path, change: Change) -> None:
    assert change("--install", "fish").returncode == 0
    assert (home.parent / RC["fish"]).read_text().count("\n") == 1


def test_a_shell_without_hooks_has_no_line(change: Change) -> None:
    said = change("--install", "/bin/dash")
    assert said.returncode == 2
    assert "bash, zsh and fish" in said.stderr


@every_shell
def test_every_new_terminal_is_recorded_and_one_exit_closes_it(
    home: Path, change: Change, terminal: Callable[[str], Person], kind: str
) -> None:
    write_rc(home, kind)
    change("--install", kind)
    person = terminal(kind)
    person.types(b"echo one\r")
    person.sees(rb"one\r\n")
    person.sees(READY)
    person.types(b"exit\r")
    person.exit_code()
    assert person.record("echo one").exit_codes == (0,)


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_the_passer_killed_leaves_the_terminal_with_its_own_shell(
    home: Path, change: Change, terminal: Callable[[str], Person], kind: str
) -> None:
    write_rc(home, kind)
    change("--install", kind)
    person = terminal(kind)
    person.types(b"echo passer $PPID\r")
    passer = psutil.Process(int(person.sees(rb"passer (\d+)\r\n")[1]))
    person.sees(READY)
    passer.kill()
    person.sees(READY)
    person.types(b"echo in $$\r")
    assert int(person.sees(rb"in (\d+)\r\n")[1]) == person.pid
    person.types(b"stty -a\r")
    assert b" icanon" in person.sees(rb"speed(?s:.*)-?extproc")[0]


def test_a_script_and_a_copy_over_ssh_are_left_alone(home: Path, change: Change) -> None:
    """rsync and scp read .bashrc too: a word on their output would break them."""
    write_rc(home, "bash")
    change("--install", "bash")
    line = ["bash", "--rcfile", str(home.parent / ".bashrc"), "-ic", "echo only this"]
    env = {"HOME": str(home.parent), "PATH": os.environ["PATH"]}
    done = subprocess.run(line, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)
    assert done.stdout == "only this\n"
