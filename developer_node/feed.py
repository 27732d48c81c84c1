"""The live feed: what happened here lately, kept in a ring, read from a cursor on."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from common.errors import OverLimit
from common.model.event import ActDone, CommandFinished, Event, GitOperation, ProofFinished
from common.model.failure import Recollection, Suggestion
from common.model.ids import EventId, Fingerprint
from common.model.laptop import FeedGap, FeedItem, FeedState

ITEMS_MAX = 2_000
"""Older items leave the ring."""

BEHIND_MAX = 500
"""A reader that is this many items behind is cut, and may resume from its cursor."""

REVISED_MAX = 100
"""So many cards, the newest, are shown again when what they say is not so any more; older ones
are mended where they are kept."""


class Feed:
    """One writer's side and any number of readers, all on the event loop."""

    def __init__(self, *, items_max: int = ITEMS_MAX, behind_max: int = BEHIND_MAX) -> None:
        self._ring: deque[FeedItem] = deque(maxlen=items_max)
        self._behind_max = behind_max
        self._cursor = 0
        self.epoch = secrets.token_hex(8)
        """Of this life: a cursor of another one has nothing to do with ours."""
        self._readers: set[asyncio.Queue[FeedItem | None]] = set()

    def publish(self, item: Event | Suggestion | FeedState) -> None:
        """Shows it to every reader; never waits for one."""
        self._cursor += 1
        shown = FeedItem(self._cursor, _light(item), self.epoch)
        self._ring.append(shown)
        for reader in list(self._readers):
            try:
                reader.put_nowait(shown)
            except asyncio.QueueFull:
                self._cut(reader)

    def revise(self, remedy_id: str, change: Callable[[Recollection], Recollection]) -> None:
        """Cards that show a remedy say what is so now, to a new reader and, each under its own id
        again, to those that read already."""
        shown = self._showing(remedy_id)
        changed = {
            card.id: replace(card, recollection=after)
            for card in shown
            if (after := change(card.recollection)) != card.recollection
        }
        again = {card.id for card in shown[-REVISED_MAX:]} & changed.keys()
        kept = [item for item in self._ring if _card_id(item) not in again]
        self._ring.clear()
        for item in kept:
            mended = changed.get(_card_id(item))
            self._ring.append(item if mended is None else replace(item, item=mended))
        for card in shown:
            if card.id in again:
                self.publish(changed[card.id])

    def symptoms(self, remedy_id: str) -> list[Fingerprint]:
        """Of the failures whose cards show a remedy."""
        failures = (card.recollection.failure for card in self._showing(remedy_id))
        return list(dict.fromkeys(f.fingerprint for f in failures if f and f.fingerprint))

    def _showing(self, remedy_id: str) -> list[Suggestion]:
        """Oldest first."""
        cards = (shown.item for shown in self._ring if isinstance(shown.item, Suggestion))
        return [c for c in cards if any(r.id == remedy_id for r in c.recollection.remedies)]

    def event(self, event_id: EventId) -> Event | None:
        """One of those that are kept, as light as they are kept; None when it is not among them."""
        for shown in reversed(self._ring):
            if isinstance(shown.item, Event) and shown.item.id == event_id:
                return shown.item
        return None

    async def read(self, after: int = 0, epoch: str = "") -> AsyncGenerator[FeedItem, None]:
        """Kept items after a cursor, then new ones, until closed. OverLimit cuts a slow reader.

        Where what follows the cursor is not kept any more, or the cursor is of another epoch, a
        gap comes first; it bears the cursor before the first item that is kept.
        """
        gap = self._gap(after, epoch)
        kept = list(self._ring) if gap else [item for item in self._ring if item.cursor > after]
        if gap is not None:
            kept.insert(0, gap)
        reader: asyncio.Queue[FeedItem | None] = asyncio.Queue(self._behind_max + 1)
        self._readers.add(reader)
        try:
            for item in kept:
                yield item
            while (new := await reader.get()) is not None:
                yield new
        finally:
            self._readers.discard(reader)
        raise OverLimit(
            f"this reader was more than {self._behind_max} items behind",
            hint="Read again from the last cursor.",
        )

    def _gap(self, after: int, epoch: str) -> FeedItem | None:
        """What lies between a reader's cursor and what is kept; None when nothing does."""
        first = self._ring[0].cursor if self._ring else self._cursor + 1
        if not after:
            return None
        if after > self._cursor or epoch not in ("", self.epoch):
            gap = FeedGap(-1, "The daemon was started again: what is kept follows.")
        elif after < first - 1:
            missed = first - 1 - after
            gap = FeedGap(missed, f"{missed} items are not kept any more: what is kept follows.")
        else:
            return None
        return FeedItem(first - 1, gap, self.epoch)

    def _cut(self, reader: asyncio.Queue[FeedItem | None]) -> None:
        """What is already in its queue is not shown: it would only be older still."""
        self._readers.discard(reader)
        while not reader.empty():
            reader.get_nowait()
        reader.put_nowait(None)


def _card_id(item: FeedItem) -> str:
    return item.item.id if isinstance(item.item, Suggestion) else ""


def _light(item: Event | Suggestion | FeedState) -> Event | Suggestion | FeedState:
    """Without output, patches and lists of changes, which a feed does not show."""
    match item:
        case Event(body=CommandFinished() as command):
            output = replace(command.output, text="")
            ground = command.ground and replace(command.ground, changes=(), dirty=())
            return replace(item, body=replace(command, output=output, ground=ground))
        case Event(body=ProofFinished() | ActDone() as done):
            return replace(item, body=replace(done, output=replace(done.output, text="")))
        case Event(body=GitOperation() as operation):
            commits = tuple(replace(c, patch="", changes=()) for c in operation.commits)
            return replace(item, body=replace(operation, commits=commits))
        case _:
            return item
