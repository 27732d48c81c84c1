"""What stands before every service: token, deadline, errors, health, reflection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Channel, Metadata, ServicerContext
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from common.daemon.home import Home
from common.errors import Denied, Invalid, OverLimit, PostDevAIError, Unavailable
from common.pb.postdevai.v1.developer_service_pb2 import (
    StatusRequest,
    StatusResponse,
    WatchFeedRequest,
    WatchFeedResponse,
)
from common.pb.postdevai.v1.developer_service_pb2_grpc import (
    DeveloperServiceServicer,
    DeveloperServiceStub,
    add_DeveloperServiceServicer_to_server,
)
from common.rpc.server import TOKEN_METADATA, is_loopback, open_local_server
from common.rpc.status import error_from_rpc

GOOD = Metadata((TOKEN_METADATA, "right"))
Context = ServicerContext[Any, Any]


class Front(DeveloperServiceServicer):
    """Raises what it is told to."""

    error: BaseException | None = None

    async def Status(self, request: StatusRequest, context: Context) -> StatusResponse:  # noqa: N802
        if self.error:
            raise self.error
        return StatusResponse()

    async def WatchFeed(  # noqa: N802
        self, request: WatchFeedRequest, context: Context
    ) -> AsyncIterator[WatchFeedResponse]:
        yield WatchFeedResponse(cursor=1)
        if self.error:
            raise self.error


@asynccontextmanager
async def serving(front: Front, tmp_path: Path) -> AsyncGenerator[Channel]:
    socket = Home(tmp_path).runtime_directory() / "test.sock"
    server = await open_local_server(
        socket, "right", lambda server: add_DeveloperServiceServicer_to_server(front, server)
    )
    try:
        assert socket.stat().st_mode & 0o077 == 0
        async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
            yield channel
    finally:
        await server.stop(0)


def front(error: BaseException | None = None) -> Front:
    made = Front()  # pyright: ignore[reportAbstractUsage]
    made.error = error
    return made


async def refusal(call: Any) -> PostDevAIError:
    with pytest.raises(AioRpcError) as caught:
        await call
    return error_from_rpc(caught.value)


async def test_the_local_api_answers_whoever_holds_the_token(tmp_path: Path) -> None:
    async with serving(front(), tmp_path) as channel:
        stub = DeveloperServiceStub(channel)
        assert await stub.Status(StatusRequest(), timeout=3, metadata=GOOD) == StatusResponse()
        for metadata in (Metadata((TOKEN_METADATA, "wrong")), Metadata()):
            error = await refusal(stub.Status(StatusRequest(), timeout=3, metadata=metadata))
            assert isinstance(error, Denied)


async def test_a_call_without_a_deadline_is_refused_on_the_socket_too(tmp_path: Path) -> None:
    async with serving(front(), tmp_path) as channel:
        error = await refusal(DeveloperServiceStub(channel).Status(StatusRequest(), metadata=GOOD))
        assert isinstance(error, Invalid)
        assert error.field == "grpc-timeout"


async def test_an_error_arrives_with_its_hint(tmp_path: Path) -> None:
    async with serving(front(OverLimit("full", hint="delete some")), tmp_path) as channel:
        stub = DeveloperServiceStub(channel)
        error = await refusal(stub.Status(StatusRequest(), timeout=3, metadata=GOOD))
        assert isinstance(error, OverLimit)
        assert (error.message, error.hint) == ("full", "delete some")


async def test_a_fault_of_ours_shows_no_inside(tmp_path: Path) -> None:
    async with serving(front(KeyError("secret detail")), tmp_path) as channel:
        stub = DeveloperServiceStub(channel)
        error = await refusal(stub.Status(StatusRequest(), timeout=3, metadata=GOOD))
        assert isinstance(error, Unavailable)
        assert "secret" not in error.message + error.hint


async def test_a_stream_ends_with_its_error_after_what_it_has_shown(tmp_path: Path) -> None:
    async with serving(front(Unavailable("gone")), tmp_path) as channel:
        call = DeveloperServiceStub(channel).WatchFeed(WatchFeedRequest(), metadata=GOOD)
        seen: list[int] = []
        with pytest.raises(AioRpcError) as caught:
            async for item in call:
                seen.append(item.cursor)
        assert seen == [1]
        assert error_from_rpc(caught.value).message == "gone"


async def test_bytes_that_are_no_message_are_invalid(tmp_path: Path) -> None:
    async with serving(front(), tmp_path) as channel:
        raw = channel.unary_unary("/postdevai.v1.DeveloperService/Search")
        error = await refusal(raw(b"\x0a\xff", timeout=3, metadata=GOOD))
        assert isinstance(error, Invalid)
        assert error.field == "message"


async def test_health_and_reflection_tell_what_is_served(tmp_path: Path) -> None:
    async with serving(front(), tmp_path) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        said = await check(health_pb2.HealthCheckRequest(), timeout=3, metadata=GOOD)
        assert said.status == health_pb2.HealthCheckResponse.SERVING
        reflect = channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
        call = reflect(
            iter([reflection_pb2.ServerReflectionRequest(list_services="")]), metadata=GOOD
        )
        async for answer in call:
            names = {service.name for service in answer.list_services_response.service}
            assert "postdevai.v1.DeveloperService" in names


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """The daemon's lock is held: a socket that is there belongs to nobody."""
    (Home(tmp_path).runtime_directory() / "test.sock").write_text("left by a killed daemon")
    async with serving(front(), tmp_path) as channel:
        stub = DeveloperServiceStub(channel)
        assert await stub.Status(StatusRequest(), timeout=3, metadata=GOOD) == StatusResponse()


def test_loopback_is_told_from_the_rest() -> None:
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not is_loopback("0.0.0.0") and not is_loopback("192.168.1.2")
