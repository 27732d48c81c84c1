"""`postdevai run [--cwd DIR] -- CMD...`, read by hand: a command must not wait for a parser."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

USAGE = """\
Usage: postdevai run [--cwd DIR] -- CMD...

  Runs a command as it is, and records it: command, output, exit code, and the state of the
  files it ran on. Works whether or not a daemon runs. The exit code is the command's own.

Options:
  --cwd DIR  Run it in this directory.
  --help     Show this and exit.
"""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is to be run, and where."""

    command: tuple[str, ...]
    cwd: str = ""


class WrongUsage(Exception):
    """A sentence that says what is wrong, and the line to type instead."""

    def __init__(self, sentence: str, line: str = "postdevai run -- CMD...") -> None:
        super().__init__(sentence)
        self.line = line


def read(words: Sequence[str]) -> Recorded | None:
    """The words after `run`; None when help is asked for. What follows `--` is never looked at."""
    cwd = ""
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return _with_command(rest, cwd)
        if word in ("--help", "-h"):
            return None
        if word == "--cwd":
            if not rest:
                raise WrongUsage("--cwd needs a directory.")
            cwd = rest.pop(0)
        elif word.startswith("--cwd="):
            cwd = word.removeprefix("--cwd=")
        elif word.startswith("-"):
            raise WrongUsage(f"There is no option {word}; the command comes after `--`.")
        else:
            return _with_command([word, *rest], cwd)
    return _with_command([], cwd)


def _with_command(command: list[str], cwd: str) -> Recorded:
    if not command:
        raise WrongUsage("There is no command to run.")
    return Recorded(tuple(command), cwd)


def record(words: Sequence[str]) -> int:
    """Runs and records; the child's own exit code, or 2 for wrong usage."""
    try:
        asked = read(words)
        if asked is None:
            sys.stdout.write(USAGE)
            return 0
        cwd = _directory(asked.cwd)
    except WrongUsage as wrong:
        sys.stderr.write(f"{wrong} Type: {wrong.line}\n")
        return 2
    from common.daemon.home import Home
    from developer_node.front.shell import recorder

    home = recorder.attempt(lambda: Home.from_env().root)
    return recorder.run(asked.command, cwd=cwd, home=home)


def _directory(named: str) -> Path:
    try:
        cwd = Path(named or os.getcwd()).expanduser().absolute()
        if cwd.is_dir():
            return cwd
    except (OSError, RuntimeError):
        cwd = Path(named or "the directory that you are in")
    raise WrongUsage(f"{cwd} is not a directory.", "postdevai run --cwd DIR -- CMD...")
