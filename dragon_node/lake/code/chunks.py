"""Chunks as they are shown, and by the names of what they define."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from common.model.answer import Hit
from common.model.ids import ContentHash
from dragon_node.lake.code.contents import text_of
from dragon_node.lake.code.docs import head_of


class ChunkTexts:
    """Heads and texts of many chunks: a file's content is unpacked once for all of its chunks."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._content = b""
        self._text = ""

    def of(self, chunk: int) -> tuple[str, str] | None:
        """A chunk's head and its text; None when it is gone."""
        row = self._db.execute(
            """SELECT docs.path, chunks.symbol, docs.content, chunks.start, chunks.stop
               FROM chunks JOIN docs ON docs.id=chunks.doc WHERE chunks.id=?""",
            (chunk,),
        ).fetchone()
        if row is None:
            return None
        path, symbol, content, start, stop = row
        if content != self._content:
            self._content, self._text = content, text_of(self._db, ContentHash(content.hex()))
        return head_of(path, symbol), self._text[start:stop]


def hit_of(db: apsw.Connection, chunk: int, project: str) -> Hit | None:
    """A chunk as a place in the file's newest version; None when it is gone."""
    row = db.execute(
        """SELECT copies.path, docs.path, chunks.start_line, chunks.end_line, chunks.symbol,
             versions.commit_sha, docs.content, versions.dirty, chunks.start, chunks.stop,
             docs.language, versions.at_ms
           FROM chunks JOIN docs ON docs.id=chunks.doc JOIN versions ON versions.doc=docs.id
           LEFT JOIN copies ON copies.working_copy=versions.working_copy
           WHERE chunks.id=? ORDER BY versions.dirty, versions.lsn DESC LIMIT 1""",
        (chunk,),
    ).fetchone()
    if row is None:
        return None
    copy, path, first, last, symbol, commit, content, dirty, start, stop, language, at_ms = row
    text = text_of(db, ContentHash(content.hex()))[start:stop]
    return Hit(
        project=project,
        working_copy=copy or "",
        path=path,
        start_line=first,
        end_line=last,
        symbol=symbol,
        commit=commit,
        blob=ContentHash(content.hex()),
        dirty=bool(dirty),
        text=text,
        language=language,
        at_ms=at_ms,
    )


def by_name(db: apsw.Connection, names: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """Chunks in which a symbol of such a name begins: exact case first, then any case."""
    scores: dict[int, float] = {}
    for name in names:
        last = name.rpartition(".")[2]
        rows = db.execute(
            "SELECT chunk, name, qualified FROM symbols WHERE name=? LIMIT ?", (last, limit * 4)
        )
        for chunk, found, qualified in rows:
            score = 3.0 if qualified == name and "." in name else 2.0 if found == last else 1.0
            if "." in name and qualified != name:
                score /= 2
            scores[chunk] = scores.get(chunk, 0.0) + score
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]
