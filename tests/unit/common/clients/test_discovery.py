"""mDNS gives addresses of the mesh's Coordinators, and no trust. On loopback alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from zeroconf.asyncio import AsyncServiceInfo

from common.alongside import alongside
from common.clients.discovery import (
    ADDRESSES_MAX,
    CLAIMS_MAX,
    TYPE,
    LocalNetwork,
    announce,
    by_node,
    note,
)
from common.clients.membership import Membership
from common.daemon.ports import Ports
from tests.support.small_mesh import SmallMesh, open_dragon

LOOPBACK = ("127.0.0.1",)
WITHIN_S = 60.0


@asynccontextmanager
async def announced(mesh: str, node: str, address: str) -> AsyncGenerator[None]:
    async with alongside(announce(mesh, node, lambda: (address,), LOOPBACK)):
        yield


async def test_what_is_announced_is_found_and_other_meshes_are_not() -> None:
    found = LocalNetwork(tuple, LOOPBACK)
    async with (
        announced("mesh-one", "aaaa", "127.0.0.1:5001"),
        announced("mesh-two", "bbbb", "127.0.0.1:5002"),
    ):
        async with asyncio.timeout(WITHIN_S):
            while not (said := await found.find("mesh-one")):
                pass
    assert said == {"aaaa": ("127.0.0.1:5001",)}


async def test_a_mesh_on_one_machine_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    from common.clients import discovery

    monkeypatch.setattr(discovery, "_network", None)  # it would be called
    assert await LocalNetwork(lambda: ("127.0.0.1:50053", "[::1]:50053")).find("m") == {}


async def test_a_coordinator_that_moved_is_found_and_a_liar_is_not_believed(
    tmp_path: Path,
) -> None:
    """The liar holds a certificate of the mesh, a Dragon's, and claims the Coordinator's id."""
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        own_id = mesh.identity_uri.rpartition("/")[2]
        async with (
            open_dragon(mesh) as liar,
            Membership.open(
                laptop, directory=tmp_path / "m", finder=LocalNetwork(tuple, LOOPBACK)
            ) as membership,
        ):
            assert membership.connected
            before = mesh.address
            await mesh.stop()
            await membership.wait_until(connected=False)
            for name in ("coordinator", "enrolment"):
                Ports.of(mesh.home).remember(name, 0)
            await mesh.start()
            assert mesh.address != before
            async with (
                announced(laptop.identity.mesh, own_id, liar.address),
                announced(laptop.identity.mesh, own_id, mesh.address),
                asyncio.timeout(WITHIN_S),
            ):
                await membership.wait_until(connected=True)
            (told,) = laptop.coordinators
            assert told.addresses[0] == mesh.address
            assert liar.lake.calls == 0


def test_whoever_claims_without_end_is_heard_to_a_bound() -> None:
    names: list[str] = []
    for number in range(2 * CLAIMS_MAX):
        note(names, f"name-{number}")
        note(names, "name-0")
    assert len(names) == len(set(names)) == CLAIMS_MAX
    claims = [
        AsyncServiceInfo(
            TYPE,
            f"n{number}.{TYPE}",
            port=5000 + number,
            addresses=[socket.inet_aton("127.0.0.1")],
            properties={"mesh": "m", "id": "aaaa"},
        )
        for number in range(2 * ADDRESSES_MAX)
    ]
    found = by_node("m", claims)
    assert list(found) == ["aaaa"]
    assert len(found["aaaa"]) == ADDRESSES_MAX
