"""A hook that holds a command back is let go by the answer to that command, and by no other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from developer_node.front.shell.recorded.keeping import Command, Ended, Keeper
from developer_node.front.shell.recorded.own_marks import OwnMarks
from developer_node.front.shell.recorded.recording import Recording
from developer_node.front.shell.recorded.session import LETTERS, Session

HOOK = {
    "bash": ["bash", "--noprofile", "--norc", "-c"],
    "zsh": ["zsh", "-f", "-i", "-c"],
}


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Session]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = Session.make("bash")
    yield made
    made.close()


@pytest.fixture
def answers(session: Session) -> Generator[int]:
    """The FIFO held open, so that what no hook takes is still there."""
    handle = os.open(session.directory / "go", os.O_RDWR | os.O_NONBLOCK)
    yield handle
    os.close(handle)


def _left(answers: int) -> bytes:
    try:
        return os.read(answers, 100)
    except BlockingIOError:
        return b""


def _waits(kind: str, session: Session, number: int) -> None:
    """Runs the hook ahead of a command of this number, to its end."""
    if shutil.which(kind) is None:
        pytest.skip(f"{kind} is not installed here")
    hooked = Session(session.directory, session.nonce, kind, "bash" if kind == "bash" else "zsh")
    hooked.hooked({})
    rc = session.directory / ("rc" if kind == "bash" else ".zshenv")
    line = f". {rc}; __pdv_n={number}; __pdv_before 'make'; true"
    subprocess.run(
        [*HOOK[kind], line], check=True, stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )


@pytest.mark.parametrize("kind", ["bash", "zsh"])
@pytest.mark.parametrize("number", [5, len(LETTERS) * 3 + 20])
def test_an_answer_that_came_late_does_not_let_the_next_command_go(
    kind: str, number: int, session: Session, answers: int
) -> None:
    for earlier in (2, 1):
        session.let_go(number - earlier)
    session.let_go(number)
    session.let_go(number + 1)
    _waits(kind, session, number)
    assert _left(answers) == LETTERS[(number + 1) % len(LETTERS)].encode(), "its own was the last"


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_a_hook_that_gets_others_answers_alone_goes_on_all_the_same(
    kind: str, session: Session, answers: int
) -> None:
    session.let_go(4)
    _waits(kind, session, 5)
    assert _left(answers) == b""


@dataclass
class NoKeeper:
    """Notes what it is given."""

    begun: list[Command] = field(default_factory=list[Command])

    def begin(self, command: Command) -> None:
        self.begun.append(command)

    def end(self, ended: Ended) -> None:
        pass


def test_a_private_command_is_let_go_by_its_own_number(
    session: Session, answers: int, tmp_path: Path
) -> None:
    keeper = NoKeeper()
    recording = Recording(session, tmp_path, OwnMarks(session), cast(Keeper, keeper))
    for number, text in ((7, " secret"), (8, "make"), (9, "")):
        typed = f"{tmp_path}\0    1  {text}\n\0".encode()
        (session.directory / f"command.{number}").write_bytes(typed if text else b"")
        recording.feed(f"\x1b]133;C;aid={session.nonce};k={number};w=1\x07".encode())
    assert [(c.told.text, c.told.number) for c in keeper.begun] == [("make", 8)]
    assert _left(answers) == b"79", "8 is let go when its files have been looked at"
