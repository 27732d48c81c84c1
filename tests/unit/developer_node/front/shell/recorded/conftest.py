"""A person in a recorded shell, in a repository."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.person import Person, recorded_shell

RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
PROMPT = {
    "bash": "PS1='ready> '\n",
    "zsh": "PS1='ready> '\n",
    "fish": "function fish_prompt; echo -n 'ready> '; end\nfunction fish_greeting; end\n",
}
READY = rb"ready> "
Open = Callable[..., Person]


def write_rc(home: Path, kind: str, more: str = "") -> Path:
    path = home.parent / RC[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PROMPT[kind] + more)
    return path


@pytest.fixture
def open_shell(home: Path, repository: Path) -> Generator[Open]:
    """Opens a recorded shell whose rc file holds `rc`, and waits for its prompt."""
    people: list[Person] = []

    def opened(kind: str, *words: str, rc: str = "", cwd: Path = repository, **more: str) -> Person:
        if shutil.which(kind) is None:
            pytest.skip(f"{kind} is not installed here")
        write_rc(home, kind, rc)
        person = Person.sits(recorded_shell("--shell", kind, *words), home, cwd, more)
        people.append(person)
        person.sees(READY)
        return person

    yield opened
    for person in people:
        person.leaves()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(person.pid, signal.SIGKILL)
            os.waitpid(person.pid, 0)
