"""A TCP relay on loopback that delays, cuts and corrupts what it carries, as the dice say."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal, get_args

PIECE_BYTES = 2_048
DELAY_S = 0.05
Ill = Literal["delayed", "cut", "corrupted"]
ILLS: tuple[Ill, ...] = get_args(Ill)


class BadLink:
    """Made by `bad_link`. It is good until it is told otherwise."""

    def __init__(self, to: str, dice: random.Random) -> None:
        self._to = to
        self._dice = dice
        self._tasks: set[asyncio.Task[None]] = set()
        self.share = 0.0
        """Of the pieces that come to harm."""
        self.address = ""
        self.done: Counter[Ill] = Counter()

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until an end closes it or it is cut."""
        task = asyncio.ensure_future(self._carried(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends every connection."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carried(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._both_ways(reader, writer)
        except OSError:
            pass  # an end has gone
        finally:
            writer.transport.abort()

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._to.rpartition(":")
        there, onward = await asyncio.open_connection(host, int(port))
        ways = [
            asyncio.ensure_future(self._carry(reader, onward)),
            asyncio.ensure_future(self._carry(there, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            onward.transport.abort()

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while piece := await source.read(PIECE_BYTES):
            if self._dice.random() < self.share:
                ill = self._dice.choice(ILLS)
                self.done[ill] += 1
                if ill == "cut":
                    return
                if ill == "delayed":
                    await asyncio.sleep(self._dice.random() * DELAY_S)
                else:
                    at = self._dice.randrange(len(piece))
                    piece = piece[:at] + bytes([piece[at] ^ 0x55]) + piece[at + 1 :]
            to.write(piece)
            await to.drain()


@asynccontextmanager
async def bad_link(to: str, dice: random.Random) -> AsyncGenerator[BadLink]:
    """A way to that address."""
    link = BadLink(to, dice)
    server = await asyncio.start_server(link.take, "127.0.0.1", 0)
    link.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield link
    finally:
        server.close()
        await link.close()
