"""Keeps the feed alive: cards from the Dragon, and how the mesh is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

from common.backoff import Backoff
from common.errors import PostDevAIError
from common.model.failure import Suggestion
from common.model.laptop import FeedState
from developer_node.feed import Feed

log = logging.getLogger(__name__)

STATE_S = 1.0
"""How often the state is compared with the one shown last."""

_MARK = "suggestions"


class Cards(Protocol):
    """Where suggestions come from."""

    def suggestions(self, after_cursor: int = 0) -> AsyncGenerator[Suggestion, None]: ...


class Marks(Protocol):
    """Keeps the cursor, so that a card made while the laptop slept arrives on wake."""

    async def mark(self, key: str) -> str: ...
    async def put_mark(self, key: str, value: str) -> None: ...


async def follow_cards(cards: Cards, marks: Marks, feed: Feed) -> None:
    """Shows every card once it is made; runs until cancelled."""
    backoff = Backoff(0.2, 5.0)
    while True:
        try:
            after = int(await marks.mark(_MARK) or 0)
            async with aclosing(cards.suggestions(after)) as stream:
                async for card in stream:
                    backoff.reset()
                    feed.publish(card)
                    await marks.put_mark(_MARK, str(card.cursor))
        except PostDevAIError as error:
            log.debug("no cards for now: %s", error.message)
        await asyncio.sleep(backoff.next_s())


async def follow_state(look: Callable[[], Awaitable[FeedState]], feed: Feed) -> None:
    """Shows the mesh's state whenever it changes; runs until cancelled."""
    shown: FeedState | None = None
    while True:
        state = await look()
        if state != shown:
            feed.publish(state)
            shown = state
        await asyncio.sleep(STATE_S)
