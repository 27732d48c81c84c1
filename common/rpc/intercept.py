"""Stands before every service: the guard, limits, the deadline, the errors as statuses."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias, cast

import grpc
from google.protobuf.message import DecodeError
from grpc.aio import AbortError, ServerInterceptor, ServicerContext

from common.errors import Denied, Invalid, PostDevAIError, Unavailable
from common.rpc.certificates import Leaf
from common.rpc.guard import Refused
from common.rpc.held import Held
from common.rpc.peers import peer_host, peer_leaf
from common.rpc.status import abort
from common.rpc.streams import Streams

log = logging.getLogger(__name__)

TICKET_METADATA = "authorization"
BEARER = "Bearer "
TOOL_S = 30.0
"""Deadline of a tool's call that brings none."""

Context = ServicerContext[Any, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class Admission(Protocol):
    """Decides on a call; raises Denied."""

    def admit(self, method: str, context: Context, size: int) -> Leaf | None:
        """Called once a call; the caller's leaf where there is one. `size`: what it sent, bytes."""
        ...

    def owed_s(self, leaf: Leaf | None, context: Context, size: int) -> float:
        """Called for each message that a stream brings; how long to wait after it, seconds."""
        ...

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Called before each message of a stream, and now and then while there is none."""
        ...

    def refused(self, method: str, context: Context, error: PostDevAIError) -> None:
        """Called when a call ends with a refusal."""
        ...


class _GuardLike(Protocol):
    refused: Refused

    def admit(self, method: str, leaf: Leaf | None, ticket: str, peer: str, size: int) -> None: ...
    def owed_s(self, leaf: Leaf | None, peer: str, size: int) -> float: ...
    def still_welcome(self, leaf: Leaf | None) -> None: ...


@dataclass(frozen=True, slots=True)
class MeshAdmission:
    """Admission by certificate and ticket."""

    guard: _GuardLike

    def admit(self, method: str, context: Context, size: int) -> Leaf | None:
        """Asks the guard about the leaf of the connection and the ticket in the metadata."""
        leaf = peer_leaf(context)
        ticket = metadata_value(context, TICKET_METADATA).removeprefix(BEARER)
        peer = "" if leaf else peer_host(context)
        self.guard.admit(method, leaf, ticket, peer, size)
        return leaf

    def owed_s(self, leaf: Leaf | None, context: Context, size: int) -> float:
        """Counts the message."""
        return self.guard.owed_s(leaf, "" if leaf else peer_host(context), size)

    def still_welcome(self, leaf: Leaf | None) -> None:
        """Asks the guard again."""
        self.guard.still_welcome(leaf)

    def refused(self, method: str, context: Context, error: PostDevAIError) -> None:
        """Tells the guard, which knows who keeps count of refusals."""
        try:
            leaf = peer_leaf(context)
        except Denied:  # it is what was refused
            leaf = None
        self.guard.refused(method, leaf, peer_host(context), error)


def metadata_value(context: Context, key: str) -> str:
    """The caller's metadata of that name, or nothing."""
    for name, value in context.invocation_metadata() or ():
        if name == key and isinstance(value, str):
            return value
    return ""


class _Sized(NamedTuple):
    """A message as it came: raising where it is decoded would say INTERNAL."""

    message: Any
    size: int
    malformed: str = ""


class Intercept(ServerInterceptor):
    """Wraps each handler: what it raises becomes a status, and nobody gets past the admission."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.streams = Streams(admission.still_welcome)
        """Those that run."""
        self._held = Held()

    async def intercept_service(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler | None:
        """The service's handler with the questions before it."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        return self.guarded(handler, str(handler_call_details.method))

    def guarded(self, handler: Handler, method: str) -> Handler:
        """The handler with the questions before it, for calls that come in another way, too."""
        return _wrap(handler, _Call(self._admission, self.streams, self._held, method))


@dataclass(frozen=True, slots=True)
class _Call:
    admission: Admission
    streams: Streams
    held: Held
    method: str

    def admit(self, context: Context, size: int = 0) -> Leaf | None:
        return self.admission.admit(self.method, context, size)

    def noted(self, context: Context, leaf: Leaf | None) -> AbstractContextManager[None]:
        """A stream, for as long as the block runs."""
        is_owner = leaf is None and context.peer().startswith("unix:")
        peer = "" if leaf or is_owner else peer_host(context)
        return self.streams.noted(leaf, peer)

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

    async def messages(
        self, requests: Any, context: Context, leaf: Leaf | None
    ) -> AsyncIterator[Any]:
        async for request in requests:
            self.admission.still_welcome(leaf)
            yield _well_formed(request)
            owed_s = self.admission.owed_s(leaf, context, _size(request))
            if owed_s:
                await asyncio.sleep(owed_s)

    @contextlib.asynccontextmanager
    async def statuses(self, context: Context) -> AsyncGenerator[None]:
        try:
            yield
        except (asyncio.CancelledError, AbortError):
            raise
        except PostDevAIError as error:
            log.info("refused %s: %s", self.method, error.message)
            self.admission.refused(self.method, context, error)
            await self.held.hold(error, cast(float | None, context.time_remaining()))
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
            if requests_stream:
                leaf = call.admit(context)
                with call.noted(context, leaf):
                    return await inner(call.messages(request, context, leaf), context)
            leaf = call.admit(context, _size(request))
            async with call.deadline(context, leaf):
                return await inner(_well_formed(request), context)

    return behaviour


def _streaming(inner: Any, call: _Call, *, requests_stream: bool) -> Any:
    def begun(request: Any, context: Context) -> tuple[Any, Leaf | None]:
        if requests_stream:
            leaf = call.admit(context)
            return call.messages(request, context, leaf), leaf
        return _well_formed(request), call.admit(context, _size(request))

    async def generate(request: Any, context: Context) -> AsyncIterator[Any]:
        async with call.statuses(context):
            given, leaf = begun(request, context)
            with call.noted(context, leaf):
                async with contextlib.aclosing(inner(given, context)) as answers:
                    async for answer in answers:
                        call.admission.still_welcome(leaf)
                        yield answer

    async def write(request: Any, context: Context) -> None:
        async with call.statuses(context):
            given, leaf = begun(request, context)
            with call.noted(context, leaf):
                await inner(given, context)

    return generate if inspect.isasyncgenfunction(inner) else write


def _decoder(decode: Callable[[bytes], Any] | None) -> Callable[[bytes], Any]:
    def careful(data: bytes) -> _Sized:
        try:
            return _Sized(decode(data) if decode else data, len(data))
        except DecodeError as error:
            return _Sized(None, len(data), str(error))

    return careful


def _size(request: _Sized) -> int:
    return request.size


def _well_formed(request: _Sized) -> Any:
    if request.malformed:
        raise Invalid(f"the message cannot be read: {request.malformed}", field="message")
    return request.message
