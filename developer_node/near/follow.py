"""Keeps the mirror as the Dragon's memory is: what it lacks is fetched, then what changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Protocol

from common.backoff import Backoff
from common.errors import PostDevAIError
from common.model.near import FollowMemoryRequest, MemoryComplete, Told
from developer_node.near.mirror import Mirror

log = logging.getLogger(__name__)

TOGETHER_MAX = 64
"""So many things go to the disk at once, or fewer once all was told."""


class Memory(Protocol):
    """The Dragon's failure memory."""

    def follow_memory(self, request: FollowMemoryRequest) -> AsyncGenerator[Told]: ...


async def follow_memory(dragon: Memory, mirror: Mirror) -> None:
    """Runs until cancelled. Whatever was kept before a connection broke is not told again."""
    backoff = Backoff(0.2, 5.0)
    while True:
        try:
            await _follow(dragon, mirror, backoff)
        except PostDevAIError as error:
            log.debug("the mirror is not refreshed for now: %s", error.message)
            with suppress(PostDevAIError):
                await mirror.warm()  # from now on it may be asked
        await asyncio.sleep(backoff.next_s())


async def _follow(dragon: Memory, mirror: Mirror, backoff: Backoff) -> None:
    """Ends when the Dragon does, or when all was forgotten here: then it is asked anew."""
    life, request = await mirror.request()
    waiting: list[Told] = []
    try:
        async with aclosing(dragon.follow_memory(request)) as stream:
            async for told in stream:
                waiting.append(told)
                if len(waiting) < TOGETHER_MAX and not isinstance(told, MemoryComplete):
                    continue
                if not await mirror.take(life, waiting):
                    return
                waiting = []
                backoff.reset()
    except PostDevAIError:
        await mirror.take(life, waiting)  # or a connection that breaks early would never fill it
        raise
