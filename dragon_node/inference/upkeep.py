"""What a change of the catalogue means for what is in memory: pins count, and who has left goes."""

from __future__ import annotations

import asyncio
import logging

from common.errors import PostDevAIError
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.catalog.catalog import Catalog
from dragon_node.inference.catalog.entries import Entry
from dragon_node.inference.catalog.pinned import Pinned
from dragon_node.inference.embedders import is_onnx
from dragon_node.inference.scheduling.scheduler import Scheduler

log = logging.getLogger(__name__)


class Upkeep:
    """On one event loop."""

    def __init__(
        self, catalog: Catalog, pinned: Pinned, governor: Governor, scheduler: Scheduler
    ) -> None:
        self._catalog = catalog
        self._pinned = pinned
        self._governor = governor
        self._scheduler = scheduler
        self._pins: frozenset[str] = frozenset()
        self._whole: frozenset[str] = frozenset()
        self._leaving: dict[str, asyncio.Task[None]] = {}

    async def look(self) -> None:
        """At the catalogue as it is now."""
        entries, whole = await asyncio.to_thread(self._found)
        self._pin(entries, whole)
        names = {e.name for e in self._catalog.entries}
        for resident in self._governor.ledger.residents:
            if resident.name not in names and resident.name not in self._leaving:
                self._leaving[resident.name] = asyncio.create_task(self._let_go(resident.name))

    async def close(self) -> None:
        """Waits for nobody."""
        leaving = list(self._leaving.values())
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)

    def _found(self) -> tuple[list[Entry], frozenset[str]]:
        """What the catalogue pins and what was pinned at run time, and who of them is there."""
        kept = self._pinned.names()
        pinned = [e for e in self._catalog.entries if (e.pin or e.name in kept) and not is_onnx(e)]
        return pinned, frozenset(e.name for e in pinned if self._catalog.is_whole(e))

    def _pin(self, entries: list[Entry], whole: frozenset[str]) -> None:
        pins = frozenset(e.name for e in entries)
        if pins != self._pins:
            self._scheduler.pin(pins)
        came = whole - self._whole
        self._pins, self._whole = pins, whole
        for name in sorted(came):
            self._scheduler.prepare(name, "it is pinned")

    async def _let_go(self, name: str) -> None:
        """When its requests have ended."""
        try:
            await self._scheduler.unload(name, now=False)
            log.info("unloaded: it has left the catalogue model=%s", name)
        except PostDevAIError as why:  # the next look tries again
            log.warning("a model that has left the catalogue stays: %s model=%s", why.message, name)
        finally:
            del self._leaving[name]
