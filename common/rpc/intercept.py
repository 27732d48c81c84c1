"""Stands before every service: the guard, the deadline, the errors as statuses."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError
from grpc.aio import AbortError, ServerInterceptor, ServicerContext

from common.errors import Invalid, PostDevAIError, Unavailable
from common.rpc.certificates import Leaf
from common.rpc.peers import peer_leaf
from common.rpc.status import abort

log = logging.getLogger(__name__)

TICKET_METADATA = "authorization"
BEARER = "Bearer "
TOOL_S = 30.0
"""Deadline of a tool's call that brings none."""

Context = ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Admission(Protocol):
    """Decides on a call; raises Denied."""

    def admit(self, method: str, context: Context) -> Leaf | None:
        """Called once a call; the caller's leaf where there is one."""
        ...

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Called before each message of a stream."""
        ...


class _GuardLike(Protocol):
    def admit(self, method: str, leaf: Leaf | None, ticket: str) -> None: ...
    def still_welcome(self, leaf: Leaf | None) -> None: ...


@dataclass(frozen=True, slots=True)
class MeshAdmission:
    """Admission by certificate and ticket."""

    guard: _GuardLike

    def admit(self, method: str, context: Context) -> Leaf | None:
        """Asks the guard about the leaf of the connection and the ticket in the metadata."""
        leaf = peer_leaf(context)
        self.guard.admit(
            method, leaf, metadata_value(context, TICKET_METADATA).removeprefix(BEARER)
        )
        return leaf

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Asks the guard again."""
        self.guard.still_welcome(leaf)


def metadata_value(context: Context, key: str) -> str:
    """The caller's metadata of that name, or nothing."""
    for name, value in context.invocation_metadata() or ():
        if name == key and isinstance(value, str):
            return value
    return ""


@dataclass(frozen=True, slots=True)
class _Malformed:
    """Takes a message's place when its bytes are not one: raising there would say INTERNAL."""

    reason: str


class Intercept(ServerInterceptor):
    """Wraps each handler: what it raises becomes a status, and nobody gets past the admission."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def intercept_service(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The service's handler with the questions before it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        return _wrap(handler, _Call(self._admission, str(handler_call_details.method)))


@dataclass(frozen=True, slots=True)
class _Call:
    admission: Admission
    method: str

    def admit(self, context: Context) -> Leaf | None:
        return self.admission.admit(self.method, context)

    @contextlib.asynccontextmanager
    async def deadline(self, context: Context, leaf: Leaf | None) -> AsyncGenerator[None]:
        """The caller's own; a tool that can set none, as `buf curl`, is given one here."""
        # typed as float, but None when the caller set no deadline
        remaining = cast(float | None, context.time_remaining())
        if remaining is not None:
            yield
            return
        if leaf is None or leaf.identity.role != "tool":
            raise Invalid("the call has no deadline", hint="set a timeout", field="grpc-timeout")
        try:
            async with asyncio.timeout(TOOL_S):
                yield
        except TimeoutError:
            raise Unavailable(f"no answer within {TOOL_S:g} s", hint="set a deadline") from None

    async def messages(self, requests: Any, leaf: Leaf | None) -> AsyncIterator[Any]:
        async for request in requests:
            self.admission.still_welcome(leaf)
            yield _well_formed(request)

    @contextlib.asynccontextmanager
    async def statuses(self, context: Context) -> AsyncGenerator[None]:
        try:
            yield
        except (asyncio.CancelledError, AbortError):
            raise
        except PostDevAIError as error:
            log.info("refused %s: %s", self.method, error.message)
            await abort(context, error)
        except Exception:
            log.exception("failed %s", self.method)
            failed = Unavailable("the node failed while it answered", hint="its log says why")
            await abort(context, failed)


def _wrap(handler: Handler, call: _Call) -> Handler:
    decode, encode = _decoder(handler.request_deserializer), handler.response_serializer
    if handler.request_streaming and handler.response_streaming:
        behaviour = _streaming(handler.stream_stream, call, requests_stream=True)
        return grpc.stream_stream_rpc_method_handler(behaviour, decode, encode)
    if handler.request_streaming:
        behaviour = _unary(handler.stream_unary, call, requests_stream=True)
        return grpc.stream_unary_rpc_method_handler(behaviour, decode, encode)
    if handler.response_streaming:
        behaviour = _streaming(handler.unary_stream, call, requests_stream=False)
        return grpc.unary_stream_rpc_method_handler(behaviour, decode, encode)
    behaviour = _unary(handler.unary_unary, call, requests_stream=False)
    return grpc.unary_unary_rpc_method_handler(behaviour, decode, encode)


def _unary(inner: Any, call: _Call, *, requests_stream: bool) -> Any:
    async def behaviour(request: Any, context: Context) -> Any:
        async with call.statuses(context):
            leaf = call.admit(context)
            if requests_stream:
                return await inner(call.messages(request, leaf), context)
            async with call.deadline(context, leaf):
                return await inner(_well_formed(request), context)

    return behaviour


def _streaming(inner: Any, call: _Call, *, requests_stream: bool) -> Any:
    async def generate(request: Any, context: Context) -> AsyncIterator[Any]:
        async with call.statuses(context):
            leaf = call.admit(context)
            given = call.messages(request, leaf) if requests_stream else _well_formed(request)
            async with contextlib.aclosing(inner(given, context)) as answers:
                async for answer in answers:
                    call.admission.still_welcome(leaf)
                    yield answer

    async def write(request: Any, context: Context) -> None:
        async with call.statuses(context):
            leaf = call.admit(context)
            given = call.messages(request, leaf) if requests_stream else _well_formed(request)
            await inner(given, context)

    return generate if inspect.isasyncgenfunction(inner) else write


def _decoder(decode: Callable[[bytes], Any] | None) -> Callable[[bytes], Any] | None:
    if decode is None:
        return None

    def careful(data: bytes) -> Any:
        try:
            return decode(data)
        except DecodeError as error:
            return _Malformed(str(error))

    return careful


def _well_formed(request: Any) -> Any:
    if isinstance(request, _Malformed):
        raise Invalid(f"the message cannot be read: {request.reason}", field="message")
    return request
