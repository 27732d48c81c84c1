"""Where content is held: in the journal, and in the projects' files once the journal was cut."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

import apsw

from common.model.ids import ContentHash, ProjectId
from dragon_node.lake import code
from dragon_node.lake.journal import Journal
from dragon_node.lake.records import Blobs
from dragon_node.lake.stores import Stores


class Contents:
    """Finds content wherever it is."""

    def __init__(self, journal: Journal, stores: Stores) -> None:
        self._journal = journal
        self._stores = stores

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        """Which of these are durable, as far as can be told without waking anybody."""
        held = await self._journal.holds(hashes)
        for project in self._stores.awake():
            absent = [h for h in hashes if h not in held]
            if not absent:
                break
            held |= await self._in_file(project, absent)
        return held

    async def blob(self, content: ContentHash) -> bytes | None:
        """Raw content; None when nobody holds it. Those who sleep are woken for it, at last."""
        found = await self._journal.contents([content])
        for project in (*self._stores.awake(), *self._stores.asleep()):
            if content in found:
                break
            found = await self._from_file(project, [content])
        return found.get(content)

    async def lacking(
        self, project: ProjectId, hashes: Collection[ContentHash]
    ) -> list[ContentHash]:
        """Those that the project's file does not have yet. It is woken for this."""
        if not self._stores.knows(project):
            return list(hashes)
        held = await self._in_file(project, hashes)
        return [h for h in hashes if h not in held]

    async def elsewhere(self, hashes: Sequence[ContentHash]) -> Blobs:
        """Those that projects' files hold and the journal does not: applying reads the journal
        and its own file only, so who refers to them journals them again."""
        held = await self._journal.holds(hashes)
        found: dict[ContentHash, bytes] = {}
        for project in self._stores.awake():
            absent = [h for h in hashes if h not in held and h not in found]
            if not absent:
                break
            found |= await self._from_file(project, absent)
        return found

    async def _in_file(
        self, project: ProjectId, hashes: Collection[ContentHash]
    ) -> set[ContentHash]:
        shard = await self._stores.project(project)
        return await shard.database.read(partial(_held, hashes=hashes))

    async def _from_file(
        self, project: ProjectId, hashes: Collection[ContentHash]
    ) -> dict[ContentHash, bytes]:
        shard = await self._stores.project(project)
        return await shard.database.read(partial(_read, hashes=hashes))


def _held(db: apsw.Connection, hashes: Collection[ContentHash]) -> set[ContentHash]:
    find = "SELECT 1 FROM blobs WHERE hash=?"
    return {h for h in hashes if db.execute(find, (bytes.fromhex(h),)).fetchone()}


def _read(db: apsw.Connection, hashes: Collection[ContentHash]) -> dict[ContentHash, bytes]:
    found = {h: code.blob(db, h) for h in hashes}
    return {h: raw for h, raw in found.items() if raw is not None}
