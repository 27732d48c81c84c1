"""Looks now and then which outputs have been kept for long enough (history/retention.py)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from common.clock import Clock
from common.errors import OverLimit
from common.model.ids import ProjectId
from dragon_node.lake.admission import noted
from dragon_node.lake.history.retention import OutputRule, due
from dragon_node.lake.journal import Journal
from dragon_node.lake.lead import Lead
from dragon_node.lake.records import Note
from dragon_node.lake.stores import Stores

log = logging.getLogger(__name__)

LOOK_S = 3_600.0
"""Between two looks."""


class Retention:
    """Looks now and then which outputs have to go."""

    def __init__(
        self,
        stores: Stores,
        journal: Journal,
        until_applied: Callable[[int], Awaitable[None]],
        rule: OutputRule,
        clock: Clock,
        lead: Lead,
    ) -> None:
        self._stores = stores
        self._journal = journal
        self._until_applied = until_applied
        self._rule = rule
        self._clock = clock
        self._lead = lead

    async def run(self) -> None:
        """Until cancelled. Projects that sleep are looked at when they are awake."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self._lead.until_leading()
            try:
                await self.once()
            except OverLimit as error:
                log.warning("outputs are kept longer: %s", error.message)

    async def once(self) -> None:
        """Drops what has to go in the projects that are awake."""
        for project in self._stores.awake():
            while (before_ms := await self._due(project)) is not None:
                note = Note("retain", {"before_ms": str(before_ms)})
                draft = noted(note, self._clock.now_ms(), project)
                written = await self._journal.append([draft], {})
                await self._until_applied(written.last_lsn)

    async def _due(self, project: ProjectId) -> int | None:
        file = self._stores.file(project)
        if file is None:
            return None
        return await file.read(partial(due, rule=self._rule, now_ms=self._clock.now_ms()))
