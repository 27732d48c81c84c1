"""A routed call goes on to the next node only where nothing can happen twice."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
from grpc.aio import Channel, Metadata

from common.errors import Conflict, Denied, Invalid, PostDevAIError, Unavailable
from common.model.node import NO_ROUTE, Route
from common.rpc import routed as routed_module
from common.rpc.circuit import FAILURES_MAX, Breaker
from common.rpc.routed import Routed
from tests.support.scripted_daemon import SetClock


def route(name: str) -> Route:
    return Route(name, f"spiffe://m/dragon/{name}", f"ticket of {name}", 0)


class Ways:
    """Resolve and channels of a rehearsal: a channel is the name of its endpoint."""

    def __init__(self, *names: str, fresh: tuple[str, ...] | None = None) -> None:
        self.names = names
        self.fresh = names if fresh is None else fresh
        self.asked: list[bool] = []
        self.dialled: list[str] = []
        self.without = Unavailable("the Coordinator is away")

    async def resolve(self, *, fresh: bool) -> tuple[Route, ...]:
        self.asked.append(fresh)
        names = self.fresh if fresh else self.names
        if not names:
            raise self.without
        return tuple(route(name) for name in names)

    async def to(self, endpoint: str, identity_uri: str) -> str:
        self.dialled.append(endpoint)
        return endpoint

    @property
    def routed(self) -> Routed:
        breaker = Breaker("lake", SetClock())
        return Routed("lake", self.resolve, self, breaker)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.fixture(autouse=True)
def _every_channel_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connected(channel: str) -> None:
        if channel.startswith("dead"):
            raise Unavailable("the node cannot be reached")

    monkeypatch.setattr(routed_module, "_connected", connected)


def failing(error: PostDevAIError, *names: str):
    """Fails at these nodes, answers with the node's name at others."""

    async def fn(channel: Channel, metadata: Metadata) -> str:
        if str(channel) in names:
            raise error
        return str(channel)

    return fn


async def test_the_first_route_is_used_with_its_ticket() -> None:
    ways = Ways("a", "b")

    async def fn(channel: Channel, metadata: Metadata) -> str:
        return str(metadata["authorization"])

    assert await ways.routed.call(fn) == "Bearer ticket of a"
    assert ways.dialled == ["a"]


async def test_an_unavailable_node_is_passed_over() -> None:
    ways = Ways("a", "b")
    assert await ways.routed.call(failing(Unavailable("away"), "a")) == "b"


@pytest.mark.parametrize("error", [Invalid("x"), Denied("x"), Conflict("x")])
async def test_a_refusal_is_an_answer(error: PostDevAIError) -> None:
    """Asking the next node would only hear it again."""
    ways = Ways("a", "b")
    with pytest.raises(type(error)):
        await ways.routed.call(failing(error, "a"))
    assert ways.dialled == ["a"]


async def test_when_all_fail_the_coordinator_is_asked_once_more() -> None:
    ways = Ways("old", fresh=("new",))
    assert await ways.routed.call(failing(Unavailable("away"), "old")) == "new"
    assert ways.asked == [False, True]


async def test_a_refused_ticket_is_replaced_once() -> None:
    ways = Ways("a")
    with pytest.raises(Denied, match="stale"):
        await ways.routed.call(failing(Denied("stale", field="ticket"), "a"))
    assert ways.asked == [False, True]


async def test_that_nobody_offers_it_says_more_than_that_a_ticket_has_ended() -> None:
    ways = Ways("a", fresh=())
    ways.without = Unavailable("no node offers lake now", field=NO_ROUTE)
    with pytest.raises(Unavailable, match="no node offers lake now"):
        await ways.routed.call(failing(Denied("the ticket has expired", field="ticket"), "a"))


async def test_without_a_coordinator_it_is_the_ticket_that_has_ended() -> None:
    ways = Ways("a", fresh=())
    with pytest.raises(Denied, match="the ticket has expired"):
        await ways.routed.call(failing(Denied("the ticket has expired", field="ticket"), "a"))


async def test_fresh_routes_are_asked_for_at_once_where_the_last_ticket_was_stale() -> None:
    ways = Ways("old", fresh=("new",))
    channel, _ = await ways.routed.channel(fresh=True)
    assert str(channel) == "new"
    assert ways.asked == [True]


async def test_without_a_coordinator_the_nodes_own_error_is_told() -> None:
    ways = Ways("a", fresh=())
    with pytest.raises(Unavailable, match="the lake is replaying"):
        await ways.routed.call(failing(Unavailable("the lake is replaying"), "a"))


async def test_what_is_not_idempotent_is_never_sent_twice() -> None:
    ways = Ways("a", "b")
    with pytest.raises(Unavailable):
        await ways.routed.call(failing(Unavailable("broke off"), "a"), idempotent=False)
    assert ways.dialled == ["a"]


async def test_what_is_not_idempotent_goes_on_where_no_connection_was_made() -> None:
    ways = Ways("dead", "b")
    assert await ways.routed.call(failing(Unavailable("x")), idempotent=False) == "b"


async def test_a_stream_goes_on_elsewhere_before_its_first_item() -> None:
    ways = Ways("a", "b")

    async def fn(channel: Channel, metadata: Metadata) -> AsyncIterator[str]:
        if str(channel) == "a":
            raise Unavailable("away")
        yield str(channel)

    assert [item async for item in ways.routed.stream(fn)] == ["b"]


async def test_a_stream_that_has_shown_an_item_ends_with_its_error() -> None:
    """Never a repeated token."""
    ways = Ways("a", "b")
    seen: list[str] = []

    async def fn(channel: Channel, metadata: Metadata) -> AsyncIterator[str]:
        yield f"one of {channel}"
        raise Unavailable("killed")

    with pytest.raises(Unavailable, match="killed"):
        async for item in ways.routed.stream(fn):
            seen.append(item)
    assert seen == ["one of a"]


async def test_closing_a_stream_closes_the_call() -> None:
    ways = Ways("a")
    closed: list[bool] = []

    @asynccontextmanager
    async def noted() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            closed.append(True)

    async def fn(channel: Channel, metadata: Metadata) -> AsyncIterator[int]:
        async with noted():
            for number in range(100):
                yield number

    stream = ways.routed.stream(fn)
    assert await anext(stream) == 0
    await stream.aclose()
    assert closed == [True]


async def test_a_long_stream_gets_the_first_channel_that_connects() -> None:
    ways = Ways("dead", "b")
    channel, metadata = await ways.routed.channel()
    assert str(channel) == "b"
    assert metadata["authorization"] == "Bearer ticket of b"


async def test_while_the_circuit_is_open_nobody_is_dialled() -> None:
    ways = Ways("a")
    routed = ways.routed
    for _ in range(FAILURES_MAX):
        with pytest.raises(Unavailable):
            await routed.call(failing(Unavailable("no answer in time"), "a"))
    dialled = len(ways.dialled)
    with pytest.raises(Unavailable, match="no answer in time"):
        await routed.call(failing(Unavailable("x")))
    assert len(ways.dialled) == dialled


async def test_refusals_open_no_circuit() -> None:
    ways = Ways("a")
    routed = ways.routed
    for _ in range(FAILURES_MAX):
        with pytest.raises(Conflict):
            await routed.call(failing(Conflict("pinned"), "a"))
    assert await routed.call(failing(Invalid("x"))) == "a"


async def test_a_stream_that_may_not_be_sent_twice_is_not() -> None:
    ways = Ways("a", "b")

    async def fn(channel: Channel, metadata: Metadata) -> AsyncGenerator[str]:
        raise Unavailable("broke off")
        yield ""

    with pytest.raises(Unavailable):
        async for _ in ways.routed.stream(fn, idempotent=False):
            pytest.fail("nothing was said")
    assert ways.dialled == ["a"]
