"""The way to the programs of the operating system."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Protocol

from common.errors import Unavailable

TIMEOUT_S = 120.0
"""A program that has not answered by then is given up."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program said when it ended."""

    code: int
    out: str = ""
    err: str = ""

    @property
    def last_words(self) -> str:
        """The line that says what went wrong, for people."""
        lines = [line.strip() for line in (self.err or self.out).splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


class Commands(Protocol):
    """Runs programs, one after the other."""

    def run(self, *words: str) -> Said:
        """Until it ends. Unavailable when there is no such program, or it does not end."""
        ...


class SystemCommands:
    """The programs of this machine."""

    def run(self, *words: str) -> Said:
        """Until it ends, in the C locale. Unavailable when it is missing or does not end."""
        try:
            done = subprocess.run(
                words,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TIMEOUT_S,
                check=False,
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
            )
        except FileNotFoundError as error:
            raise Unavailable(f"there is no {words[0]} here") from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{words[0]} does not answer") from error
        return Said(done.returncode, done.stdout, done.stderr)
