"""The files of the lake as they stand: what a snapshot is made of."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from common.model.ids import ProjectId
from dragon_node.lake.applying import Applying
from dragon_node.lake.recovery.shelf import MEMORY, Shelved
from dragon_node.lake.shards import Shard
from dragon_node.lake.stores import Stores


class Standing:
    """Every file, open or asleep."""

    def __init__(self, stores: Stores, applying: Applying) -> None:
        self._stores = stores
        self._applying = applying

    @property
    def applied(self) -> int:
        """Everything up to here is in the files that it belongs to."""
        return self._applying.applied

    async def names(self) -> Sequence[str]:
        """`memory` and the id of every project, awake or asleep, that has a record."""
        return (MEMORY, *await self._stores.known())

    @asynccontextmanager
    async def held(self, name: str) -> AsyncGenerator[Shard | Shelved]:
        """A file that stays open meanwhile, or the copy that a sleeping project is."""
        project = ProjectId(name)
        if name == MEMORY:
            yield self._stores.memory
        elif project in self._stores.asleep():
            yield self._stores.asleep()[project]
        else:
            async with self._stores.kept_awake(project) as shard:
                yield shard
