"""A node's side of sealed calls: opens them and hands them to the services that it has anyway."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, cast

from google.protobuf.message import DecodeError
from grpc.aio import Server, ServicerContext

from common.errors import Missing, Unavailable
from common.pb.postdevai.v1 import relay_service_pb2 as pb
from common.pb.postdevai.v1.relay_service_pb2_grpc import (
    RelayServiceServicer,
    add_RelayServiceServicer_to_server,
)
from common.rpc.intercept import Handler, metadata_value
from common.rpc.sealed.context import Ended, SealedContext
from common.rpc.sealed.frames import FIELD, HEADER, OVERHEAD, Flag, Opener, Sealer, broken, parted
from common.rpc.sealed.sessions import Sessions

SESSION_METADATA = "postdevai-session"
METHOD_METADATA = "postdevai-method"
TARGET_METADATA = "postdevai-target"

Context = ServicerContext[Any, Any]


class SealedDoor(RelayServiceServicer):
    """RelayService of a node. Each call within is asked the same questions as any other."""

    def __init__(self, sessions: Sessions, handlers: Mapping[str, Handler]) -> None:
        """`handlers`: of each method, with the guard before it."""
        self._sessions = sessions
        self._handlers = handlers

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_RelayServiceServicer_to_server(self, server)

    async def OpenSession(  # noqa: N802
        self, request: pb.OpenSessionRequest, context: Context
    ) -> pb.OpenSessionResponse:
        """Keys for calls."""
        return self._sessions.open(request)

    async def Call(self, request: pb.CallRequest, context: Context) -> pb.CallResponse:  # noqa: N802
        """One message, one answer."""
        call = self._arrived(request.frame, context)
        behaviour = call.behaviour(call.handler.unary_unary)
        return pb.CallResponse(frame=await call.once(behaviour, call.message()))

    async def Send(  # noqa: N802
        self, request_iterator: AsyncIterator[pb.SendRequest], context: Context
    ) -> pb.SendResponse:
        """Many messages, one answer."""
        call = self._arrived(await _first(request_iterator), context)
        behaviour = call.behaviour(call.handler.stream_unary)
        await context.send_initial_metadata(())
        return pb.SendResponse(frame=await call.once(behaviour, call.messages(request_iterator)))

    async def Listen(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request: pb.ListenRequest, context: Context
    ) -> None:
        """One message, many answers."""
        call = self._arrived(request.frame, context)
        behaviour = call.behaviour(call.handler.unary_stream)

        async def write(frame: bytes) -> None:
            await context.write(pb.ListenResponse(frame=frame))

        await call.answers(behaviour, call.message(), write)

    async def Talk(  # noqa: N802  # pyright: ignore[reportIncompatibleMethodOverride]
        self, request_iterator: AsyncIterator[pb.TalkRequest], context: Context
    ) -> None:
        """Many messages, many answers."""
        call = self._arrived(await _first(request_iterator), context)
        behaviour = call.behaviour(call.handler.stream_stream)
        await context.send_initial_metadata(())

        async def write(frame: bytes) -> None:
            await context.write(pb.TalkResponse(frame=frame))

        await call.answers(behaviour, call.messages(request_iterator), write)

    def _arrived(self, frame: bytes, context: Context) -> _Arrived:
        """The call that begins with this frame; nothing is sealed for one that is refused here."""
        method = metadata_value(context, METHOD_METADATA)
        handler = self._handlers.get(method)
        if handler is None:
            raise Missing(f"{method[:80]!r} is not served here", field=METHOD_METADATA)
        if len(frame) < OVERHEAD:
            raise broken("a frame is too short")
        number = HEADER.unpack_from(frame)[1]
        keys = self._sessions.find(_session(context)).keys
        opener = keys.opener(number, method, up=True)
        flags, content = opener.open(frame)
        if not flags & Flag.HEAD:
            raise broken("it has no head")
        head_bytes, content = parted(content)
        try:
            head = pb.SealedHead.FromString(head_bytes)
        except DecodeError:
            raise broken("its head cannot be read") from None
        held = self._sessions.take(keys.session, number)
        left_s = head.timeout_ms / 1000 if head.timeout_ms else None
        inner = SealedContext(context, held.leaf_pem, head.metadata, left_s)
        first = content if flags & Flag.MESSAGE else None
        return _Arrived(handler, inner, keys.sealer(number, method, up=False), opener, first)


class _Arrived:
    """A call that was opened, and the way back."""

    def __init__(
        self,
        handler: Handler,
        context: SealedContext,
        sealer: Sealer,
        opener: Opener,
        first: bytes | None,
    ) -> None:
        self.handler = handler
        self._context = cast(Context, context)
        self._status = context
        self._sealer = sealer
        self._opener = opener
        self._first = first

    def behaviour(self, found: Any) -> Any:
        """The service's function; Denied when the call was sent as one of another kind."""
        if found is None:
            raise broken("the method is of another kind")
        return found

    def message(self) -> Any:
        """The one message of the caller."""
        if self._first is None or not self._opener.ended:
            raise broken("its message is missing")
        return self._decoded(self._first)

    async def messages(self, requests: AsyncIterable[Any]) -> AsyncIterator[Any]:
        """The caller's messages, to the end that it has sealed."""
        if self._first is not None:
            yield self._decoded(self._first)
        if self._opener.ended:
            return
        async for request in requests:
            flags, content = self._opener.open(request.frame)
            if flags & Flag.MESSAGE:
                yield self._decoded(content)
            if self._opener.ended:
                return
        raise Unavailable("the caller's messages were cut off before their end", field=FIELD)

    async def once(self, behaviour: Any, given: Any) -> bytes:
        """The frame of the one answer, or of the refusal."""
        try:
            answer = await behaviour(given, self._context)
        except Ended as ended:
            return self._sealer.seal(Flag.END, ended.status)
        if self._status.status:
            return self._sealer.seal(Flag.END, self._status.status)
        return self._sealer.seal(Flag.MESSAGE | Flag.END, self._encoded(answer))

    async def answers(
        self, behaviour: Any, given: Any, write: Callable[[bytes], Awaitable[None]]
    ) -> None:
        """Sends each answer, then the status."""

        async def say(answer: Any) -> None:
            await write(self._sealer.seal(Flag.MESSAGE, self._encoded(answer)))

        try:
            if inspect.isasyncgenfunction(behaviour):
                async with aclosing(behaviour(given, self._context)) as answers:
                    async for answer in answers:
                        await say(answer)
            else:
                self._status.say = say
                await behaviour(given, self._context)
            status = self._status.status
        except Ended as ended:
            status = ended.status
        await write(self._sealer.seal(Flag.END, status))

    def _decoded(self, content: bytes) -> Any:
        decode = self.handler.request_deserializer
        return decode(content) if decode else content

    def _encoded(self, answer: Any) -> bytes:
        encode = self.handler.response_serializer
        return encode(answer) if encode else answer


async def _first(requests: AsyncIterator[Any]) -> bytes:
    request = await anext(requests, None)
    if request is None:
        raise broken("it has no frame")
    return request.frame


def _session(context: Context) -> bytes:
    try:
        return bytes.fromhex(metadata_value(context, SESSION_METADATA))
    except ValueError:
        raise broken("its session is malformed") from None
