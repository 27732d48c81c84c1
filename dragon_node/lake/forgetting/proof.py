"""Looks for a text in every byte that a lake keeps, and in all that those bytes stand for.

Every file below the given directories is read as it lies there, and what can be opened is opened
too: SQLite files with the key that they are sealed with, each value of each table, unpacked where
it is packed.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw
import zstandard

from common.daemon.keys import SealingKey
from common.errors import Corrupt
from dragon_node.lake.database import Owned
from dragon_node.lake.forgetting import frames
from dragon_node.lake.forgetting.matching import needles

PIECE_BYTES = 4 << 20
NEVER_WRITTEN = frozenset({"ballast"})
"""Room that is held free and that nobody writes to."""
_SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True)
class Searched:
    """What was looked through, and where the text still is."""

    files: int
    bytes: int
    values: int
    """In tables, unpacked."""
    found: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    """Files that could not be opened, and why."""


class Search:
    """One text, file by file. Runs on any thread but the loop's."""

    def __init__(self, text: str, key: SealingKey | None) -> None:
        self._needles = _spelled(text)
        self._key = key
        self._values = 0

    def through(self, directories: Sequence[Path]) -> Searched:
        """All of these and what lies below them; a file that goes meanwhile is passed over."""
        files, size = 0, 0
        found: list[str] = []
        unread: list[str] = []
        for path in _files(directories):
            try:
                read, there = self._raw(path)
                there |= self._opened(path)
            except FileNotFoundError:
                continue
            except (Corrupt, apsw.Error) as error:
                unread.append(f"{path}: {error}")
                continue
            files, size = files + 1, size + read
            if there:
                found.append(str(path))
        return Searched(files, size, self._values, tuple(found), tuple(unread))

    def _raw(self, path: Path) -> tuple[int, bool]:
        longest = max(len(needle) for needle in self._needles)
        before, size = b"", 0
        with path.open("rb") as file:
            while piece := file.read(PIECE_BYTES):
                size += len(piece)
                if self._says(before + piece):
                    return size, True
                before = piece[1 - longest :] if longest > 1 else b""
        return size, False

    def _opened(self, path: Path) -> bool:
        """Whether a table of a SQLite file holds it. False for other files."""
        if path.suffix != ".db":
            return False
        with path.open("rb") as file:
            plain = file.read(len(_SQLITE)) == _SQLITE
        if not plain and self._key is None:
            return False
        owned = Owned(path, synchronous="OFF", read_only=True, key=None if plain else self._key)
        try:
            return any([self._table(owned.connection, name) for name in _tables(owned.connection)])
        finally:
            owned.close()

    def _table(self, db: apsw.Connection, name: str) -> bool:
        there = False
        for row in db.execute(f'SELECT * FROM "{name}"'):
            for value in row:
                self._values += 1
                if isinstance(value, str):
                    there |= self._says(value.encode("utf-8", "surrogatepass"))
                elif isinstance(value, bytes):
                    there |= self._says(value) or any(self._says(raw) for raw in _packed(value))
        return there

    def _says(self, data: bytes) -> bool:
        return any(needle in data for needle in self._needles)


def _spelled(text: str) -> Collection[bytes]:
    """As bytes, and as it stands in JSON."""
    quoted = (json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False))
    return dict.fromkeys([*needles(text), *(each.encode() for each in quoted)])


def _files(directories: Sequence[Path]) -> Iterator[Path]:
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.name not in NEVER_WRITTEN:
                yield path


def _tables(db: apsw.Connection) -> list[str]:
    """Those with rows of their own: a virtual table's rows are in its shadow tables."""
    sql = "SELECT name FROM sqlite_schema WHERE type='table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    return [name for (name,) in db.execute(sql).fetchall()]


def _packed(value: bytes) -> Iterator[bytes]:
    if value.startswith(frames.MAGIC):
        try:
            yield frames.whole(value)
        except zstandard.ZstdError:
            return  # only its first bytes look like it
    elif value[:1] == b"\x78":
        try:
            yield zlib.decompress(value)
        except zlib.error:
            return
