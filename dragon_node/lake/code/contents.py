"""Contents by their hash, each once, packed by zstd in blocks of whole lines.

    data   the blocks, one zstd frame each, end to end
    lines  for each block after the first: its first line, from 0, and where its frame begins

The trigram index points at blocks: a large file has most trigrams of any text somewhere, a block
of it has not. A text without a line end is never in two blocks.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import apsw
import zstandard

from common.errors import Corrupt
from common.model.ids import ContentHash
from dragon_node.lake.records import Blobs

PACK_LEVEL = 3
BLOCK_BYTES = 8 << 10
"""More only where a single line is longer. Half of it: a tenth more index, and no faster."""

_PLACE = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Packed:
    """A content as it lies in `blobs`."""

    data: bytes
    lines: bytes

    def blocks(self) -> int:
        """How many; an empty content has one."""
        return 1 + len(self.lines) // _PLACE.size

    def block(self, number: int) -> tuple[int, bytes]:
        """Its first line, from 0, and its bytes; blocks are counted from 0."""
        line, start = self._place(number)
        return line, _packing.unpacker.decompress(self.data[start : self._place(number + 1)[1]])

    def whole(self) -> bytes:
        """All blocks."""
        if not self.lines:
            return _packing.unpacker.decompress(self.data)
        return b"".join(self.block(number)[1] for number in range(self.blocks()))

    def _place(self, number: int) -> tuple[int, int]:
        if number == 0:
            return 0, 0
        if number == self.blocks():
            return 0, len(self.data)
        return _PLACE.unpack_from(self.lines, (number - 1) * _PLACE.size)


class _Packing(threading.local):
    """A packer and an unpacker for each thread: making one costs more than a small file."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=PACK_LEVEL)
        self.unpacker = zstandard.ZstdDecompressor()


_packing = _Packing()


def cut(raw: bytes) -> Iterator[bytes]:
    """Blocks of whole lines; one at least."""
    begin = 0
    while len(raw) - begin > BLOCK_BYTES:
        end = raw.rfind(b"\n", begin, begin + BLOCK_BYTES) + 1
        if end == 0:
            end = raw.find(b"\n", begin + BLOCK_BYTES) + 1
        if end in (0, len(raw)):
            break
        yield raw[begin:end]
        begin = end
    yield raw[begin:]


def pack(raw: bytes) -> Packed:
    """A content as it is kept."""
    if len(raw) <= BLOCK_BYTES:
        return Packed(_packing.packer.compress(raw), b"")
    frames: list[bytes] = []
    places = bytearray()
    line = size = 0
    for block in cut(raw):
        if frames:
            places += _PLACE.pack(line, size)
        frames.append(_packing.packer.compress(block))
        line += block.count(b"\n")
        size += len(frames[-1])
    return Packed(b"".join(frames), bytes(places))


def keep(db: apsw.Connection, blobs: Blobs) -> None:
    """Keeps contents; those that are here already stay as they are."""
    for content, raw in blobs.items():
        key = bytes.fromhex(content)
        if db.execute("SELECT 1 FROM blobs WHERE hash=?", (key,)).fetchone() is None:
            packed = pack(raw)
            row = (key, packed.data, packed.lines, len(raw))
            db.execute("INSERT INTO blobs(hash, data, lines, size) VALUES(?,?,?,?)", row)


def packed(db: apsw.Connection, content: ContentHash) -> Packed | None:
    """A content that may be unpacked in part; None when it is not here."""
    row = db.execute(
        "SELECT data, lines FROM blobs WHERE hash=?", (bytes.fromhex(content),)
    ).fetchone()
    return None if row is None else Packed(*row)


def blob(db: apsw.Connection, content: ContentHash) -> bytes | None:
    """Raw content; None when it is not here."""
    found = packed(db, content)
    return None if found is None else found.whole()


def held(db: apsw.Connection, content: ContentHash) -> Packed:
    """A content that something here refers to. Corrupt when it is not here."""
    found = packed(db, content)
    if found is None:
        raise Corrupt(f"content {content} is referred to and not held")
    return found


def text_of(db: apsw.Connection, content: ContentHash) -> str:
    """Content as it is searched. Corrupt when it is not here."""
    return decoded(held(db, content).whole())


def decoded(raw: bytes) -> str:
    """Bytes as text; what is not UTF-8 is replaced, so that offsets are well defined."""
    return raw.decode("utf-8", "replace")


def free(db: apsw.Connection, content: bytes) -> None:
    """Drops a content that no version, no commit and no recorded command refers to any more."""
    for table in ("docs", "saves", "committed", "grounds"):
        if db.execute(f"SELECT 1 FROM {table} WHERE content=? LIMIT 1", (content,)).fetchone():
            return
    db.execute("DELETE FROM blobs WHERE hash=?", (content,))
