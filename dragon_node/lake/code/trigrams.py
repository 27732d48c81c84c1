"""The trigram index: blocks of docs by every three characters in a row that they contain.

    trigrams  FTS5, row = doc << 10 | block
    usual     trigram, share      those that many blocks have, and in how many of a sample

A search asks for the rarest of its trigrams only, and `usual` tells which those are. It is an
estimate and nothing but the order depends on it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import apsw

from common.model.ids import ContentHash
from dragon_node.lake.code.contents import BLOCK_BYTES, cut, decoded, held

DOC_SHIFT = 10
"""Two neighbouring blocks are longer than one may be, so that 1 MiB has at most 257."""
SAMPLED_AT = frozenset(64 << 4 * n for n in range(8))
"""Docs ever made at which the sample is taken anew."""
SAMPLE_BLOCKS = 128
USUAL_MAX = 4_096
"""Trigrams that are told apart; all others are rarer."""

SCHEMA = f"""
-- Of blocks of {BLOCK_BYTES} bytes: a file that was made with others is made anew.
CREATE VIRTUAL TABLE IF NOT EXISTS trigrams USING fts5(
  text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
CREATE TABLE IF NOT EXISTS usual(trigram TEXT PRIMARY KEY, share INTEGER NOT NULL) WITHOUT ROWID;
"""


def put(db: apsw.Connection, doc: int, raw: bytes) -> None:
    """Indexes a doc's content."""
    first = doc << DOC_SHIFT
    db.executemany(
        "INSERT INTO trigrams(rowid, text) VALUES(?,?)",
        [(row, decoded(block)) for row, block in enumerate(cut(raw), start=first)],
    )
    if doc in SAMPLED_AT:
        _sample(db)


def drop(db: apsw.Connection, doc: int, content: ContentHash) -> None:
    """Takes a doc out; its content is still here."""
    first = doc << DOC_SHIFT
    rows = range(first, first + held(db, content).blocks())
    db.executemany("DELETE FROM trigrams WHERE rowid=?", [(row,) for row in rows])


def shares(db: apsw.Connection, trigrams: Collection[str]) -> dict[str, int]:
    """In how many blocks of the sample each is; 0 for what is rare."""
    marks = ",".join("?" * len(trigrams))
    rows = db.execute(
        f"SELECT trigram, share FROM usual WHERE trigram IN ({marks})", tuple(trigrams)
    )
    return dict.fromkeys(trigrams, 0) | {trigram: share for trigram, share in rows}


def _sample(db: apsw.Connection) -> None:
    docs = db.execute("SELECT content FROM docs ORDER BY id").fetchall()
    found: Counter[str] = Counter()
    for i in range(SAMPLE_BLOCKS):
        (content,) = docs[i * len(docs) // SAMPLE_BLOCKS]
        packed = held(db, ContentHash(content.hex()))
        text = decoded(packed.block(i % packed.blocks())[1])
        found.update({text[at : at + 3] for at in range(len(text) - 2)})
    db.execute("DELETE FROM usual")
    db.executemany("INSERT INTO usual VALUES(?,?)", found.most_common(USUAL_MAX))
