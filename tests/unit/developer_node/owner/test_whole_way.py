"""The whole way in one process: a code, a signed key, a route that tells of the relay, a ticket."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from grpc.aio import Channel, Metadata

from common.clients.membership import Membership
from common.errors import Denied, Unavailable
from common.rpc.credentials import NodeIdentity
from common.rpc.relayed import SETTING
from common.rpc.server import open_server
from developer_node.owner.keeping import open_signing
from tests.support.small_mesh import (
    CountingLake,
    SmallMesh,
    add_LakeServiceServicer_to_server,
    open_member,
    stats,
)

SOON_S = 60.0


async def test_a_call_by_the_relay_brings_its_ticket_within_the_seal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node asks for the ticket of the call within, and for none of the Coordinator."""
    monkeypatch.setenv(SETTING, "only")
    async with SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer", "laptop", admin=True)
        (tmp_path / "developer").mkdir()
        async with open_member(laptop, mesh.directory("laptop")) as member:
            signing = await open_signing(
                tmp_path, tmp_path / "developer", laptop, member, mesh.clock
            )
            signing.owner.init()
            code = (await signing.invite("dragon")).code
            dragon = await NodeIdentity.open(mesh.directory("dragon"), code=code)
            lake = CountingLake()  # pyright: ignore[reportAbstractUsage]
            async with Membership.open(
                dragon, capabilities=("lake",), directory=tmp_path / "dragon", seals=True
            ) as there:
                server, port = await open_server(
                    "127.0.0.1",
                    0,
                    dragon,
                    lambda server: add_LakeServiceServicer_to_server(lake, server),
                    there.guard,
                    sealed=there.sealed,
                )
                try:
                    await there.announce(f"127.0.0.1:{port}")
                    with pytest.raises(Unavailable, match="not signed a sealing key"):
                        await member.routed("lake").call(stats)
                    assert lake.calls == 0
                    await signing.look()
                    async with asyncio.timeout(SOON_S):
                        while not lake.calls:
                            try:
                                await member.routed("lake").call(stats)
                            except Unavailable:  # the circuit waits a moment after the refusal
                                await asyncio.sleep(0.05)
                    channel, _ = await member.routed("lake").channel()
                    with pytest.raises(Denied, match="ticket"):
                        await member.routed("lake").call(lambda c, m: _without_ticket(channel))
                finally:
                    await server.stop(0)


async def _without_ticket(channel: Channel) -> int:
    return await stats(channel, Metadata())
