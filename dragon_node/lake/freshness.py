"""How much is known of each project, looked up again only after its file was written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import apsw

from common.model.answer import ProjectFreshness
from common.model.ids import ProjectId
from dragon_node.lake import code, history, vectors
from dragon_node.lake.shards import Shard


@dataclass(frozen=True, slots=True)
class Counted:
    """One project's file in numbers."""

    copies: tuple[ProjectFreshness, ...]
    files: int
    chunks: int
    embedded: int
    events: int


class Counts:
    """Counts of projects' files, remembered until the file changes."""

    def __init__(self) -> None:
        self._known: dict[ProjectId, tuple[int, Counted]] = {}

    async def of(self, project: ProjectId, name: str, shard: Shard) -> Counted:
        """The numbers now; `name` is the project's, for people."""
        writes = shard.database.writes
        known = self._known.get(project)
        if known is None or known[0] != writes:
            known = (writes, await shard.database.read(_count))
            self._known[project] = known
        named = tuple(replace(copy, project=name) for copy in known[1].copies)
        return replace(known[1], copies=named)


def _count(db: apsw.Connection) -> Counted:
    files, chunks = code.counts(db)
    copies = tuple(code.freshness(db, ""))
    return Counted(copies, files, chunks, vectors.count(db), history.count(db))


def remembered(db: apsw.Connection) -> tuple[int, int]:
    """Distinct failures and remedies in memory.db; none where no failure memory is applied."""
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    if not {"occurrences", "remedies"} <= tables:
        return 0, 0
    failures: int = db.execute("SELECT count(DISTINCT fingerprint) FROM occurrences").get
    return failures, db.execute("SELECT count(*) FROM remedies").get
