"""A ticket that a node refuses is replaced, also where a long stream begins with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from grpc import StatusCode
from grpc.aio import AioRpcError

from common.clients.lake import LakeClient
from common.clients.replica import Leaders
from common.errors import Denied, Invalid, Unavailable
from common.model.ids import NodeId, Origin
from common.model.node import Identity, Route
from common.model.replica import JournalReach
from common.pb.postdevai.v1 import replica_service_pb2 as pb
from common.pb.postdevai.v1.replica_service_pb2_grpc import (
    ReplicaServiceServicer,
    add_ReplicaServiceServicer_to_server,
)
from common.rpc.routed import Routed
from common.rpc.status import abort
from coordinator_node.node import open_gateway
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats
from tests.support.strict_lake import PlainChannels
from tests.support.waiting import until

WITHIN_S = 60.0
LEADER = Identity("m", "dragon", NodeId("1" * 32))
OWN = Identity("m", "dragon", NodeId("2" * 32))


async def test_recording_begins_with_a_new_ticket_once_the_keys_were_replaced(
    tmp_path: Path,
) -> None:
    """By its date the ticket that is remembered is good for minutes."""
    async with asyncio.timeout(WITHIN_S), SmallMesh.open(tmp_path) as mesh:
        laptop = await mesh.join("developer")
        async with (
            open_dragon(mesh) as dragon,
            open_member(laptop, mesh.directory("developer")) as asks,
        ):
            records = asks.routed("lake")
            await records.call(stats)
            async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
                await gateway.acts.replace_ticket_keys("a test")
            await until(lambda: _is_refused(records))
            calls = dragon.lake.calls
            await until(lambda: _is_asked(LakeClient(records)))
            assert dragon.lake.calls > calls


async def _is_asked(lake: LakeClient) -> bool:
    """Whether the Dragon let the stream in; this one answers no opening. The Coordinator may sign
    with the key of before once more, and not for as long as a ticket is good."""
    try:
        async with lake.ingest(Origin("0" * 32), 1, 0):
            return True
    except Invalid as error:
        assert "did not answer the opening" in error.message
        return True
    except (Denied, Unavailable):
        return False


async def _is_refused(way: Routed) -> bool:
    """Whether the remembered ticket is."""
    channel, metadata = await way.channel()
    try:
        await stats(channel, metadata)
    except AioRpcError as error:
        return error.code() in (StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED)
    return False


_Unimplemented: Any = ReplicaServiceServicer


class _Leader(_Unimplemented):
    """Takes one ticket and no other."""

    def __init__(self, takes: str) -> None:
        self.takes = f"Bearer {takes}"

    async def FollowJournal(self, requests: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        if dict(context.invocation_metadata())["authorization"] != self.takes:
            await abort(context, Denied("signed by an unknown key", field="ticket"))
        async for _ in requests:
            yield pb.FollowJournalResponse(welcome=pb.JournalReach(journal="its journal"))


class _Mesh:
    """Remembers an old ticket, and is given a new one."""

    def __init__(self, port: int, channels: PlainChannels) -> None:
        self._endpoint = f"127.0.0.1:{port}"
        self._channels = channels

    async def _resolve(self, *, fresh: bool) -> tuple[Route, ...]:
        return (Route(self._endpoint, LEADER.uri, "new" if fresh else "old", 1 << 60),)

    def routed(self, *_: object, **__: object) -> Routed:
        return Routed("lake", self._resolve, self._channels)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@asynccontextmanager
async def _plain() -> AsyncGenerator[PlainChannels]:
    channels = PlainChannels()
    try:
        yield channels
    finally:
        await channels.close()


@pytest.mark.parametrize("takes", ["old", "new", "neither"])
async def test_a_follower_begins_with_a_new_ticket_where_the_old_one_is_refused(takes: str) -> None:
    server = grpc.aio.server()
    add_ReplicaServiceServicer_to_server(_Leader(takes), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with asyncio.timeout(WITHIN_S), _plain() as channels:
            leaders = Leaders(_Mesh(port, channels), OWN)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            if takes == "neither":
                with pytest.raises(Denied, match="unknown key"):
                    async with leaders.follow(LEADER.id, JournalReach()):
                        pass
                return
            async with leaders.follow(LEADER.id, JournalReach()) as followed:
                assert followed.welcome.journal == "its journal"
    finally:
        await server.stop(None)
