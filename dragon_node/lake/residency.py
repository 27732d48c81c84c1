"""Which projects are in memory: they sleep on the SSD when room is needed, and wake on touch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

import apsw

from common.clock import Clock
from common.errors import Conflict, OverLimit
from common.model.ids import ProjectId
from common.model.lake import ProjectStats
from dragon_node.lake.accountant import Accountant
from dragon_node.lake.failpoints import reach
from dragon_node.lake.records import Accepted, Note
from dragon_node.lake.recovery.shelf import Shelved
from dragon_node.lake.shards import Shard
from dragon_node.lake.stores import Sleepers, Stores
from dragon_node.lake.tended import Tended

log = logging.getLogger(__name__)

WAKE_BELOW = 0.7
"""Of the budget: a question about everything wakes sleepers up to here, well below where projects
are sent to sleep."""
AWAKE_FACTOR = 1.5
"""A project takes less than this times its sleeping copy, with what is derived from it."""
SLEEP_TRIES, SLEEP_PAUSE_S = 40, 0.05
"""An index that is kept up uses a project for moments; a person need not know of it."""


class Shelving(Protocol):
    """Takes copies of files."""

    async def put(self, name: str, shard: Shard) -> Shelved:
        """A durable copy of the file in one state."""
        ...

    def let_go(self, files: Collection[str]) -> None:
        """Copies that were put and that nobody is going to refer to."""
        ...


class Bed(Sleepers, Protocol):
    """The durable map of those who sleep."""

    def add(self, project: ProjectId, shelved: Shelved) -> None:
        """It sleeps: durable on return."""
        ...


class Derived(Protocol):
    """What is made from a project's file and can be made again."""

    async def drop(self, project: ProjectId) -> None:
        """Frees the memory that it takes, on the RAM disk and beside it."""
        ...


class Pins:
    """An applier: projects that never go to sleep."""

    schema = "CREATE TABLE IF NOT EXISTS pins(project TEXT PRIMARY KEY) WITHOUT ROWID;"

    def opened(self, db: apsw.Connection) -> None:
        """Nothing to bring up to date."""

    def apply(self, db: apsw.Connection, record: Accepted) -> None:
        """Note("pin", {"project": ID, "pinned": "yes" or ""}), here or at another Dragon."""
        match record.body:
            case Note(kind="said", fields={"what": "pin", "project": project}):
                db.execute("INSERT OR IGNORE INTO pins VALUES(?)", (project,))
            case Note(kind="pin", fields=fields) if fields["pinned"]:
                db.execute("INSERT OR IGNORE INTO pins VALUES(?)", (fields["project"],))
            case Note(kind="pin", fields=fields):
                db.execute("DELETE FROM pins WHERE project=?", (fields["project"],))
            case _:
                pass


def pinned(db: apsw.Connection) -> set[ProjectId]:
    """Projects that never go to sleep."""
    return {ProjectId(row[0]) for row in db.execute("SELECT project FROM pins")}


def last_written(db: apsw.Connection) -> list[tuple[ProjectId, int]]:
    """Of a journal: each project with the time of its newest record, the oldest record first. A
    look at an index for each; a project whose records were all cut is not among them."""
    rows = db.execute(
        """WITH RECURSIVE each_project(id) AS (
             SELECT min(project) FROM records WHERE project>''
             UNION ALL SELECT (SELECT min(project) FROM records WHERE project>id)
             FROM each_project WHERE id IS NOT NULL)
           SELECT project, at_ms FROM each_project JOIN records ON lsn=(
             SELECT max(lsn) FROM records WHERE project=id) ORDER BY lsn"""
    )
    return [(ProjectId(project), at_ms) for project, at_ms in rows]


class Residency:
    """Decides who is in memory."""

    def __init__(
        self,
        stores: Stores,
        shelf: Shelving,
        asleep: Bed,
        derived: Sequence[Derived],
        accountant: Accountant,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._shelf = shelf
        self._asleep = asleep
        self._derived = derived
        self._accountant = accountant
        self._clock = clock
        self._used_ms: dict[ProjectId, int] = {}
        self._order: dict[ProjectId, None] = {}
        self._laid_down: asyncio.Queue[ProjectId] = asyncio.Queue()
        accountant.evict = self._evict

    async def run(self) -> None:
        """Frees what a search may have derived while its project was going to sleep."""
        while True:
            project = await self._laid_down.get()
            if project in self._stores.asleep():
                # Not by who made room: a search that waits for room may hold what this waits for.
                await self._drop_derived(project)

    def touch(self, projects: Collection[ProjectId]) -> None:
        """They were asked about by name, or something happened in them."""
        now = self._clock.now_ms()
        for project in filter(None, projects):
            self._used_ms[project] = now
            self._order.pop(project, None)
            self._order[project] = None  # the newest last

    def remember(self, used: Sequence[tuple[ProjectId, int]]) -> None:
        """After a start: projects with their last use as far as it left a trace, oldest first."""
        for project, at_ms in used:
            self._used_ms[project] = at_ms
            self._order[project] = None

    async def sleep(self, project: ProjectId) -> None:
        """As soon as nobody uses it. Conflict when it is pinned, or in use all the time; nothing
        when it sleeps already."""
        if project in await self._pinned():
            raise Conflict(f"project {project} is pinned", hint="Unpin it first.")
        for _ in range(SLEEP_TRIES):
            async with self._accountant.making_room:
                if project not in self._stores.awake() or await self._put_to_sleep(project):
                    return
            await asyncio.sleep(SLEEP_PAUSE_S)
        raise Conflict(f"project {project} is in use", hint="Try again in a moment.")

    async def described(
        self, project: ProjectId, name: str, *, joined_to: str = ""
    ) -> ProjectStats:
        """Where a project is; its size in memory as it was last measured."""
        asleep = self._stores.asleep().get(project)
        return ProjectStats(
            project,
            name,
            "awake" if asleep is None else "asleep",
            project in await self._pinned(),
            self._accountant.measured.projects.get(project, 0) if asleep is None else asleep.bytes,
            self._used_ms.get(project, 0),
            joined_to,
        )

    def roomy(self) -> list[ProjectId]:
        """Those awake, and of the sleepers the last used ones that fit without sending anybody
        else to sleep, then or soon."""
        sleepers = self._stores.asleep()
        order = {project: place for place, project in enumerate(self._order)}
        room = int(self._accountant.budget_bytes * WAKE_BELOW) - self._accountant.spoken_for
        fitting: list[ProjectId] = []
        for project in sorted(sleepers, key=lambda p: (-order.get(p, -1), p)):
            room -= int(sleepers[project].bytes * AWAKE_FACTOR)
            if room < 0:
                break
            fitting.append(project)
        return [*self._stores.awake(), *fitting]

    async def _pinned(self) -> set[ProjectId]:
        return await self._stores.memory.database.read(pinned)

    async def _evict(
        self, enough: Callable[[], Awaitable[bool]], keep: Collection[ProjectId]
    ) -> None:
        """What is derived from cold projects, then cold projects; the longest unused first."""
        spared = {*keep, *await self._pinned()}
        for project in self._cold(spared):
            if self._accountant.measured.derived.get(project, 0):
                await self._drop_derived(project)
                if await enough():
                    return
        for project in self._cold(spared):
            try:
                slept = await self._put_to_sleep(project)
            except OverLimit as error:
                log.warning("projects cannot sleep: %s", error.message)
                return
            if slept and await enough():
                return

    def _cold(self, spared: Collection[ProjectId]) -> list[ProjectId]:
        """Awake and not in use, the longest unused first."""
        awake = [p for p in self._stores.awake() if p not in spared and not self._in_use(p)]
        order = {project: place for place, project in enumerate(self._order)}
        return sorted(awake, key=lambda p: (order.get(p, -1), p))

    def _in_use(self, project: ProjectId) -> bool:
        file = self._stores.file(project)
        return file is None or file.users > 0 or file.turn.locked()

    async def _put_to_sleep(self, project: ProjectId) -> bool:
        """False when it was used meanwhile: then it is awake and as it was.

        The copy is durable and in the map before the file goes, so that a kill at any moment
        leaves one or the other.
        """
        file = self._stores.file(project)
        if file is None:
            return False
        writes = file.writes
        shelved = await self._shelf.put(project, await self._stores.project(project))
        reach("residency.shelved")
        await self._drop_derived(project)  # what keeps that up with the file would wake it
        async with self._stores.shelving:
            slept = await self._lay_down(project, file, writes, shelved)
        if slept:
            self._laid_down.put_nowait(project)
        else:
            self._shelf.let_go([shelved.file])
        return slept

    async def _lay_down(
        self, project: ProjectId, file: Tended, writes: int, shelved: Shelved
    ) -> bool:
        if not _idle(file, writes):
            return False
        await asyncio.to_thread(self._asleep.add, project, shelved)
        reach("residency.recorded")
        if not _idle(file, writes):
            await asyncio.to_thread(self._asleep.remove, project)
            return False
        # Nothing is awaited between this look and the file's lock: nobody can come in between.
        async with self._stores.gone(file):
            reach("residency.gone")
        return True

    async def _drop_derived(self, project: ProjectId) -> None:
        for each in self._derived:
            await each.drop(project)


def _idle(file: Tended, writes: int) -> bool:
    return file.is_awake and not file.users and not file.turn.locked() and file.writes == writes
