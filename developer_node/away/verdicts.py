"""Verdicts that were given while the Dragon was away: kept sealed, told in order when it is back.

HOME/developer/verdicts   one sealed file: [[remedy, verdict, when], ...] as JSON, oldest first

A verdict is on disk before it is acknowledged, and leaves once the Dragon has answered: each is
told at least once. Told again after a crash in between it says the same: the last word on a remedy
stands.
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
from common.errors import (
    Conflict,
    Corrupt,
    Denied,
    Invalid,
    Missing,
    OverLimit,
    PostDevAIError,
    Unavailable,
)
from common.model.failure import Verdict
from common.model.lake import KeptItem
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
        self._damage = ""
        self._held_up = ""
        self.waiting = self._read()
        """Oldest first."""
        if self.waiting:
            self._more.set()

    @property
    def sentence(self) -> str:
        """What is wrong with the file, or keeps verdicts from being heard; empty when nothing."""
        return " ".join(said for said in (self._damage, self._held_up) if said)

    async def keep(self, remedy_id: str, verdict: Verdict) -> None:
        """On disk when this returns. OverLimit when too many wait, Unavailable when the disk
        takes no more."""
        async with self._lock:
            if len(self.waiting) >= VERDICTS_MAX:
                raise OverLimit(
                    f"{VERDICTS_MAX:,} verdicts wait for the Dragon already",
                    hint="Start the Dragon with: postdevai up",
                )
            await self._write((*self.waiting, Waiting(remedy_id, verdict, self._clock.now_ms())))
            self._more.set()

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
                    async with asyncio.timeout(backoff.next_s()):
                        await back.wait()

    async def tell_all(self, tell: Tell) -> None:
        """Each that waits. One that the Dragon refuses for good is dropped, with a log line. One
        that it cannot take now waits with all later ones on its remedy, and is raised at last."""
        held: dict[str, PostDevAIError] = {}
        while first := next((w for w in self.waiting if w.remedy_id not in held), None):
            try:
                await tell(first.remedy_id, first.verdict)
            except Unavailable:
                raise
            except (Missing, Invalid, Conflict) as error:
                log.warning("a verdict was refused: %s", error.message)
            except PostDevAIError as error:
                held[first.remedy_id] = error
                continue
            async with self._lock:
                left = list(self.waiting)
                left.remove(first)
                await self._write(tuple(left))
        self._held_up = self._why(held)
        for error in held.values():
            raise error
        self._more.clear()

    def _why(self, held: dict[str, PostDevAIError]) -> str:
        many = sum(w.remedy_id in held for w in self.waiting)
        said = "; ".join(dict.fromkeys(error.message for error in held.values()))
        verdicts = "1 verdict waits" if many == 1 else f"{many:,} verdicts wait"
        return f"{verdicts}: the Dragon takes none of them now ({said})." if many else ""

    async def _write(self, waiting: tuple[Waiting, ...]) -> None:
        try:
            if waiting:
                plain = json.dumps([astuple(each) for each in waiting]).encode()
                sealed = seal(self._key, MAGIC, plain)
                await asyncio.to_thread(write_private, self._path, sealed)
            else:
                await asyncio.to_thread(self._path.unlink, True)
        except OSError as error:
            why = f"verdicts cannot be written to {self._path}: {error.strerror or error}"
            raise Unavailable(why, hint="postdevai doctor") from error
        self.waiting = waiting

    def kept(self) -> KeptItem:
        """What waits, for people."""
        try:
            size = self._path.stat().st_size
        except OSError:
            size = 0
        return KeptItem(
            "verdicts that the Dragon has not heard",
            str(self._path),
            len(self.waiting),
            size,
            oldest_ms=self.waiting[0].at_ms if self.waiting else 0,
            encrypted=True,
            until="until the Dragon has heard them",
        )

    def _read(self) -> tuple[Waiting, ...]:
        try:
            plain = unseal(self._key, MAGIC, self._path.read_bytes(), self._path.name)
            return tuple(Waiting(*each) for each in json.loads(plain))
        except FileNotFoundError:
            return ()
        except (Corrupt, Denied, ValueError, TypeError) as error:
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            self._damage = f"Verdicts that waited cannot be read ({error}): {aside} holds them."
            log.error(self._damage)
            return ()
