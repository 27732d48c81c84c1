"""The way that calls usually go is taken without a question, and only while all of it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from grpc.aio import Channel, Metadata

from common.errors import Unavailable
from common.model.node import Route
from common.rpc import routed as routed_module
from common.rpc.routed import Routed

FIRST = Route("a:1", "spiffe://m/dragon/a", "ticket of a", 0)
SECOND = Route("b:1", "spiffe://m/dragon/b", "ticket of b", 0)


@dataclass
class Rehearsal:
    """Routes and channels that a test changes; a channel is a word."""

    routes: tuple[Route, ...] = (FIRST, SECOND)
    known_now: bool = True
    connected: dict[str, str] = field(
        default_factory=lambda: {"a:1": "channel a", "b:1": "channel b"}
    )
    resolved: int = 0
    dialled: list[str] = field(default_factory=list[str])

    async def resolve(self, *, fresh: bool) -> tuple[Route, ...]:
        self.resolved += 1
        return self.routes

    def known(self) -> tuple[Route, ...]:
        return self.routes if self.known_now else ()

    async def to(self, endpoint: str, identity_uri: str) -> str:
        self.dialled.append(endpoint)
        return self.connected.setdefault(endpoint, f"channel {endpoint} anew")

    def ready(self, endpoint: str, identity_uri: str) -> str | None:
        return self.connected.get(endpoint)

    def routed(self) -> Routed:
        return Routed("lake", self.resolve, self, known=self.known)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def told(channel: Channel, metadata: Metadata) -> tuple[str, str]:
    return str(channel), str(metadata["authorization"])


async def test_the_way_is_found_once() -> None:
    there = Rehearsal()
    routed = there.routed()
    said = {await routed.call(told) for _ in range(3)}
    assert said == {("channel a", "Bearer ticket of a")}
    assert (there.resolved, there.dialled) == (1, ["a:1"])


def _another_ticket(there: Rehearsal) -> None:
    there.routes = (replace(FIRST, ticket="a new ticket"), SECOND)


def _another_order(there: Rehearsal) -> None:
    there.routes = (SECOND, FIRST)


def _a_coordinator_is_to_be_asked(there: Rehearsal) -> None:
    there.known_now = False


def _not_connected_any_more(there: Rehearsal) -> None:
    del there.connected["a:1"]


def _another_channel(there: Rehearsal) -> None:
    there.connected["a:1"] = "channel with the renewed certificate"


@pytest.mark.parametrize(
    "change",
    [
        _another_ticket,
        _another_order,
        _a_coordinator_is_to_be_asked,
        _not_connected_any_more,
        _another_channel,
    ],
)
async def test_whatever_changes_about_it_has_it_found_anew(
    change: Callable[[Rehearsal], None],
) -> None:
    there = Rehearsal()
    routed = there.routed()
    await routed.call(told)
    change(there)
    channel, ticket = await routed.call(told)
    assert there.resolved == 2
    assert ticket == f"Bearer {there.routes[0].ticket}"
    assert channel == there.connected[there.routes[0].endpoint]


async def test_when_it_fails_the_routes_behind_it_are_tried_as_ever() -> None:
    there = Rehearsal()
    routed = there.routed()
    await routed.call(told)

    async def first_is_away(channel: Channel, metadata: Metadata) -> str:
        tried.append(str(channel))
        if str(channel) == "channel a":
            raise Unavailable("away")
        return str(channel)

    tried: list[str] = []
    assert await routed.call(first_is_away) == "channel b"
    assert tried == ["channel a", "channel b"]
    assert there.resolved == 1


async def test_what_may_not_happen_twice_goes_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connected(channel: str) -> None:
        """Each is."""

    monkeypatch.setattr(routed_module, "_connected", connected)
    there = Rehearsal()
    routed = there.routed()
    await routed.call(told)

    async def is_away(channel: Channel, metadata: Metadata) -> str:
        tried.append(str(channel))
        raise Unavailable("away")

    tried: list[str] = []
    with pytest.raises(Unavailable):
        await routed.call(is_away, idempotent=False)
    assert tried == ["channel a"]
