"""A scheduler over models of paper, and what tests do with one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from common.clock import Clock
from common.model.llm import Generated
from dragon_node.inference.budget.governor import Governor
from dragon_node.inference.scheduling.scheduler import Scheduler
from dragon_node.inference.scheduling.source import Source
from tests.support.paper_engines import PaperEngine, PaperSource

MEMORY_BYTES = 1_000_000


class FixedClock:
    """Stands still until it is told."""

    def __init__(self) -> None:
        self._now_s = 1_000.0

    def pass_s(self, seconds: float) -> None:
        """So much later."""
        self._now_s += seconds

    def now_ms(self) -> int:
        """See Clock."""
        return int(self._now_s * 1_000)

    def monotonic(self) -> float:
        """See Clock."""
        return self._now_s


@asynccontextmanager
async def scheduled(
    source: Source,
    memory_bytes: int = MEMORY_BYTES,
    *,
    told: Callable[[str], None] = lambda name: None,
    clock: Clock | None = None,
    min_residency_s: float = 0.0,
    backoff_s: float = 0.01,
) -> AsyncGenerator[tuple[Scheduler, Governor]]:
    """Closed at the end, after which nothing is in memory."""
    governor = Governor(
        memory_bytes, 0, reserve_bytes=0, clock=clock, min_residency_s=min_residency_s
    )
    scheduler = Scheduler(source, governor, told=told, backoff_s=backoff_s)
    try:
        yield scheduler, governor
    finally:
        await scheduler.close()
        assert governor.ledger.residents == (), "memory that nobody gave back"


async def whole(pieces: AsyncGenerator[Generated]) -> tuple[str, Generated]:
    """The text and the last piece."""
    text, last = "", Generated("")
    async for last in pieces:
        text += last.text
    return text, last


async def happened(event: threading.Event) -> None:
    """Waits for the owner thread."""
    assert await asyncio.to_thread(event.wait, 30)


async def until(true: Callable[[], bool]) -> None:
    """Turns the loop until something is so."""
    for _ in range(30_000):
        if true():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came to be so")


async def came_round(scheduler: Scheduler) -> None:
    """The owner thread has looked at everything that was there before: an unload of what is not in
    memory is answered at the beginning of a turn or at its end."""
    for _ in range(3):  # a whole turn lies between the first answer and the third
        await scheduler.unload("nobody", now=False)


async def loaded(source: PaperSource, scheduler: Scheduler, name: str = "m") -> PaperEngine:
    """Its engine."""
    await scheduler.load(name, "for a test")
    return source.models[name].engine
