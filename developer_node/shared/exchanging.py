"""Tells the Coordinator what was edited here, and hears what was edited elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from common.alongside import alongside
from common.backoff import Backoff
from common.clients.sync import Exchanged
from common.clock import Clock
from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.shared import Delta, Vector
from developer_node.shared.replica import Replica

log = logging.getLogger(__name__)

LOOK_S = 30.0
"""An exchange comes after an edit, after a hint, and at the latest then."""
CALLS_MAX = 2_000
"""Of one exchange: 500 MB of deltas are not a delta."""


class Coordinator(Protocol):
    """Who keeps what laptops share."""

    async def exchange(self, delta: Delta, vector: Vector, now_ms: int) -> Exchanged: ...
    def watch(self) -> AsyncGenerator[int]: ...


class Exchanging:
    """One a laptop; `run` until cancelled."""

    def __init__(self, replica: Replica, coordinator: Coordinator, clock: Clock) -> None:
        self._replica = replica
        self._coordinator = coordinator
        self._clock = clock
        self._met = False
        self.sentence = ""
        """Why the last exchange did not come to its end; empty when it did."""

    async def run(self) -> None:
        """Goes on whatever the Coordinator answers, or does not."""
        async with alongside(self._hear()):
            await self._tell()

    async def exchange(self) -> None:
        """Both ways, to the end: afterwards nothing waits that was there before."""
        replica = self._replica
        for _ in range(CALLS_MAX):
            ahead = replica.is_ahead(self._clock.now_ms())
            # First it is heard what the Coordinator has of this replica, then something is said.
            sent = await replica.sending() if self._met and not ahead else Delta()
            told = await self._coordinator.exchange(sent, replica.vector, self._clock.now_ms())
            self._met = True
            if not await replica.take(told):
                continue
            if ahead:  # the Coordinator took this clock, so what waits gets its time
                await replica.restamp()
                continue
            if told.merged and not told.more and not replica.unsent().entries:
                await replica.settled()
                return
        raise Conflict(f"{CALLS_MAX} calls brought the exchange to no end")

    async def _tell(self) -> None:
        backoff = Backoff(0.2, LOOK_S / 3)
        while True:
            self._replica.edited.clear()
            try:
                await self.exchange()
                self._say("")
                backoff.reset()
                wait_s = LOOK_S
            except PostDevAIError as error:
                self._say(_reason(error))
                wait_s = backoff.next_s()
            try:
                async with asyncio.timeout(wait_s):
                    await self._replica.edited.wait()
            except TimeoutError:
                continue

    async def _hear(self) -> None:
        backoff = Backoff(0.5, LOOK_S / 3)
        while True:
            try:
                async with aclosing(self._coordinator.watch()) as revisions:
                    async for _ in revisions:
                        backoff.reset()
                        self._replica.edited.set()
            except PostDevAIError as error:
                log.debug("no hints of what laptops share: %s", error.message)
            await asyncio.sleep(backoff.next_s())

    def _say(self, sentence: str) -> None:
        if sentence and sentence != self.sentence:
            log.warning("nothing was exchanged: %s", sentence)
        self.sentence = sentence


def _reason(error: PostDevAIError) -> str:
    if isinstance(error, Unavailable):
        return f"the Coordinator cannot be reached; what is edited waits here ({error.message})"
    return f"{error.message}. {error.hint}".removesuffix(" ")
