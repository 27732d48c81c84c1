"""Asks, beside everything else, what files of then held: again while a failure is young."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common.backoff import Backoff
from common.clock import Clock
from developer_node.front.lsp.findings import Document, Finding
from developer_node.front.lsp.recorded import Keeper, RecordedLines

YOUNG_MS = 600_000
"""What failed within it may still be on its way to who keeps it."""


@dataclass(slots=True)
class _Asking:
    document: Document
    again: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Learning:
    """Who answers late delays nobody: each file is asked for on its own.

    `learnt` is called when lines became known that were not; `ended` gets each task at its end.
    """

    def __init__(
        self,
        recorded: RecordedLines,
        keeper: Callable[[], Keeper | None],
        learnt: Callable[[], None],
        ended: Callable[[asyncio.Task[None]], None],
        *,
        clock: Clock,
        pause_s: tuple[float, float] = (0.25, 10.0),
    ) -> None:
        self._recorded = recorded
        self._keeper = keeper
        self._learnt = learnt
        self._ended = ended
        self._clock = clock
        self._pause_s = pause_s
        self._asked: dict[int, _Asking] = {}

    def want(self, document: Document) -> None:
        """What is not certain in it is asked now, unless it is being asked; never waits."""
        if not _unsure(document) or self._keeper() is None:
            return
        asking = self._asked.get(id(document))
        if asking is None:
            asking = self._asked[id(document)] = _Asking(document)
            asking.task = asyncio.get_running_loop().create_task(self._ask(asking))
            asking.task.add_done_callback(self._ended)
        asking.again.set()

    async def close(self) -> None:
        """Nothing is asked any more."""
        tasks = [each.task for each in self._asked.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, asking: _Asking) -> None:
        backoff = Backoff(*self._pause_s)
        try:
            while True:
                asking.again.clear()
                if await self._round(asking.document):
                    self._learnt()
                if not self._goes_on(asking):
                    return
                await _either(asking.again, backoff.next_s())
        finally:
            del self._asked[id(asking.document)]

    async def _round(self, document: Document) -> bool:
        """Whether anything was learnt."""
        learnt = False
        for failed in [finding.failed for finding in _unsure(document)]:
            keeper, root, inside = self._keeper(), document.root, document.inside
            if keeper is None or not root or self._recorded.known(failed, inside) is not None:
                continue
            lines = await self._recorded.find(keeper, Path(root), failed, inside)
            learnt = learnt or lines is not None
        return learnt

    def _goes_on(self, asking: _Asking) -> bool:
        document = asking.document
        if self._keeper() is None:
            return False  # asked anew once it is back
        since_ms = self._clock.now_ms() - YOUNG_MS
        left = [
            finding.failed
            for finding in _unsure(document)
            if self._recorded.known(finding.failed, document.inside) is None
        ]
        return bool(left) and (
            asking.again.is_set() or any(failed.at_ms >= since_ms for failed in left)
        )


def _unsure(document: Document) -> list[Finding]:
    return [finding for finding in document.findings if finding.as_recorded]


async def _either(event: asyncio.Event, pause_s: float) -> None:
    """Until one of them is there."""
    try:
        async with asyncio.timeout(pause_s):
            await event.wait()
    except TimeoutError:
        return
