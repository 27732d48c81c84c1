"""Cards from the mirror, where the Dragon does not take a failure in time.

Only what the Dragon would offer is shown: a symptom that it last said it holds back, that was put
off, or that was shown lately is not. The card bears the id that the Dragon gives its own, which
takes its place.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from common.clock import Clock
from common.errors import PostDevAIError
from common.model.answer import Away
from common.model.event import CommandFinished, Event
from common.model.failure import Failure, Recollection, Suggestion
from common.model.ids import Fingerprint, WorkingCopyId, card_id
from common.model.near import MirroredSymptom
from developer_node.away.presence import Presence

log = logging.getLogger(__name__)

PATIENCE_S = 0.5
"""So long has the Dragon to take a failure."""
WAITING_MAX = 64
CARDS_A_RUN_MAX = 3
CARDS_AN_HOUR_MAX = 12
SAME_SYMPTOM_MS = 10 * 60_000
_HOUR_MS = 3_600_000


class Memory(Protocol):
    """What the mirror knows of a symptom."""

    async def symptom(self, failure: Failure) -> MirroredSymptom | None: ...
    async def recall(self, *, failure: Failure | None = None) -> Recollection: ...


Allowed = Callable[[Suggestion, Event], Suggestion | None]
"""A card as its owner lets it be shown; None when not at all."""


class NearCards:
    """`seen` is told every event that is recorded here, `shown` every card of the Dragon's."""

    def __init__(
        self,
        memory: Memory,
        presence: Presence,
        publish: Callable[[Suggestion], None],
        allowed: Allowed,
        label: Callable[[], Awaitable[Away]],
        clock: Clock,
    ) -> None:
        self._memory = memory
        self._presence = presence
        self._publish = publish
        self._allowed = allowed
        self._label = label
        self._clock = clock
        self._waiting: asyncio.Queue[tuple[Event, float]] = asyncio.Queue(WAITING_MAX)
        self._lately: deque[tuple[int, Fingerprint, WorkingCopyId]] = deque(maxlen=256)

    def seen(self, event: Event) -> None:
        """It was recorded here just now."""
        match event.body:
            case CommandFinished(failures=failures) if failures and not self._waiting.full():
                self._waiting.put_nowait((event, self._clock.monotonic() + PATIENCE_S))
            case _:
                pass

    def shown(self, card: Suggestion, event: Event | None) -> None:
        """The Dragon said it: the same is not said again here for a while."""
        failure = card.recollection.failure
        if failure is not None:
            copy = event.working_copy if event else WorkingCopyId("")
            self._lately.append((card.at_ms, failure.fingerprint, copy))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            event, due_s = await self._waiting.get()
            await asyncio.sleep(max(0.0, due_s - self._clock.monotonic()))
            try:
                await self.take(event)
            except PostDevAIError as error:
                log.warning("no card is made here: %s", error.message)

    async def take(self, event: Event) -> None:
        """A failure whose time is over: a Dragon that answers a look has it by now."""
        if self._presence.away or not await self._presence.look():
            await self.offer(event)

    async def offer(self, event: Event) -> None:
        """The cards that the mirror has for an event."""
        made = 0
        failures = event.body.failures if isinstance(event.body, CommandFinished) else ()
        for n, failure in enumerate(failures):
            if made == CARDS_A_RUN_MAX:
                return
            card = await self._card(event, n, failure)
            allowed = None if card is None else self._allowed(card, event)
            if allowed is not None:
                made += 1
                self._lately.append((event.at_ms, failure.fingerprint, event.working_copy))
                self._publish(allowed)

    async def _card(self, event: Event, n: int, failure: Failure) -> Suggestion | None:
        known = await self._memory.symptom(failure)
        if known is None or not known.offered or known.snoozed_until_ms > event.at_ms:
            return None
        if self._is_muted(event, failure):
            return None
        found = await self._memory.recall(failure=failure)
        open_ = any(r.state in ("observed", "confirmed") for r in found.remedies)
        if not open_ or found.match not in ("same", "same, other values"):
            return None
        fresh = replace(found.freshness, away=await self._label())
        return Suggestion(
            id=card_id(event.id, n),
            cursor=0,
            at_ms=event.at_ms,
            event_id=event.id,
            project=found.occurrences[0].project if found.occurrences else "",
            why=_why(known.why, found),
            recollection=replace(found, freshness=fresh),
        )

    def _is_muted(self, event: Event, failure: Failure) -> bool:
        """Whether it was said lately here, or enough was said in this hour."""
        hour = [each for each in self._lately if event.at_ms - each[0] < _HOUR_MS]
        same = (
            event.at_ms - at_ms < SAME_SYMPTOM_MS
            and fingerprint == failure.fingerprint
            and copy in ("", event.working_copy)
            for at_ms, fingerprint, copy in hour
        )
        return len(hour) >= CARDS_AN_HOUR_MAX or any(same)


def _why(told: str, found: Recollection) -> str:
    """As the Dragon said it of the values that it saw."""
    if found.match == "same" or "other values" in told:
        return told
    return told.replace("the same symptom", "the same symptom, with other values", 1)
