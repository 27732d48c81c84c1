"""The Register stream: who is silent or speaks out of turn loses it."""

from __future__ import annotations

from pathlib import Path

import pytest

import coordinator_node.service_registry as module
from common.clients.registry import Hello, RegistryClient
from common.errors import Conflict, Invalid, Unavailable
from common.model.node import NodeLoad, NodeOffer
from common.rpc.channel import open_channel
from coordinator_node.registry import roster
from tests.support.small_mesh import SmallMesh
from tests.support.waiting import until

HELLO = Hello("127.0.0.1:9", ("lake",), "0", 1)


async def test_a_silent_node_loses_its_stream_after_one_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEASE_S", 0.1)
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            with pytest.raises(Unavailable, match="no heartbeat came"):
                async with RegistryClient(channel).register(HELLO) as registration:
                    await registration._call.read()  # pyright: ignore[reportPrivateUsage]


async def test_the_lease_ends_with_the_stream(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "LEASE_S", 3_600.0)  # nothing else ends it
    async with SmallMesh.open(tmp_path) as mesh:
        dragon, laptop = await mesh.join("dragon"), await mesh.join("developer")
        async with (
            open_channel(mesh.address, mesh.identity_uri, dragon) as one,
            open_channel(mesh.address, mesh.identity_uri, laptop) as other,
        ):
            client = RegistryClient(other)
            async with RegistryClient(one).register(HELLO) as registration:
                await registration.beat("serving", NodeLoad(queue=3))
                (route,) = await client.resolve("lake", "", "")
                assert (route.endpoint, route.identity) == (HELLO.address, dragon.identity.uri)
                (seen,) = [each for each in await client.nodes() if each.role == "dragon"]
                assert (seen.state, seen.load.queue) == ("serving", 3)

            async def refused() -> str:
                try:
                    await client.resolve("lake", "", "")
                except Unavailable as error:
                    return error.message
                return ""

            await until(refused)
            assert "no node offers lake" in await refused()


async def test_a_draining_node_is_given_no_new_work(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        dragon, laptop = await mesh.join("dragon"), await mesh.join("developer")
        async with (
            open_channel(mesh.address, mesh.identity_uri, dragon) as one,
            open_channel(mesh.address, mesh.identity_uri, laptop) as other,
            RegistryClient(one).register(HELLO) as registration,
        ):
            await registration.beat("draining", NodeLoad())
            with pytest.raises(Unavailable):
                await RegistryClient(other).resolve("lake", "", "")


async def test_a_second_stream_of_a_node_takes_its_seat(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            client = RegistryClient(channel)
            with pytest.raises(Conflict, match="another registration"):
                async with client.register(HELLO) as first, client.register(HELLO):
                    await first.beat("serving", NodeLoad())


@pytest.mark.parametrize(
    ("hello", "field"),
    [
        (Hello("h:1", ("lake", "sorcery"), "0", 1), "hello.capabilities[1]"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Hello("h" * 300, (), "0", 1), "hello.address"),
        (Hello("h:1", (), "0", 1, addresses=("h:1",) * 9), "hello.addresses"),
        (Hello("h:1", (), "0", 1, addresses=("nowhere",)), "hello.addresses"),
        (Hello("h:1", (), "0", 1, sealing_key="k" * 9_000), "hello.sealing_key"),
        (Hello("h:1", (), "0", 1, machine="m" * 200), "hello.machine and hello.process"),
    ],
)
async def test_a_malformed_hello_names_the_field(tmp_path: Path, hello: Hello, field: str) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            with pytest.raises(Invalid) as caught:
                async with RegistryClient(channel).register(hello):
                    pass
            assert caught.value.field == field


async def test_an_unknown_capability_names_the_field(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            with pytest.raises(Invalid) as caught:
                await RegistryClient(channel).resolve("sorcery", "", "")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            assert caught.value.field == "capability"


async def test_a_node_of_another_major_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("developer")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            client = RegistryClient(channel)
            with pytest.raises(Conflict, match=r"version 99\.0\.0 does not work with") as caught:
                async with client.register(Hello("", (), "99.0.0", 1)):
                    pass
            assert "upgrade" in caught.value.hint
            assert caught.value.field != "seat"


@pytest.mark.parametrize(
    "offer",
    [NodeOffer(projects=("p",) * 1_025), NodeOffer(models=("m",) * 65), NodeOffer(("p" * 129,))],
)
async def test_what_a_node_holds_has_limits(tmp_path: Path, offer: NodeOffer) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        node = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, node) as channel:
            with pytest.raises(Invalid, match="at most"):
                async with RegistryClient(channel).register(HELLO) as registration:
                    await registration.beat("serving", NodeLoad(), offer)
