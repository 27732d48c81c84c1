"""Follows the daemon's feed, and says which failures an agent may want to read again."""

from __future__ import annotations

import asyncio
import time

from common.errors import PostDevAIError
from common.model.event import CommandFinished, Event
from common.model.failure import Suggestion
from common.model.laptop import FeedGap, FeedItem
from developer_node.front.mcp.audience import Audience
from developer_node.front.mcp.daemon import Daemon
from developer_node.front.mcp.places import failure_uri

RETRY_S = 2.0
"""Between two looks for a daemon that is not there."""


class News:
    """Runs beside the tools until it is cancelled; a daemon that is away is waited for."""

    def __init__(self, daemon: Daemon, audience: Audience, retry_s: float = RETRY_S) -> None:
        self._daemon = daemon
        self._audience = audience
        self._retry_s = retry_s
        self._cursor = 0
        self._epoch = ""
        self._known: set[str] = set()
        self._began_ms = time.time_ns() // 1_000_000

    async def follow(self) -> None:
        """Connects, follows, connects again."""
        while True:
            try:
                async with self._daemon.client() as client:
                    async for item in client.feed(self._cursor, self._epoch):
                        await self._heard(item)
            except PostDevAIError:
                pass  # whoever asks a tool is told why; here it is tried again
            await asyncio.sleep(self._retry_s)

    async def _heard(self, item: FeedItem) -> None:
        self._cursor, self._epoch = item.cursor, item.epoch
        match item.item:
            case Event(body=CommandFinished(failures=failures)) as event if failures:
                old = event.at_ms < self._began_ms
                await self._tell([failure.fingerprint for failure in failures], old=old)
            case Suggestion(recollection=known) as card if known.failure:
                old = card.at_ms < self._began_ms
                await self._tell([known.failure.fingerprint], old=old)
            case FeedGap():
                await self._audience.listed_anew()
            case _:
                pass

    async def _tell(self, fingerprints: list[str], *, old: bool) -> None:
        """What the feed still had from before nobody waits for."""
        named = {each for each in fingerprints if each}
        unknown = named - self._known
        self._known |= named
        if old:
            return
        if unknown:
            await self._audience.listed_anew()
        for fingerprint in sorted(named):
            await self._audience.updated(failure_uri(fingerprint))
