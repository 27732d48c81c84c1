"""The projects' files by name, and how much is known of each."""

from __future__ import annotations

from collections.abc import Iterable

from common.errors import Missing
from common.model.ids import ProjectId
from dragon_node.lake.admission import Places
from dragon_node.lake.freshness import Counted, Counts
from dragon_node.lake.shards import Shard
from dragon_node.lake.stores import Stores


class Projects:
    """What a question about a project, or about all, is asked of."""

    def __init__(self, stores: Stores, places: Places) -> None:
        self._stores = stores
        self._places = places
        self._counts = Counts()

    async def matching(self, project: str) -> list[tuple[ProjectId, Shard]]:
        """Files of the projects of that name or id. Missing when it names none."""
        ids = self._places.matching(project)
        if project and not ids:
            raise Missing(f"there is no project {project}", hint="postdevai status lists them.")
        return await self._stores.several(ids)

    async def several(self, ids: Iterable[ProjectId]) -> list[tuple[ProjectId, Shard]]:
        """Files of these projects."""
        return await self._stores.several(ids)

    async def one(self, project: ProjectId) -> Shard:
        """A project's file."""
        return await self._stores.project(project)

    def name(self, project: ProjectId) -> str:
        """For people; empty when it has none."""
        return self._places.names.get(project, "")

    @property
    def named(self) -> int:
        """How many projects have a name."""
        return sum(bool(name) for name in self._places.names.values())

    async def counted(self, project: str) -> list[Counted]:
        """In numbers, one entry a file."""
        return [
            await self._counts.of(each, self.name(each), shard)
            for each, shard in await self.matching(project)
        ]
