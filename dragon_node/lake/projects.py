"""The projects' files by name, and how much is known of each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from common.errors import Conflict, Missing
from common.model.ids import ProjectId
from common.model.lake import ProjectStats
from dragon_node.lake.admission import Places
from dragon_node.lake.freshness import Counted, Counts
from dragon_node.lake.residency import Residency
from dragon_node.lake.shards import Shard
from dragon_node.lake.stores import Stores


class Projects:
    """What a question about a project, or about all, is asked of."""

    def __init__(self, stores: Stores, places: Places, residency: Residency) -> None:
        self._stores = stores
        self._places = places
        self._residency = residency
        self._counts = Counts()

    async def matching(self, project: str) -> list[tuple[ProjectId, Shard]]:
        """Files of the projects of that name or id, woken for it; of all that are awake when it
        is empty. Missing when it names none."""
        if project:
            return await self.several(self.named(project))
        awake = set(self._stores.awake())
        return await self._stores.several(p for p in self._places.matching("") if p in awake)

    async def asked(self, project: str) -> tuple[list[tuple[ProjectId, Shard]], tuple[str, ...]]:
        """The same for a question, and the names of those that it does not reach. One about all
        wakes the sleepers that there is room for: a person need not know who sleeps."""
        if project:
            return await self.matching(project), ()
        everyone, roomy = self._places.matching(""), set(self._residency.roomy())
        reached = [p for p in everyone if p in roomy]
        left = tuple(sorted(self.name(p) or p for p in everyone if p not in roomy))
        return await self._stores.several(reached), left

    async def holding(self, copy: str, project: str) -> list[tuple[ProjectId, Shard]]:
        """Files of the projects that have this working copy, by id or path, woken for it. Missing
        when none of those that are meant has it."""
        meant = set(self.named(project)) if project else set(self._places.shown())
        ids = [p for p in self._places.with_copy(copy) if p in meant]
        if not ids:
            raise Missing(f"there is no working copy {copy}", hint="postdevai lake lists them.")
        return await self.several(ids)

    async def several(self, ids: Iterable[ProjectId]) -> list[tuple[ProjectId, Shard]]:
        """Files of these projects. They were asked about: those that sleep wake."""
        wanted = list(ids)
        self._residency.touch(wanted)
        return await self._stores.several(wanted)

    async def one(self, project: ProjectId) -> Shard:
        """A project's file."""
        self._residency.touch([project])
        return await self._stores.project(project)

    def named(self, project: str) -> list[ProjectId]:
        """Projects of that name or id, with those joined to them. Missing when there is none."""
        ids = self._places.matching(project)
        if not ids:
            raise Missing(f"there is no project {project}", hint="postdevai lake lists them.")
        return ids

    def only(self, project: str) -> ProjectId:
        """The one project of that name or id. Missing when there is none, Conflict when there are
        several."""
        named = [p for p, name in self._places.shown().items() if project in (p, name)]
        if not named:
            raise Missing(f"there is no project {project}", hint="postdevai lake lists them.")
        if len(named) > 1:
            raise Conflict(
                f"{len(named)} projects are called {project}: {', '.join(sorted(named))}",
                hint="Name them by id.",
            )
        return named[0]

    def ids(self) -> tuple[ProjectId, ...]:
        """Of all that are kept here."""
        return tuple(self._places.shown())

    def hidden(self) -> tuple[ProjectId, ...]:
        """Of those of which a copy is kept out of sight."""
        return tuple(sorted(self._places.moves.hidden & self._places.names.keys()))

    def names(self) -> tuple[str, ...]:
        """Ids and names of all that are kept here."""
        names = self._places.shown()
        return tuple(dict.fromkeys((*names, *filter(None, names.values()))))

    def name(self, project: ProjectId) -> str:
        """For people; empty when it has none."""
        return self._places.name(project)

    @property
    def count(self) -> int:
        """How many projects have a name."""
        return sum(bool(name) for name in self._places.shown().values())

    def asleep(self, project: str) -> tuple[str, ...]:
        """Names of those that a question about `project` does not reach: it wakes what it names."""
        if project:
            return ()
        ids = set(self._stores.asleep())
        return tuple(sorted(self.name(p) or p for p in self._places.matching("") if p in ids))

    async def counted(self, project: str) -> list[Counted]:
        """In numbers, one entry a file."""
        return [
            self._on_machines(await self._counts.of(each, self.name(each), shard))
            for each, shard in await self.matching(project)
        ]

    def _on_machines(self, counted: Counted) -> Counted:
        copies = (replace(c, machine=self._places.machine(c.copy)) for c in counted.copies)
        return replace(counted, copies=tuple(copies))

    async def described(self, ids: Collection[ProjectId] | None = None) -> tuple[ProjectStats, ...]:
        """Where each is; all when none are given."""
        joined = self._places.joined
        return tuple(
            [
                await self._residency.described(
                    p, self._places.names.get(p, ""), joined_to=joined.get(p, "")
                )
                for p in (self._places.shown() if ids is None else ids)
            ]
        )
