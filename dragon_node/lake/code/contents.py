"""Contents by their hash, packed by zstd, each once."""

from __future__ import annotations

import threading

import apsw
import zstandard

from common.errors import Corrupt
from common.model.ids import ContentHash
from dragon_node.lake.records import Blobs

PACK_LEVEL = 3


class _Packing(threading.local):
    """A packer and an unpacker for each thread: making one costs more than a small file."""

    def __init__(self) -> None:
        self.packer = zstandard.ZstdCompressor(level=PACK_LEVEL)
        self.unpacker = zstandard.ZstdDecompressor()


_packing = _Packing()


def keep(db: apsw.Connection, blobs: Blobs) -> None:
    """Keeps contents; those that are here already stay as they are."""
    for content, raw in blobs.items():
        key = bytes.fromhex(content)
        if db.execute("SELECT 1 FROM blobs WHERE hash=?", (key,)).fetchone() is None:
            packed = _packing.packer.compress(raw)
            db.execute("INSERT INTO blobs VALUES(?,?,?)", (key, packed, len(raw)))


def blob(db: apsw.Connection, content: ContentHash) -> bytes | None:
    """Raw content; None when it is not here."""
    row = db.execute("SELECT data FROM blobs WHERE hash=?", (bytes.fromhex(content),)).fetchone()
    return None if row is None else unpacked(row[0])


def held(db: apsw.Connection, content: ContentHash) -> bytes:
    """Raw content that something here refers to. Corrupt when it is not here."""
    raw = blob(db, content)
    if raw is None:
        raise Corrupt(f"content {content} is referred to and not held")
    return raw


def text_of(db: apsw.Connection, content: ContentHash) -> str:
    """Content as it is searched. Corrupt when it is not here."""
    return decoded(held(db, content))


def unpacked(data: bytes) -> bytes:
    """A blob's data as it was before it was packed."""
    return _packing.unpacker.decompress(data)


def decoded(raw: bytes) -> str:
    """Bytes as text; what is not UTF-8 is replaced, so that offsets are well defined."""
    return raw.decode("utf-8", "replace")


def free(db: apsw.Connection, content: bytes) -> None:
    """Drops a content that no version, no commit and no recorded command refers to any more."""
    for table in ("docs", "saves", "committed", "grounds"):
        if db.execute(f"SELECT 1 FROM {table} WHERE content=? LIMIT 1", (content,)).fetchone():
            return
    db.execute("DELETE FROM blobs WHERE hash=?", (content,))
