"""A command as another tool has kept it, and how histories are read within limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ENTRIES_MAX = 50_000
"""The newest of a history; older ones are counted and left out."""
LINE_BYTES_MAX = 64 << 10
COMMAND_CHARACTERS_MAX = 32_768
HELD_CHARACTERS_MAX = 64 << 20
"""Of all commands that are held at once; the oldest go first."""


@dataclass(frozen=True, slots=True)
class PastCommand:
    """What a history tells of one command; what it does not tell stays at its default."""

    command: str
    at_ms: int = 0
    """0 when its time is not known."""
    cwd: str = ""
    exit_code: int | None = None
    duration_ms: int = 0


@dataclass(slots=True)
class Newest:
    """The newest entries of a history, in its order."""

    entries: deque[PastCommand] = field(default_factory=lambda: deque(maxlen=ENTRIES_MAX))
    read: int = 0
    characters: int = 0

    def take(self, commands: Iterable[PastCommand]) -> Newest:
        """Reads to the end, holding no more than the limit."""
        for command in commands:
            self.read += 1
            self.characters += len(command.command)
            if len(self.entries) == self.entries.maxlen:
                self.characters -= len(self.entries.popleft().command)
            self.entries.append(command)
            while self.characters > HELD_CHARACTERS_MAX:
                self.characters -= len(self.entries.popleft().command)
        return self

    @property
    def older(self) -> int:
        """How many were read and are not held."""
        return self.read - len(self.entries)


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines without their ends; of a longer line only the beginning is held and given."""
    with open(path, "rb") as file:
        while line := file.readline(LINE_BYTES_MAX):
            whole = line
            while not whole.endswith(b"\n") and (more := file.readline(LINE_BYTES_MAX)):
                whole = more
            yield line.rstrip(b"\r\n")


def text_of(line: bytes) -> str:
    """What is not UTF-8 becomes U+FFFD."""
    return line.decode("utf-8", "replace")
