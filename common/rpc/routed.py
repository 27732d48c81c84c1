"""Calls to a capability: resolve it, dial the node directly, move on to the next route."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterator
from typing import Protocol, TypeVar, runtime_checkable

from grpc.aio import AioRpcError, Channel, Metadata

from common.backoff import Backoff
from common.errors import Denied, PostDevAIError, Unavailable
from common.model.node import NO_ROUTE, Route
from common.rpc.channel import Channels
from common.rpc.circuit import Attempt, Breaker
from common.rpc.intercept import BEARER, TICKET_METADATA
from common.rpc.reaching import Reaching
from common.rpc.reaching import connected as _connected
from common.rpc.relayed import Relayed
from common.rpc.retry_budget import RetryBudget
from common.rpc.status import error_from_rpc, is_answer
from common.rpc.usual import Known, Usual

PAUSE_S = 0.1
"""Before the routes are asked for anew, between half of it and all."""

T = TypeVar("T")


class Resolve(Protocol):
    """Gives the routes, best first; asks the Coordinator anew when `fresh`."""

    async def __call__(self, *, fresh: bool) -> tuple[Route, ...]:
        """Unavailable when nobody offers it."""
        ...


@runtime_checkable
class _Cancellable(Protocol):
    def cancel(self) -> bool: ...


class Routed:
    """A way to whoever offers a capability. It raises the seven errors, never gRPC's."""

    def __init__(
        self,
        name: str,
        resolve: Resolve,
        channels: Channels,
        breaker: Breaker | None = None,
        budget: RetryBudget | None = None,
        relayed: Relayed | None = None,
        known: Known | None = None,
    ) -> None:
        """`known`: the routes that `resolve` would give at once; without it each call resolves."""
        self._name = name
        self._resolve = resolve
        self._reaching = Reaching(channels)
        self._relayed = relayed
        self._breaker = breaker or Breaker(name)
        self._budget = budget or RetryBudget()
        self._usual = Usual(known, channels, relayed) if known else None

    async def call(
        self, fn: Callable[[Channel, Metadata], Awaitable[T]], *, idempotent: bool = True
    ) -> T:
        """The answer of the first node that gives one.

        After Unavailable an idempotent call goes on to the next route. Any other call goes on
        only where no connection could be made, so that nothing takes effect twice. While the
        circuit is open it is Unavailable at once, and so it is after the first failure when too
        many calls of late had to be tried again.
        """
        with self._breaker.attempt() as attempt:
            moves_on = _Journey(self._name, attempt, self._budget)
            ways = _Ways(moves_on, self._routes, self._to, self._usual)
            while (way := await ways.next()) is not None:
                channel, metadata = way
                try:
                    if not idempotent:
                        await _connected(channel)
                except Unavailable as error:
                    moves_on.past(error)
                    continue
                try:
                    return await fn(channel, metadata)
                except (AioRpcError, PostDevAIError) as error:
                    moves_on.past(error, shown=not idempotent)
            raise moves_on.last

    async def stream(
        self, fn: Callable[[Channel, Metadata], AsyncIterable[T]], *, idempotent: bool = True
    ) -> AsyncGenerator[T]:
        """The items of the first node that gives one; once one is shown, no other node is asked.

        What is not idempotent goes to another node only where no connection could be made.
        """
        with self._breaker.attempt() as attempt:
            moves_on = _Journey(self._name, attempt, self._budget)
            ways = _Ways(moves_on, self._routes, self._to, self._usual)
            while (way := await ways.next()) is not None:
                channel, metadata = way
                shown = not idempotent
                try:
                    if not idempotent:
                        await _connected(channel)
                except Unavailable as error:
                    moves_on.past(error)
                    continue
                try:
                    async with _closing(fn(channel, metadata)) as items:
                        async for item in items:
                            if not attempt.answered:
                                shown = attempt.answered = True
                                self._breaker.succeeded()
                            yield item
                    return
                except (AioRpcError, PostDevAIError) as error:
                    moves_on.past(error, shown=shown)
            raise moves_on.last

    async def channel(self, *, fresh: bool = False) -> tuple[Channel, Metadata]:
        """A connected channel and the ticket, for a long stream, whose owner waits between two
        tries by itself: the circuit hears of it and does not hold it up.

        `fresh` asks for routes anew: the ticket of the last one `was_stale`.
        """
        moves_on = _Journey(self._name, Attempt())
        ways = _Ways(moves_on, self._routes, self._to, self._usual, fresh=fresh)
        while (way := await ways.next()) is not None:
            channel, metadata = way
            try:
                await _connected(channel)
            except Unavailable as error:
                moves_on.past(error)
                continue
            self._breaker.succeeded()
            return channel, metadata
        raise moves_on.last

    async def _to(self, route: Route) -> Channel:
        """Directly; where nothing connects, or did not lately, by the relay that is offered."""
        relayed = self._relayed
        if relayed is None:
            return await self._reaching.to(route.endpoints or (route.endpoint,), route.identity)
        tried = False
        if relayed.comes_first(route):
            try:
                channel = await relayed.channel(route)
                self._breaker.relayed = True
                return channel
            except Unavailable:
                if relayed.only:
                    raise
                tried = True
        try:
            channel = await relayed.direct(route)
            self._breaker.relayed = False
        except Unavailable as error:
            if tried or not relayed.offered(route):
                raise
            channel = await relayed.channel(route, error)
            self._breaker.relayed = True
        return channel

    async def _routes(self, journey: _Journey, fresh: bool) -> tuple[Route, ...]:
        tried = journey.last_or_none
        try:
            return await self._resolve(fresh=fresh)
        except Unavailable as error:
            if tried is None or (was_stale(tried) and error.field == NO_ROUTE):
                raise  # that nobody does it says more than the age of a ticket
            raise tried from error


class _Ways:
    """Each route once; then, where asking again may help, each fresh one once.

    No async generator: one that is left before its end costs a task to close it, at every call.
    """

    def __init__(
        self,
        journey: _Journey,
        routes: Callable[[_Journey, bool], Awaitable[tuple[Route, ...]]],
        to: Callable[[Route], Awaitable[Channel]],
        usual: Usual | None,
        *,
        fresh: bool = False,
    ) -> None:
        self._journey = journey
        self._ask = routes
        self._to = to
        self._usual = usual
        self._known = not fresh
        self._rounds = iter((True,) if fresh else (False, True))
        self._left: Iterator[Route] | None = None
        """Of the routes that were asked for; None before that."""

    async def next(self) -> tuple[Channel, Metadata] | None:
        """The next channel and its ticket; None when there is no other."""
        journey, usual = self._journey, self._usual
        if self._known and usual is not None and (way := usual.way()) is not None:
            channel, metadata, self._left = way
            self._known = False
            next(self._rounds)
            return channel, metadata
        self._known = False
        while True:
            for route in self._left or ():
                if not journey.may_try():
                    return None
                try:
                    channel = await self._to(route)
                except Unavailable as error:
                    journey.past(error)
                    continue
                metadata = Metadata((TICKET_METADATA, BEARER + route.ticket))
                if usual is not None:
                    usual.keep(route, channel, metadata)
                return channel, metadata
            fresh = next(self._rounds, None)
            if fresh is None or (self._left is not None and not await journey.asks_again()):
                return None
            self._left = iter(await self._ask(journey, fresh))


class _Journey:
    """What went wrong on the way so far, and whether to go on."""

    def __init__(self, name: str, attempt: Attempt, budget: RetryBudget | None = None) -> None:
        """Without a budget every route is tried."""
        self._name = name
        self._attempt = attempt
        self._budget = budget
        self._stale = False
        self.last_or_none: PostDevAIError | None = None
        if budget is not None:
            budget.note_call()

    @property
    def last(self) -> PostDevAIError:
        return self.last_or_none or Unavailable(f"nobody offers {self._name}")

    async def asks_again(self) -> bool:
        """Whether fresh routes are worth asking for; after a pause where nodes were away."""
        if self.last_or_none is None:
            return False
        if not self._stale:
            await asyncio.sleep(Backoff(PAUSE_S, PAUSE_S).next_s())
        return True

    def may_try(self) -> bool:
        """The first try always; the others as far as the budget goes. That a ticket was stale is
        no sign of load, and costs nothing."""
        if self.last_or_none is None or self._stale or self._budget is None:
            return True
        return self._budget.take()

    def past(self, failed: AioRpcError | PostDevAIError, *, shown: bool = False) -> None:
        """Returns when another route may do better; raises the error when not."""
        error = _meaning(failed)
        said_no = isinstance(failed, AioRpcError) and is_answer(failed)
        self._attempt.answered |= said_no or not isinstance(error, Unavailable)
        self._stale = was_stale(error)
        if not self._stale and (shown or not isinstance(error, Unavailable)):
            raise error
        self.last_or_none = error


def was_stale(error: PostDevAIError) -> bool:
    """Whether a node refused a call for its ticket alone: a fresh one may be taken."""
    return isinstance(error, Denied) and error.field == "ticket"


def _meaning(error: AioRpcError | PostDevAIError) -> PostDevAIError:
    return error if isinstance(error, PostDevAIError) else error_from_rpc(error)


@contextlib.asynccontextmanager
async def _closing(items: AsyncIterable[T]) -> AsyncGenerator[AsyncIterable[T]]:
    """Ends the call when whoever reads stops reading."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()
        elif isinstance(items, _Cancellable):
            items.cancel()
