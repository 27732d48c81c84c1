"""The shared state in this Coordinator's memory, and the one way in which it grows."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from common.backoff import Backoff
from common.clock import Clock
from common.errors import Conflict, OverLimit, PostDevAIError, Unavailable
from common.model.shared import Delta, Vector
from common.shared.checking import check_entries
from common.shared.stamps import check_clocks, check_stamp
from common.shared.state import State
from common.shared.vectors import covers
from common.wire.shared import delta_from_bytes
from coordinator_node.engine.ports import Engine
from coordinator_node.sync import kept

log = logging.getLogger(__name__)

TOLD_BYTES = 256 << 10
"""Of one answer, about; the laptop asks again."""
ENTRIES_MAX = 40_000
"""Removed ones included: four times what laptops let a person make."""
DEADLINE_S = 8.0
LINES_MAX = 500
"""After so many deltas a picture is written."""
LOOK_S = 1.0
"""How soon what another Coordinator merged is heard of."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a laptop is told."""

    delta: Delta
    vector: Vector
    """What has been seen here."""
    merged: bool
    """False: what the laptop sent would have left a gap."""
    whole: bool = False
    names: bytes = b""


class Documents:
    """One a Coordinator; those of one mesh share an engine."""

    def __init__(self, engine: Engine, clock: Clock, *, lines_max: int = LINES_MAX) -> None:
        self._engine = engine
        self._clock = clock
        self._lines_max = lines_max
        self._state = State()
        self._at = 0
        self._pictured = 0
        self._opened = False
        self._turn = asyncio.Lock()
        self._grown = asyncio.Condition()

    async def exchange(
        self, sent: bytes, vector: Vector, now_ms: int, deadline_s: float = DEADLINE_S
    ) -> Told:
        """Merges what a laptop sent, durably, and tells what it lacks.

        Conflict when its clock, or the time of an edit, is more than 60 s off; OverLimit when
        there is no room; Unavailable when others were faster until the deadline.
        """
        own_ms = self._clock.now_ms()
        check_clocks(now_ms, own_ms)
        delta = delta_from_bytes(sent)
        check_entries(delta)
        for stamp in (*delta.upto.values(), *(s for e in delta.entries for s in e.seen.values())):
            check_stamp(stamp, own_ms)
        try:
            async with asyncio.timeout(deadline_s), self._turn:
                merged = await self._merge(sent, delta)
        except TimeoutError:
            raise Unavailable(
                f"what was sent could not be merged within {deadline_s:g} s; it is sent again"
            ) from None
        await self._keep_picture()
        return self._told(vector, merged)

    async def watch(self) -> AsyncGenerator[int]:
        """The number of deltas so far: now, and whenever there are more; without end."""
        told = -1
        while True:
            async with self._turn:
                await self._read_on()
            if self._at != told:
                told = self._at
                yield told
            try:
                async with asyncio.timeout(LOOK_S), self._grown:
                    await self._grown.wait_for(lambda last=told: self._at != last)
            except TimeoutError:
                continue

    async def _merge(self, sent: bytes, delta: Delta) -> bool:
        """True once all of it is in the engine; False when there is a gap before it."""
        backoff = Backoff(0.01, 0.5)
        while True:
            await self._read_on()
            if not self._state.fits(delta):
                return False
            if covers(self._state.vector, delta.upto) and not self._is_news(delta):
                return True
            fresh = sum(1 for each in delta.entries if each.name not in self._state.entries)
            if len(self._state.entries) + fresh > ENTRIES_MAX:
                raise OverLimit(f"{ENTRIES_MAX:,} settings, pins and notes are the most there are")
            try:
                own = hashlib.blake2b(sent, digest_size=16).hexdigest()
                await self._engine.log.append(kept.LOG, own, sent, expected_last=self._at)
            except Conflict:  # another Coordinator was faster
                await asyncio.sleep(backoff.next_s())
                continue
            await self._read_on()
            return True

    def _is_news(self, delta: Delta) -> bool:
        vector = self._state.vector
        return any(not covers(vector, entry.seen) for entry in delta.entries)

    async def _read_on(self) -> None:
        """Up to the end of the log, from a picture where the lines are gone."""
        if not self._opened:
            await self._reopen()
        before = self._at
        while True:
            lines = await kept.after(self._engine, self._at)
            if lines is None:
                await self._reopen()
                continue
            if not lines:
                break
            for line in lines:
                kept.apply(self._state, line)
                self._at = line.seq
        if self._at != before:
            async with self._grown:
                self._grown.notify_all()

    async def _reopen(self) -> None:
        picture = await kept.latest(self._engine)
        self._state, self._at = picture.state, picture.seq
        self._pictured, self._opened = picture.seq, True

    async def _keep_picture(self) -> None:
        if self._at - self._pictured < self._lines_max:
            return
        async with self._turn:
            self._pictured = self._at
            forgotten = self._state.prune(self._clock.now_ms())
            try:
                await kept.keep(self._engine, self._state, self._at)
            except PostDevAIError as error:  # the lines are still there: the next one may do it
                log.warning("no picture of what laptops share was kept: %s", error.message)
                return
        log.info("kept a picture of what laptops share, %s removals forgotten", len(forgotten))

    def _told(self, vector: Vector, merged: bool) -> Told:
        delta = self._state.lacking(vector, TOLD_BYTES)
        whole = not delta.more and not covers(vector, self._state.pruned)
        names = self._state.names() if whole else b""
        return Told(delta, dict(self._state.vector), merged, whole, names)
