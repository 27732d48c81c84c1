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


class Cards(Protocol):
    """Where suggestions come from."""

    def suggestions(self, after_cursor: int = 0) -> AsyncGenerator[Suggestion, None]: ...


Shown = Callable[[Suggestion], Awaitable[Suggestion | None]]
"""A card as its owner lets it be shown; None when not at all."""


async def follow_cards(cards: Cards, feed: Feed, shown: Shown) -> None:
    """Shows every card that is kept, then each once it is made; runs until cancelled.

    The feed starts empty with the daemon, and a second start has forgotten no card: the first
    connection asks for all that the Dragon keeps, later ones go on from the last one shown.
    """
    backoff = Backoff(0.2, 5.0)
    after = 0
    while True:
        try:
            async with aclosing(cards.suggestions(after)) as stream:
                async for card in stream:
                    backoff.reset()
                    if (allowed := await shown(card)) is not None:
                        feed.publish(allowed)
                    after = card.cursor
        except PostDevAIError as error:
            log.debug("no cards for now: %s", error.message)
        await asyncio.sleep(backoff.next_s())


async def follow_state(look: Callable[[], Awaitable[FeedState]], feed: Feed) -> None:
    """Shows the mesh's state whenever it changes; runs until cancelled.

    A laptop that cannot look (its outbox is damaged, or closing) says that and looks again.
    """
    shown: FeedState | None = None
    while True:
        try:
            state = await look()
        except PostDevAIError as error:
            state = FeedState(False, False, 0, f"{error.message}. {error.hint}".strip())
        if state != shown:
            feed.publish(state)
            shown = state
        await asyncio.sleep(STATE_S)
