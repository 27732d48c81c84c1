"""The Dragon's worker: which kinds of tasks it does, and with what."""

from __future__ import annotations

from typing import Protocol

from common.worker import Desk, Worker
from dragon_node.working import upkeep
from dragon_node.working.summarising import Past, Speakers, summarising

SLOTS = 2
"""A summary waits for a model while the lake is looked after."""


class Lake(upkeep.Lake, Past, Protocol):
    """What of the lake is worked on."""

    def project_names(self) -> tuple[str, ...]: ...


def dragons_worker(desk: Desk, lake: Lake, models: Speakers) -> Worker:
    """Does reindex, compact, snapshot and summarise."""

    async def projects() -> tuple[str, ...]:
        return lake.project_names()

    return Worker(
        desk,
        {
            "reindex": upkeep.reindexing(lake),
            "compact": upkeep.compacting(lake),
            "snapshot": upkeep.snapshotting(lake),
            "summarise": summarising(lake, models),
        },
        projects,
        SLOTS,
    )
