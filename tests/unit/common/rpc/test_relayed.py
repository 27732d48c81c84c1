"""Which way a call takes: directly, by the relay where that cannot be, and back again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from grpc.aio import Channel, Metadata

import common.rpc.relayed as module
from common.errors import Unavailable
from common.model.node import Route
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.rpc.certificates import new_key
from common.rpc.channel import Channels
from common.rpc.reaching import Reaching
from common.rpc.relayed import Mode, Relayed
from common.rpc.routed import Routed
from common.rpc.sealed.channel import SealedChannel
from common.rpc.sealed.statement import Statement, sign_statement
from tests.support.relayed import Relayed as There
from tests.support.relayed import open_relayed

OWNER = new_key()
DEAD = "127.0.0.1:9"
SOON_S = 30.0


@dataclass
class Laptop:
    """A laptop with routes that a test changes, and what its calls went over."""

    there: There
    relayed: Relayed
    routed: Routed
    route: Route
    went: list[type]

    async def ask(self, *, idempotent: bool = True) -> int:
        async def fn(channel: Channel, metadata: Metadata) -> int:
            self.went.append(type(channel))
            stub: Any = LakeServiceStub(channel)
            return (await stub.Stats(lake.StatsRequest(), timeout=SOON_S, metadata=metadata)).lsn

        return await self.routed.call(fn, idempotent=idempotent)

    def by(self) -> str:
        return "sealed" if self.went[-1] is SealedChannel else "direct"


@asynccontextmanager
async def open_laptop(
    root: Path, endpoint: str = DEAD, mode: Mode = "auto", *, knows_owner: bool = True
) -> AsyncGenerator[Laptop]:
    async with open_relayed(root) as there:
        node = there.dragon.identity.uri
        key = there.sealing_key.public_key().public_bytes_raw()
        said = Statement(there.authority.mesh, node, key, there.clock.now_ms() + 10**9)
        route = Route(
            endpoint or there.dragon_address,
            node,
            "",
            0,
            relay=there.coordinator.identity.uri,
            sealing_key=sign_statement(OWNER, said),
        )
        channels = Channels(there.laptop, there.clock)
        relayed = Relayed(
            there.laptop,
            Reaching(channels),
            lambda uri: (there.address,) if uri == there.coordinator.identity.uri else (),
            lambda: OWNER.public_key() if knows_owner else None,
            there.clock,
            mode,
        )

        async def resolve(*, fresh: bool) -> tuple[Route, ...]:
            return (laptop.route,)

        routed = Routed("lake", resolve, channels, relayed=relayed)
        laptop = Laptop(there, relayed, routed, route, [])
        try:
            yield laptop
        finally:
            await relayed.close()
            await channels.close()


async def test_the_direct_way_is_taken_where_there_is_one(tmp_path: Path) -> None:
    """The control of all below."""
    async with open_laptop(tmp_path, "") as laptop:
        assert await laptop.ask() == 1
        assert laptop.by() == "direct"
        assert laptop.relayed.identities == ()


@pytest.mark.parametrize("idempotent", [True, False])
async def test_where_nothing_connects_the_call_goes_by_the_relay(
    tmp_path: Path, idempotent: bool
) -> None:
    async with open_laptop(tmp_path) as laptop:
        assert await laptop.ask(idempotent=idempotent) == 1
        assert laptop.by() == "sealed"
        assert laptop.relayed.identities == (laptop.there.dragon.identity.uri,)
        assert laptop.routed._breaker.now().relayed  # pyright: ignore[reportPrivateUsage]
        assert laptop.there.kinds.callers == [laptop.there.laptop.identity.uri]


async def test_the_direct_way_is_taken_again_once_it_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried beside the calls: none of them waits for it."""
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    async with open_laptop(tmp_path) as laptop:
        await laptop.ask()
        assert laptop.by() == "sealed"
        laptop.route = replace(laptop.route, endpoint=laptop.there.dragon_address)
        async with asyncio.timeout(SOON_S):
            while laptop.by() != "direct":
                await laptop.ask()
        assert laptop.relayed.identities == ()


async def test_a_key_that_the_owner_did_not_sign_is_not_sealed_for(tmp_path: Path) -> None:
    async with open_laptop(tmp_path) as laptop:
        said = Statement(laptop.there.authority.mesh, laptop.route.identity, bytes(32), 10**15)
        laptop.route = replace(laptop.route, sealing_key=sign_statement(new_key(), said))
        with pytest.raises(Unavailable, match="somebody who is not the owner"):
            await laptop.ask()
        assert not laptop.went


async def test_who_was_never_told_the_owners_key_is_told_so(tmp_path: Path) -> None:
    async with open_laptop(tmp_path, knows_owner=False) as laptop:
        with pytest.raises(Unavailable, match="never told the owner's key") as raised:
            await laptop.ask()
        assert raised.value.hint == "see: postdevai owner"


async def test_only_and_never_are_kept(tmp_path: Path) -> None:
    async with open_laptop(tmp_path / "only", "", "only") as laptop:
        await laptop.ask()
        assert laptop.by() == "sealed"
    async with open_laptop(tmp_path / "never", DEAD, "never") as laptop:
        with pytest.raises(Unavailable):
            await laptop.ask()


async def test_the_relay_is_left_when_it_fails_as_well(tmp_path: Path) -> None:
    """What comes back may be the direct way."""
    async with open_laptop(tmp_path) as laptop:
        await laptop.ask()
        laptop.there.nodes.clear()
        laptop.route = replace(laptop.route, endpoint=laptop.there.dragon_address)
        async with asyncio.timeout(SOON_S):
            while True:
                try:
                    assert await laptop.ask()
                    if laptop.by() == "direct":
                        return
                except Unavailable:
                    continue
