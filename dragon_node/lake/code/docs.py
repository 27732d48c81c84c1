"""Docs: a file's content under its path, with its chunks, symbols and trigrams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import apsw

from common.model.event import FileChanged
from common.model.ids import ContentHash, content_hash
from dragon_node.lake.code import trigrams
from dragon_node.lake.code.contents import decoded, free, held
from dragon_node.lake.records import Blobs, Chunker, Pieces


@dataclass(slots=True)
class Changed:
    """What a batch did to the chunks, for the indexes that are derived from them."""

    chunks: bool = False
    dead: list[ContentHash] = field(default_factory=list[ContentHash])
    """Chunk hashes that no chunk has any more."""


def doc_of(
    db: apsw.Connection,
    file: FileChanged,
    lsn: int,
    blobs: Blobs,
    chunker: Chunker,
    changed: Changed,
) -> int:
    """The doc of a saved file, made where it is new."""
    content = bytes.fromhex(file.content)
    row = db.execute(
        "SELECT id FROM docs WHERE path=? AND content=?", (file.path, content)
    ).fetchone()
    if row is not None:
        return row[0]
    raw = blobs.get(file.content)
    if raw is None:
        raw = held(db, file.content).whole()
    text = decoded(raw)
    pieces = chunker(file.path, text)
    db.execute(
        "INSERT INTO docs(path, content, language) VALUES(?,?,?)",
        (file.path, content, pieces.language),
    )
    doc = db.last_insert_rowid()
    trigrams.put(db, doc, raw)
    _cut(db, doc, file.path, text, lsn, pieces)
    changed.chunks = True
    return doc


def release(db: apsw.Connection, doc: int | None, lsn: int, changed: Changed) -> None:
    """Drops a doc that no working copy holds any more."""
    if doc is None or db.execute("SELECT 1 FROM versions WHERE doc=?", (doc,)).fetchone():
        return
    hashes = db.execute("SELECT DISTINCT hash FROM chunks WHERE doc=?", (doc,)).fetchall()
    db.execute("INSERT OR IGNORE INTO gone SELECT id, ? FROM chunks WHERE doc=?", (lsn, doc))
    for table in ("chunks", "symbols"):
        db.execute(f"DELETE FROM {table} WHERE doc=?", (doc,))
    content = db.execute("DELETE FROM docs WHERE id=? RETURNING content", (doc,)).get
    trigrams.drop(db, doc, ContentHash(content.hex()))
    free(db, content)
    changed.chunks = True
    for (key,) in hashes:
        if db.execute("SELECT 1 FROM chunks WHERE hash=?", (key,)).fetchone() is None:
            db.execute("DELETE FROM embeddings WHERE hash=?", (key,))
            changed.dead.append(ContentHash(key.hex()))


def head_of(path: str, symbol: str) -> str:
    """What is put before a chunk when it is embedded or indexed by its words."""
    return f"{symbol}. {path}" if symbol else path


def _cut(db: apsw.Connection, doc: int, path: str, text: str, lsn: int, pieces: Pieces) -> None:
    # Ids are given here, so that all rows go in one statement; they are never given twice.
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name='chunks'").fetchone()
    first: int = 1 if row is None else row[0] + 1
    db.executemany(
        """INSERT INTO chunks(id, doc, start_line, end_line, start, stop, symbol, hash, lsn)
           VALUES(?,?,?,?,?,?,?,?,?)""",
        _chunk_rows(first, doc, path, text, lsn, pieces),
    )
    db.executemany("INSERT INTO symbols VALUES(?,?,?,?,?,?,?)", _symbol_rows(first, doc, pieces))


def _chunk_rows(
    first: int, doc: int, path: str, text: str, lsn: int, pieces: Pieces
) -> Iterator[tuple[int, int, int, int, int, int, str, bytes, int]]:
    for chunk, span in enumerate(pieces.spans, start=first):
        body = f"{head_of(path, span.symbol)}\n{text[span.start : span.end]}"
        key = bytes.fromhex(content_hash(body.encode("utf-8", "replace")))
        lines = (span.start_line, span.end_line)
        yield (chunk, doc, *lines, span.start, span.end, span.symbol, key, lsn)


def _symbol_rows(
    first: int, doc: int, pieces: Pieces
) -> Iterator[tuple[str, str, str, int, int, int, int]]:
    """Each with the chunk in which it begins."""
    starts: dict[int, int] = {}
    for chunk, span in enumerate(pieces.spans, start=first):
        for line in range(span.start_line, span.end_line + 1):
            starts.setdefault(line, chunk)
    for symbol in pieces.symbols:
        if chunk := starts.get(symbol.start_line):
            lines = (symbol.start_line, symbol.end_line)
            yield (symbol.name, symbol.qualified, symbol.kind, *lines, doc, chunk)
