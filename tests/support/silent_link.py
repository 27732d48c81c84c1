"""A TCP relay on loopback that can fall silent: what comes is swallowed, no connection is closed.

As a cable that was pulled, a machine that sleeps, or a process that stands still looks to the
other end: its kernel goes on taking what is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

PIECE_BYTES = 1 << 16


class SilentLink:
    """Made by `silent_link`."""

    def __init__(self, to: str) -> None:
        self._to = to
        self._silent = False
        self._pumps: set[asyncio.Task[None]] = set()
        self._ends: list[asyncio.StreamWriter] = []
        self.address = ""
        self.connections = 0
        """Taken so far, also while it is silent."""
        self.carried_bytes = 0
        """In both directions so far."""

    def fall_silent(self) -> None:
        """Nothing passes any more, in either direction."""
        self._silent = True

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, carried until an end closes it."""
        self.connections += 1
        host, _, port = self._to.rpartition(":")
        there, onward = await asyncio.open_connection(host, int(port))
        self._ends += (writer, onward)
        for source, to in ((reader, onward), (there, writer)):
            pump = asyncio.ensure_future(self._carry(source, to))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def close(self) -> None:
        """Ends every connection."""
        for pump in tuple(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)
        for end in self._ends:
            end.close()

    async def _carry(self, source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(PIECE_BYTES):
                if not self._silent:
                    self.carried_bytes += len(piece)
                    to.write(piece)
                    await to.drain()
        except OSError:
            pass  # an end has gone
        finally:
            if not self._silent:
                to.close()


@asynccontextmanager
async def silent_link(to: str) -> AsyncGenerator[SilentLink]:
    """A way to that address that carries everything until it is told to fall silent."""
    link = SilentLink(to)
    server = await asyncio.start_server(link.take, "127.0.0.1", 0)
    link.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield link
    finally:
        server.close()
        await link.close()
