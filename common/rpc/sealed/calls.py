"""Calls as generated stubs make them, sealed on the way: one answer, or a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Generator, Iterable
from typing import Any, cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc import status_pb2
from grpc.aio import EOF, AioRpcError, Metadata

from common.errors import PostDevAIError, Unavailable
from common.pb.postdevai.v1.relay_service_pb2 import CallRequest
from common.rpc.sealed.caller import Caller, SealedCall, carriers_error, head, may_repeat
from common.rpc.sealed.frames import FIELD, Flag, broken, with_head
from common.rpc.status import DETAILS_KEY, GRPC_CODES

Encode = Callable[[Any], bytes]
Decode = Callable[[bytes], Any]
Said = Iterable[tuple[str, str | bytes]] | None
_WHOLE = Flag.HEAD | Flag.MESSAGE | Flag.END
_SINGLE = Flag.MESSAGE | Flag.END
WRITTEN_TO = "Internal error from Core"
"""What grpc.aio says of a call that ended under a write."""


class SealedOnce:
    """A call of one message and one answer; it begins when it is awaited, once."""

    def __init__(self, work: Coroutine[Any, Any, Any]) -> None:
        self._work = work

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._work.__await__()


async def call_once(
    caller: Caller,
    method: str,
    content: bytes,
    decode: Decode,
    metadata: Said,
    timeout_s: float | None,
) -> Any:
    """Once more in a new session where the node has lost the old one and the call allows it."""
    whole = with_head(head(metadata, timeout_s), content)
    tries = (False, True) if may_repeat(method) else (True,)
    for last in tries:
        call = await caller.begin(method)
        request = CallRequest(frame=call.sealer.seal(_WHOLE, whole))
        try:
            answer = await caller.stub.Call(request, timeout=timeout_s, metadata=call.metadata)
        except AioRpcError as error:
            if caller.lost(call, error) and not last:
                continue
            raise carriers_error(error) from None
        flags, opened = call.opener.open(_frame(answer))
        caller.heard(call)
        return _only(flags, opened, decode)
    raise Unavailable("the node forgets each session at once", field=FIELD)


def _only(flags: int, opened: bytes, decode: Decode) -> Any:
    if flags & _SINGLE == _SINGLE:
        return decoded(decode, opened)
    raise_status(opened)
    raise broken("the answer is missing")


class SealedStream:
    """A call with a stream in it, read and written as grpc.aio's are.

    The session is opened, and the head sent, in the background; whoever reads or writes waits.
    """

    def __init__(
        self,
        caller: Caller,
        method: str,
        *,
        carried: str,
        frame: Callable[..., Any],
        encode: Encode,
        decode: Decode,
        metadata: Said,
        timeout_s: float | None,
        request: Any = None,
        requests: AsyncIterable[Any] | Iterable[Any] | None = None,
    ) -> None:
        """`carried`: Listen, Send or Talk; `frame`: its request's class."""
        self._caller = caller
        self._method = method
        self._carried = carried
        self._frame = frame
        self._encode = encode
        self._decode = decode
        self._metadata = metadata
        self._timeout_s = timeout_s
        self._request = request
        self._begun = asyncio.ensure_future(self._begin())
        self._begun.add_done_callback(_seen)
        self._pump: asyncio.Task[None] | None = None
        if requests is not None:
            self._pump = asyncio.ensure_future(self._send_all(requests))
            self._pump.add_done_callback(_seen)
        self._wire: Any = None
        self._ended: BaseException | None = None
        self._over = False

    async def write(self, request: Any) -> None:
        """The next message; waits as long as nobody takes more."""
        wire, call = await self._begun
        if self._over:
            raise asyncio.InvalidStateError("the call has ended")
        frame = call.sealer.seal(Flag.MESSAGE, self._encode(request))
        try:
            await wire.write(self._frame(frame=frame))
        except (AioRpcError, asyncio.InvalidStateError):
            raise self._end(await self._why(wire, call)) from None

    async def done_writing(self) -> None:
        """There are no more messages; the node can tell that from a cut."""
        wire, call = await self._begun
        if not self._over:
            await wire.write(self._frame(frame=call.sealer.seal(Flag.END, b"")))
            await wire.done_writing()

    async def read(self) -> Any:
        """The next answer, or EOF; the node's refusal is raised."""
        wire, call = await self._begun
        if self._ended is not None:
            raise self._ended
        if self._over:
            return EOF
        try:
            answer = await wire.read()
        except AioRpcError as error:
            raise self._end(carriers_error(error)) from None
        if answer is EOF:
            raise self._end(await self._why(wire, call))
        return self._opened(call, answer)

    def _opened(self, call: SealedCall, answer: Any) -> Any:
        try:
            flags, opened = call.opener.open(_frame(answer))
            self._caller.heard(call)
            if flags & Flag.END:
                self._over = True
                if not flags & Flag.MESSAGE:
                    raise_status(opened)
                    self.cancel_wire()
                    return EOF
            return decoded(self._decode, opened)
        except (AioRpcError, PostDevAIError) as error:
            self.cancel_wire()
            raise self._end(error) from None

    async def _why(self, wire: Any, call: SealedCall) -> PostDevAIError:
        """Why the carried call has ended before the end that the node seals."""
        code, details = await wire.code(), await wire.details()
        if code is grpc.StatusCode.OK:
            return Unavailable("the answer was cut off before its end", field=FIELD)
        if code is grpc.StatusCode.INTERNAL and details == WRITTEN_TO:
            return Unavailable("by the relay: the call ended while it was written to")
        initial, trailing = await wire.initial_metadata(), await wire.trailing_metadata()
        failed = AioRpcError(code, initial, trailing, details)
        self._caller.lost(call, failed)
        return carriers_error(failed)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._answers()

    async def _answers(self) -> AsyncIterator[Any]:
        try:
            while (answer := await self.read()) is not EOF:
                yield answer
        finally:
            self.cancel()

    def __await__(self) -> Generator[Any, Any, Any]:
        """The one answer of a call of many messages."""
        return self._one().__await__()

    async def _one(self) -> Any:
        try:
            if self._pump is not None:
                await asyncio.shield(self._pump)
            return await self._sent()
        finally:
            self.cancel()

    async def _sent(self) -> Any:
        wire, call = await self._begun
        try:
            answer = await wire
        except AioRpcError as error:
            self._caller.lost(call, error)
            raise self._end(carriers_error(error)) from None
        flags, opened = call.opener.open(_frame(answer))
        self._over = True
        return _only(flags, opened, self._decode)

    def cancel(self) -> bool:
        """Ends it, at the node as well."""
        if self._ended is None and not self._over:
            self._ended = asyncio.CancelledError()
        self._begun.cancel()
        if self._pump is not None:
            self._pump.cancel()
        return self.cancel_wire()

    def cancel_wire(self) -> bool:
        """Lets the carrier go."""
        return bool(self._wire is not None and self._wire.cancel())

    async def code(self) -> grpc.StatusCode:
        """How it ended."""
        if isinstance(self._ended, AioRpcError):
            return self._ended.code()
        if self._ended is not None:
            return grpc.StatusCode.UNAVAILABLE
        return grpc.StatusCode.OK

    async def details(self) -> str:
        """In words."""
        if isinstance(self._ended, AioRpcError):
            return self._ended.details() or ""
        return str(self._ended or "")

    async def initial_metadata(self) -> Metadata:
        """None is carried."""
        return Metadata()

    async def trailing_metadata(self) -> Metadata:
        """The details of a refusal."""
        if isinstance(self._ended, AioRpcError):
            return cast(Metadata, self._ended.trailing_metadata())
        return Metadata()

    async def _begin(self) -> tuple[Any, SealedCall]:
        call = await self._caller.begin(self._method)
        said = head(self._metadata, self._timeout_s)
        open_wire = getattr(self._caller.stub, self._carried)
        if self._carried == "Listen":
            whole = with_head(said, self._encode(self._request))
            request = self._frame(frame=call.sealer.seal(_WHOLE, whole))
            self._wire = open_wire(request, timeout=self._timeout_s, metadata=call.metadata)
        else:
            self._wire = open_wire(timeout=self._timeout_s, metadata=call.metadata)
            frame = call.sealer.seal(Flag.HEAD, with_head(said, b""))
            try:
                await self._wire.write(self._frame(frame=frame))
            except (AioRpcError, asyncio.InvalidStateError):
                raise await self._why(self._wire, call) from None
            # A call that is refused while it is written to loses the reason (grpc.aio).
            await self._wire.initial_metadata()
            if self._wire.done():
                raise await self._why(self._wire, call)
        return self._wire, call

    async def _send_all(self, requests: AsyncIterable[Any] | Iterable[Any]) -> None:
        if isinstance(requests, AsyncIterable):
            async for request in requests:
                await self.write(request)
        else:
            for request in requests:
                await self.write(request)
        await self.done_writing()

    def _end(self, error: PostDevAIError | AioRpcError) -> PostDevAIError | AioRpcError:
        self._ended = error
        return error


def _frame(answer: Any) -> bytes:
    """grpc.aio gives None for a message that is none."""
    if answer is None:
        raise broken("an answer cannot be read")
    return answer.frame


def decoded(decode: Decode, opened: bytes) -> Any:
    """A message; it is what was sealed, so only another version of the program can be at fault."""
    try:
        return decode(opened)
    except DecodeError:
        raise broken("the answer is not a message") from None


def raise_status(opened: bytes) -> None:
    """The refusal that the node has sealed; nothing when it was content."""
    if not opened:
        return
    try:
        status = status_pb2.Status.FromString(opened)
    except DecodeError:
        raise broken("its status cannot be read") from None
    code = GRPC_CODES.get(status.code, grpc.StatusCode.UNKNOWN)
    details = ((DETAILS_KEY, opened),) if status.details else ()
    raise AioRpcError(code, Metadata(), Metadata(*details), status.message)


def _seen(task: asyncio.Future[Any]) -> None:
    """Whoever reads or writes is told; nobody need be."""
    if not task.cancelled():
        task.exception()
