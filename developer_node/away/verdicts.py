"""Verdicts that were given while the Dragon was away: kept sealed, told in order when it is back.

HOME/developer/verdicts   one sealed file: [[remedy, verdict, when], ...] as JSON, oldest first

A verdict is on disk before it is acknowledged, and leaves once the Dragon has answered. Told again
after a crash in between it says the same: the last word on a remedy stands.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from common.backoff import Backoff
from common.clock import Clock
from common.daemon.files import write_private
from common.daemon.keys import SealingKey
from common.errors import Conflict, Corrupt, Denied, Invalid, Missing, OverLimit, PostDevAIError
from common.model.failure import Verdict
from common.sealed import seal, unseal

log = logging.getLogger(__name__)

MAGIC = b"pdvverd1"
VERDICTS_MAX = 1_000

Tell = Callable[[str, Verdict], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A verdict that the Dragon has not heard."""

    remedy_id: str
    verdict: Verdict
    at_ms: int


class Verdicts:
    """One a laptop, on the event loop. `run` tells until cancelled."""

    def __init__(self, path: Path, key: SealingKey, clock: Clock) -> None:
        """What an earlier life left; an unreadable file is set aside with a sentence."""
        self._path = path
        self._key = key
        self._clock = clock
        self._lock = asyncio.Lock()
        self._more = asyncio.Event()
        self.sentence = ""
        """What is wrong with the file; empty when nothing is."""
        self.waiting = self._read()
        """Oldest first."""
        if self.waiting:
            self._more.set()

    async def keep(self, remedy_id: str, verdict: Verdict) -> None:
        """On disk when this returns. OverLimit when too many wait."""
        async with self._lock:
            if len(self.waiting) >= VERDICTS_MAX:
                raise OverLimit(
                    f"{VERDICTS_MAX:,} verdicts wait for the Dragon already",
                    hint="Start the Dragon with: postdevai up",
                )
            await self._write((*self.waiting, Waiting(remedy_id, verdict, self._clock.now_ms())))
            self._more.set()

    async def forget(self) -> int:
        """Removes what waits; how many."""
        async with self._lock:
            many = len(self.waiting)
            await self._write(())
            return many

    async def run(self, tell: Tell, back: asyncio.Event) -> None:
        """Tells what waits, oldest first, each until it is answered; `back` ends a wait early."""
        backoff = Backoff(0.25, 5.0)
        while True:
            await self._more.wait()
            try:
                await self.tell_all(tell)
                backoff.reset()
            except PostDevAIError as error:
                log.info("verdicts wait: %s", error.message)
                back.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(back.wait(), backoff.next_s())

    async def tell_all(self, tell: Tell) -> None:
        """Until none waits. One that the Dragon refuses for good is dropped, with a log line."""
        while self.waiting:
            first = self.waiting[0]
            try:
                await tell(first.remedy_id, first.verdict)
            except (Missing, Invalid, Conflict) as error:
                log.warning("a verdict was refused: %s", error.message)
            async with self._lock:
                if self.waiting[:1] == (first,):  # what was forgotten meanwhile is gone
                    await self._write(self.waiting[1:])
        self._more.clear()

    async def _write(self, waiting: tuple[Waiting, ...]) -> None:
        if waiting:
            plain = json.dumps([astuple(each) for each in waiting]).encode()
            sealed = seal(self._key, MAGIC, plain)
            await asyncio.to_thread(write_private, self._path, sealed)
        else:
            await asyncio.to_thread(self._path.unlink, True)
        self.waiting = waiting

    def _read(self) -> tuple[Waiting, ...]:
        try:
            plain = unseal(self._key, MAGIC, self._path.read_bytes(), self._path.name)
            return tuple(Waiting(*each) for each in json.loads(plain))
        except FileNotFoundError:
            return ()
        except (Corrupt, Denied, ValueError, TypeError) as error:
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            self.sentence = f"Verdicts that waited cannot be read ({error}): {aside} holds them."
            log.error(self.sentence)
            return ()
