"""Reads the marks of our own hooks: only those that carry the session's nonce."""

from __future__ import annotations

from typing import Literal, Protocol

from developer_node.front.shell.recorded.marks import Mark
from developer_node.front.shell.recorded.session import Session
from developer_node.front.shell.recorded.told import Prompt, Told, read_command, read_prompt

Boundary = Literal["begin", "end", "prompt", ""]


class Marks(Protocol):
    """What a mark says about commands."""

    @property
    def exit_codes(self) -> tuple[int, ...]:
        """Of the command that ended last: each part of its pipeline; empty when not known."""
        ...

    @property
    def cwd(self) -> str:
        """Where the next command will run; empty when not known."""
        ...

    def read(self, mark: Mark) -> Boundary:
        """What happened; empty for a mark that says nothing, or that is not believed."""
        ...

    def is_own(self, mark: Mark) -> bool:
        """Whether it comes from the hooks, and is no output of a command."""
        ...

    def command(self) -> Told | None:
        """The command that begins now; None when nobody has told which it is."""
        ...


class OwnMarks:
    """Of a shell with our hooks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._prompt = Prompt()
        self._told: Told | None = None
        self.exit_codes: tuple[int, ...] = ()

    @property
    def cwd(self) -> str:
        """Where the shell is, as of its last prompt."""
        return self._prompt.cwd

    def read(self, mark: Mark) -> Boundary:
        """Marks without the nonce say nothing."""
        if not self.is_own(mark):
            return ""
        number = mark.named("k")
        directory = self._session.directory
        if mark.kind != "C" and number.isdecimal():
            self._prompt = read_prompt(directory / f"prompt.{number}")
        match mark.kind:
            case "A":
                return "prompt"
            case "C" if number.isdecimal():
                path = directory / f"command.{number}"
                bash, held = self._session.kind == "bash", mark.named("w") == "1"
                told = read_command(path, self._prompt, int(number), bash=bash, held=held)
                self._told = told or Told("", "", private=True, held=held, number=int(number))
                return "begin"
            case "D":
                self.exit_codes = _codes(mark)
                return "end"
            case _:
                return ""

    def is_own(self, mark: Mark) -> bool:
        """It carries the nonce, which no program that the shell starts can know."""
        return mark.code == "133" and mark.named("aid") == self._session.nonce

    def command(self) -> Told | None:
        """What the hook told ahead of the mark; once."""
        told, self._told = self._told, None
        return told


def _codes(mark: Mark) -> tuple[int, ...]:
    """Of the pipeline where the shell tells them, else the one that `$?` would be."""
    pipe = mark.named("pipe").split(",")
    if all(code.isdecimal() for code in pipe):
        return tuple(map(int, pipe))
    last = mark.fields[0] if mark.fields else ""
    return (int(last),) if last.isdecimal() else ()
