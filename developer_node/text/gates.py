"""Whether a command is recorded here and now: pauses, places, private commands. Files alone.

HOME/developer/paused        holds the time until which nothing is recorded, or "until resumed"
HOME/developer/never.json    directories in which nothing is ever recorded
ROOT/.postdevai.toml         [record] enabled, output, ignore: a repository may only ask for less
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Gate:
    """What may be kept of a command."""

    record: bool = True
    output: bool = True
    """False: the command, its exit code and its time, and nothing that it printed."""
    why: str = ""
    """Why not all of it, in a sentence; empty when all is kept."""


def gate(home: Path, cwd: Path, command: str) -> Gate:
    """What may be kept of this command in this directory now. Never raises: a settings file that
    cannot be read closes the gate, and `why` says so."""
    return Gate()
