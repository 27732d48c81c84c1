"""The chunks that came after an index's last commit, scored in memory.

They are cut into the same terms and take the same BM25, with the frequencies and the mean length of
the committed index, so that their scores stand beside its own. (Committing them would change those
frequencies by as little as they are among its documents.) While nothing is committed that holds
a term of the question, they are ranked by their own frequencies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import apsw

from dragon_node.lake.code import ChunkTexts
from dragon_node.lake.words.splitting import document, terms
from dragon_node.lake.words.view import Statistics

TAIL_CHUNKS = 500
"""The newest so many are looked at: as many as one commit takes."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A chunk's terms."""

    counts: dict[str, int]
    length: int


@dataclass(frozen=True, slots=True)
class Tail:
    """The tail of one index; kept between searches, so that a chunk is cut up once."""

    chunks: Mapping[int, Counted] = field(default_factory=dict[int, Counted])

    def search(self, query: Sequence[str], known: Statistics | None) -> list[tuple[int, float]]:
        """Those that hold a term of the question, with their BM25, best first."""
        holding = [(chunk, c) for chunk, c in self.chunks.items() if c.counts.keys() & set(query)]
        if not holding:
            return []
        of = known or _own(self.chunks.values(), query)
        scored = [(chunk, of.score(query, c.counts, c.length)) for chunk, c in holding]
        return sorted(scored, key=lambda item: (-item[1], item[0]))


def read_tail(db: apsw.Connection, reached: int, before: Tail) -> Tail:
    """The newest chunks beyond `reached`; what was cut up before is taken over."""
    rows = db.execute(
        "SELECT id FROM chunks WHERE lsn>? ORDER BY lsn DESC, id DESC LIMIT ?",
        (reached, TAIL_CHUNKS),
    )
    ids = [int(row[0]) for row in rows]
    texts = ChunkTexts(db)
    chunks: dict[int, Counted] = {}
    for chunk in sorted(ids):
        known = before.chunks.get(chunk)
        if known is None:
            found = texts.of(chunk)
            known = counted("" if found is None else document(*found))
        chunks[chunk] = known
    return Tail(chunks)


def unseen(db: apsw.Connection, reached: int) -> int:
    """Records whose chunks are neither in the index nor in the tail that is looked at."""
    return db.execute(
        """SELECT count(DISTINCT lsn) FROM (
             SELECT lsn FROM chunks WHERE lsn>? ORDER BY lsn DESC, id DESC LIMIT -1 OFFSET ?)""",
        (reached, TAIL_CHUNKS),
    ).get


def counted(words: str) -> Counted:
    """A document of these words."""
    found = terms(words)
    return Counted(dict(Counter(found)), len(found))


def _own(chunks: Iterable[Counted], query: Sequence[str]) -> Statistics:
    every = list(chunks)
    holding = {term: sum(term in c.counts for c in every) for term in query}
    return Statistics(len(every), max(1.0, sum(c.length for c in every) / len(every)), holding)
