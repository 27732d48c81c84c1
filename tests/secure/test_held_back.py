"""A caller that floods is limited, others do not notice; streams end with their caller's welcome.

Every call goes over real mutual TLS.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc.aio import AioRpcError, Channel, Metadata
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.errors import Denied, OverLimit
from common.model.ids import NodeId
from common.pb.postdevai.v1.lake_service_pb2 import IngestRequest
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceStub,
    add_LakeServiceServicer_to_server,
)
from common.rpc import server
from common.rpc.channel import open_channel
from common.rpc.guard import Guard
from common.rpc.limits import ALLOWED, STREAMS_MAX, Allowance, Limits
from common.rpc.server import open_server
from common.rpc.status import DETAILS_KEY, error_from_rpc
from coordinator_node.gateway.authority import Authority
from tests.support.small_mesh import CountingLake, Own, ShiftedClock, forged, stats

FEW = {**ALLOWED, "developer": Allowance(0.001, 20, 1 << 20, 1 << 20)}
"""Twenty messages, and then one in a quarter of an hour: no machine is slow enough for more."""
WAIT_S = 30


class Door:
    """A Dragon's server without a Coordinator: the CA is at hand, and so are denials."""

    def __init__(self, root: Path) -> None:
        self.clock = ShiftedClock()
        self.authority = Authority.make(root / "authority", self.clock)
        self.lake = CountingLake()  # pyright: ignore[reportAbstractUsage]
        self.denied: set[NodeId] = set()
        self.own = forged(self.authority, "dragon")
        self.port = 0

    @asynccontextmanager
    async def call(self, caller: Own) -> AsyncGenerator[LakeServiceStub]:
        """As this caller."""
        at = f"127.0.0.1:{self.port}"
        async with open_channel(at, self.own.identity.uri, caller) as channel:
            yield LakeServiceStub(channel)


@asynccontextmanager
async def door(root: Path, limits: dict[str, Allowance] | None = None) -> AsyncGenerator[Door]:
    made = Door(root)
    clock = made.clock
    guard = Guard(
        mesh=made.authority.mesh,
        denied=lambda: frozenset(made.denied),
        limits=Limits(clock, limits or ALLOWED),
        clock=clock,
    )
    server, made.port = await open_server(
        "127.0.0.1",
        0,
        made.own,
        lambda server: add_LakeServiceServicer_to_server(made.lake, server),
        guard,
    )
    try:
        yield made
    finally:
        await server.stop(0)


async def test_a_caller_that_floods_is_limited_and_another_does_not_notice(
    tmp_path: Path,
) -> None:
    async with door(tmp_path, FEW) as there:
        flooder, other = (forged(there.authority, "developer") for _ in range(2))
        refused: list[AioRpcError] = []

        async def flood() -> None:
            at = f"127.0.0.1:{there.port}"
            async with open_channel(at, there.own.identity.uri, flooder) as channel:
                for _ in range(100):
                    try:
                        await stats(channel, Metadata())
                    except AioRpcError as error:
                        refused.append(error)

        async def work() -> None:
            at = f"127.0.0.1:{there.port}"
            async with open_channel(at, there.own.identity.uri, other) as channel:
                for _ in range(20):
                    await stats(channel, Metadata())

        async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as group:
            group.create_task(flood())
            group.create_task(work())
        assert len(refused) == 80
        assert there.lake.calls == 40
        error = error_from_rpc(refused[0])
        assert isinstance(error, OverLimit)
        assert flooder.identity.id in error.message
        assert retry_s(refused[0]) > 0


async def test_a_stream_over_its_limit_is_read_slowly_and_loses_nothing(tmp_path: Path) -> None:
    """The rate is such that the 60 messages over the burst take a while, and all arrive."""
    brisk = {**ALLOWED, "developer": Allowance(200, 20, 1 << 20, 1 << 20)}
    async with door(tmp_path, brisk) as there:
        caller = forged(there.authority, "developer")

        async def messages() -> AsyncIterator[IngestRequest]:
            for _ in range(80):
                yield IngestRequest()

        async with asyncio.timeout(WAIT_S), there.call(caller) as stub:
            began = asyncio.get_running_loop().time()
            answers = [each async for each in cast(Any, stub).Ingest(messages(), timeout=WAIT_S)]
            took_s = asyncio.get_running_loop().time() - began
        assert len(answers) == 80
        assert took_s > 0.2  # never shorter, however fast the machine is


async def test_a_caller_has_so_many_streams_open_and_no_more(tmp_path: Path) -> None:
    most = STREAMS_MAX["tool"]
    async with door(tmp_path) as there, AsyncExitStack() as stack:
        caller, other = (forged(there.authority, "tool") for _ in range(2))
        at, node = f"127.0.0.1:{there.port}", there.own.identity.uri
        mine = await stack.enter_async_context(open_channel(at, node, caller))
        theirs = await stack.enter_async_context(open_channel(at, node, other))

        async def watch(channel: Channel) -> Any:
            stub: Any = health_pb2_grpc.HealthStub(channel)
            call = stub.Watch(health_pb2.HealthCheckRequest(), timeout=WAIT_S)
            await call.read()
            return call

        async with asyncio.timeout(WAIT_S):
            streams = [await watch(mine) for _ in range(most)]
            with pytest.raises(AioRpcError) as caught:
                await watch(mine)
            error = error_from_rpc(caught.value)
            assert isinstance(error, OverLimit)
            assert f"has {most} streams open here" in error.message
            await watch(theirs)  # the control
            streams[0].cancel()
            while True:  # until the server has heard of it
                try:
                    await watch(mine)
                    break
                except AioRpcError:
                    await asyncio.sleep(0.05)


async def test_an_idle_stream_ends_when_its_caller_is_denied(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        caller, other = (forged(there.authority, "developer") for _ in range(2))
        async with asyncio.timeout(WAIT_S), there.call(caller) as mine, there.call(other) as theirs:
            streams = [cast(Any, stub).Ingest(timeout=WAIT_S) for stub in (mine, theirs)]
            for stream in streams:
                await stream.write(IngestRequest())
                await stream.read()
            there.denied.add(caller.identity.id)
            with pytest.raises(AioRpcError) as caught:
                await streams[0].read()  # nothing is sent either way
            error = error_from_rpc(caught.value)
            assert isinstance(error, Denied)
            assert "no longer welcome" in error.message
            await streams[1].write(IngestRequest())  # the control
            await streams[1].read()


async def test_an_idle_stream_ends_with_its_callers_certificate(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        caller = forged(there.authority, "developer")
        async with asyncio.timeout(WAIT_S), there.call(caller) as stub:
            stream = cast(Any, stub).Ingest(timeout=WAIT_S)
            await stream.write(IngestRequest())
            await stream.read()
            there.clock.shift_ms = 25 * 3_600_000
            with pytest.raises(AioRpcError) as caught:
                await stream.read()
            assert "certificate has expired" in error_from_rpc(caught.value).message


async def test_a_connection_ends_with_its_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a leaf that was renewed is shown, and one that was not ends, in some hours."""
    ages = dict(server.AGES)
    assert 0 < ages["grpc.max_connection_age_ms"] <= 4 * 3_600_000
    monkeypatch.setattr(server, "AGES", tuple((name, 200) for name in ages))
    async with door(tmp_path) as there:
        caller = forged(there.authority, "developer")
        async with asyncio.timeout(WAIT_S), there.call(caller) as stub:
            stream = cast(Any, stub).Ingest()
            await stream.write(IngestRequest())
            with pytest.raises(AioRpcError) as caught:
                while True:
                    await stream.read()  # nobody ends it but its age
            assert caught.value.code() is StatusCode.UNAVAILABLE


def retry_s(error: AioRpcError) -> float:
    """What RetryInfo says."""
    found = next(value for key, value in error.trailing_metadata() if key == DETAILS_KEY)
    status = status_pb2.Status.FromString(cast(bytes, found))
    info = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Unpack(info):
            return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return 0.0
