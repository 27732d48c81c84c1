"""The laptop's daemon as an agent's server reaches it: found anew when it was started anew, and
never waited for in vain."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import anyio

from common.errors import PostDevAIError, Unavailable
from developer_node.front.door import Door, find_door
from developer_node.front.local_client import LocalClient

if TYPE_CHECKING:
    from common.daemon.home import Home

T = TypeVar("T")

SILENT = "The developer node runs, but does not answer."
LOOK_AT_IT = "Look at: postdevai status. To start it anew: postdevai down, then postdevai up"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an agent is kept waiting for a daemon that says nothing."""

    silence_s: float = 5.0
    """After so long without a word the daemon is asked whether it lives."""
    probe_s: float = 5.0
    """So long it may take to say that it does."""
    word_s: float = 300.0
    """The next word of an answer may take so long while the daemon lives."""


@dataclass
class _Line:
    """A connection, and how many calls are on it."""

    client: LocalClient
    door: Door
    calls: int = 0
    left: bool = False
    """Another daemon has taken its place: it is closed with its last call."""


class Daemon:
    """One connection for all tools. Every failure is a PostDevAIError with a hint."""

    def __init__(self, home: Home, patience: Patience | None = None) -> None:
        self._home = home
        self._patience = patience or Patience()
        self._line: _Line | None = None
        self._opening = asyncio.Lock()

    async def call(self, use: Callable[[LocalClient], Awaitable[T]]) -> T:
        """One use of the local API; cancelling it cancels the call."""
        async with self.client() as client:
            return await self._attended(client, use(client))

    async def stream(
        self,
        use: Callable[[LocalClient], AsyncIterator[T]],
        waits: Callable[[], Awaitable[None]],
    ) -> AsyncGenerator[T]:
        """What comes in pieces; closing it cancels the call, as far as to the model. `waits` is
        called now and then while the daemon lives and the next piece is not there."""
        async with self.client() as client:
            parts = use(client)
            try:
                while True:
                    yield await self._attended(client, anext(parts), waits)
            except StopAsyncIteration:
                return
            finally:
                if isinstance(parts, AsyncGenerator):
                    await parts.aclose()

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[LocalClient]:
        """The connection to the daemon that runs now; it stays open for the next."""
        line = await self._reached()
        line.calls += 1
        try:
            yield line.client
        finally:
            line.calls -= 1
            if line.left and not line.calls:
                await _closed(line)

    async def close(self) -> None:
        """Gives the connection back."""
        if self._line is not None:
            await _closed(self._line)
            self._line = None

    async def _reached(self) -> _Line:
        async with self._opening:
            door = find_door(self._home)
            line = self._line
            if line is not None and line.door == door:
                return line
            self._line = None
            if line is not None:
                line.left = True
                if not line.calls:
                    await _closed(line)
            self._line = _Line(await self._opened(door), door)
            return self._line

    async def _opened(self, door: Door) -> LocalClient:
        try:
            return await LocalClient.open(door, self._patience.probe_s)
        except Unavailable:
            find_door(self._home)  # gone meanwhile: that is the truer sentence
            raise Unavailable(SILENT, hint=LOOK_AT_IT) from None

    async def _attended(
        self,
        client: LocalClient,
        work: Awaitable[T],
        waits: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """The work's result; whenever nothing has come for a while, the daemon is asked whether
        it lives, and what was begun is cancelled when it does not."""
        task = asyncio.ensure_future(work)
        waited = 0.0
        try:
            while not (await asyncio.wait({task}, timeout=self._patience.silence_s))[0]:
                waited += self._patience.silence_s
                await self._alive(client)
                if waits is not None:
                    await waits()
                if waited >= self._patience.word_s:
                    raise Unavailable(
                        f"No answer came within {self._patience.word_s:g} s.", hint=LOOK_AT_IT
                    )
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.wait({task})

    async def _alive(self, client: LocalClient) -> None:
        try:
            await asyncio.wait_for(client.status(), self._patience.probe_s)
        except (TimeoutError, PostDevAIError):
            find_door(self._home)
            raise Unavailable(SILENT, hint=LOOK_AT_IT) from None


async def _closed(line: _Line) -> None:
    with anyio.CancelScope(shield=True):
        await line.client.close()
