"""RelayService on the Coordinator: passes sealed frames on as bytes, all four kinds of call.

What it sees: who calls whom, which method, when, how many frames of which size. What it does not:
tickets, messages, answers and how a call ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
from grpc.aio import EOF, AioRpcError, Channel, Metadata, Server

from common.clock import Clock
from common.errors import Denied, OverLimit, PostDevAIError, Unavailable
from common.model.node import Identity, Node
from common.rpc import policy
from common.rpc.certificates import Leaf, identity_from_uri
from common.rpc.guard import Guard
from common.rpc.intercept import Context, Handler
from common.rpc.limits import NODE, TOOL, Allowance, Limits
from common.rpc.peers import peer_leaf
from common.rpc.reaching import Reaching, connected
from common.rpc.sealed.door import METHOD_METADATA, SESSION_METADATA, TARGET_METADATA
from common.rpc.status import DETAILS_KEY
from coordinator_node.relay.repeated import Repeated
from coordinator_node.relay.targets import target
from coordinator_node.relay.turns import Most, Turns

log = logging.getLogger(__name__)

PREFIX = "/postdevai.v1.RelayService/"
MARGIN = 0.02
"""The carried call ends by such a share sooner than the caller stops waiting."""
RELAYED = {"developer": NODE, "dragon": NODE, "tool": TOOL}
"""Beside the limits of every server: what is carried counts on its way back, too."""


class RelayService(grpc.GenericRpcHandler):
    """Serves RelayService for nodes that have a lease."""

    def __init__(
        self,
        own: Identity,
        live: Callable[[], tuple[Node, ...]],
        reaching: Reaching,
        guard: Guard,
        clock: Clock,
        *,
        most: Most | None = None,
        allowed: dict[str, Allowance] | None = None,
    ) -> None:
        """`guard`: asked about the call within, as the node will ask its own."""
        self._own = own
        self._live = live
        self._reaching = reaching
        self._guard = guard
        self._turns = Turns(most or Most())
        self._limits = Limits(clock, allowed or RELAYED)
        self._repeated = Repeated(clock)

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        server.add_generic_rpc_handlers((self,))

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler | None:
        """The handler of the kind; None for other services."""
        match str(handler_call_details.method).removeprefix(PREFIX):
            case "OpenSession" | "Call" as name:
                return grpc.unary_unary_rpc_method_handler(self._once(name))
            case "Listen":
                return grpc.unary_stream_rpc_method_handler(self._listen)
            case "Send":
                return grpc.stream_unary_rpc_method_handler(self._send)
            case "Talk":
                return grpc.stream_stream_rpc_method_handler(self._talk)
            case _:
                return None

    def _once(self, name: str) -> Any:
        async def behaviour(frame: bytes, context: Context) -> bytes:
            async with self._carried(context) as way, way.statuses(context):
                call = cast(Any, way.channel.unary_unary(PREFIX + name))
                return way.counted(
                    await call(frame, timeout=_left_s(context), metadata=way.metadata)
                )

        return behaviour

    async def _listen(self, frame: bytes, context: Context) -> None:
        async with self._carried(context) as way, way.statuses(context):
            opened = cast(Any, way.channel.unary_stream(PREFIX + "Listen"))
            call = opened(frame, timeout=_left_s(context), metadata=way.metadata)
            await way.hand_back(call, context)

    async def _send(self, frames: AsyncIterator[bytes], context: Context) -> bytes:
        async with self._carried(context) as way, way.statuses(context):
            opened = cast(Any, way.channel.stream_unary(PREFIX + "Send"))
            call = opened(timeout=_left_s(context), metadata=way.metadata)
            async with _sending(frames, call, context):
                return way.counted(await call)

    async def _talk(self, frames: AsyncIterator[bytes], context: Context) -> None:
        async with self._carried(context) as way, way.statuses(context):
            opened = cast(Any, way.channel.stream_stream(PREFIX + "Talk"))
            call = opened(timeout=_left_s(context), metadata=way.metadata)
            async with _sending(frames, call, context):
                await way.hand_back(call, context)

    @asynccontextmanager
    async def _carried(self, context: Context) -> AsyncGenerator[_Way]:
        """Everything that is asked before a call is carried; each refusal is logged."""
        leaf = peer_leaf(context)
        said = _said(context)
        named, method = said.get(TARGET_METADATA, ""), said.get(METHOD_METADATA, "")
        try:
            if leaf is None:
                raise Denied("this call needs a certificate of the mesh")
            wanted = identity_from_uri(named)
            if method:  # a session alone does nothing yet
                if method not in policy.methods():
                    raise Denied(
                        "the relay carries no method of that name",
                        hint="is the Coordinator of an earlier version? `postdevai nodes` says so",
                    )
                self._guard.admit(method, leaf, "")
            node = target(self._live(), self._own, wanted)
            if not self._limits.take(leaf.identity.id, leaf.identity.role, 0):
                most = self._limits.said(leaf.identity.role)
                raise OverLimit(f"node {leaf.identity.id} sends more than {most} by the relay")
            with self._turns.taken(leaf.identity.id, node.id):
                channel = await self._channel(node, wanted)
                yield _Way(channel, _passed_on(said), self._limits, leaf, node)
        except PostDevAIError as error:
            who = leaf.identity.uri if leaf else "nobody"
            if times := self._repeated.times((type(error), who, named)):
                said = "not carried: %s caller=%s target=%s %s times=%d"
                log.warning(said, error.message, who, named, method, times)
            raise

    async def _channel(self, node: Node, wanted: Identity) -> Channel:
        ways = node.addresses or (node.address,)
        try:
            channel = await self._reaching.to(ways, wanted.uri)
            if channel.get_state() is not grpc.ChannelConnectivity.READY:
                await connected(channel)
        except Unavailable as error:
            raise Unavailable(
                f"the Coordinator does not reach {node.role} {node.id} at {', '.join(ways)} "
                f"either: {error.message}",
                hint="a node that nobody can connect to cannot be called; open its port to one",
            ) from None
        return channel


class _Way:
    """To the node, and back."""

    def __init__(
        self, channel: Channel, metadata: Metadata, limits: Limits, leaf: Leaf, node: Node
    ) -> None:
        self.channel = channel
        self.metadata = metadata
        self._limits = limits
        self._leaf = leaf
        self._node = node

    def counted(self, frame: bytes) -> bytes:
        """An answer, of which the caller pays the way."""
        self._owed_s(frame)
        return frame

    async def hand_back(self, call: Any, context: Context) -> None:
        """Each answer as it comes, at most one ahead of what the caller takes."""
        frame = await call.read()
        while frame is not EOF:
            coming = asyncio.ensure_future(call.read())
            try:
                await context.write(frame)
                if owed_s := self._owed_s(frame):
                    await asyncio.sleep(owed_s)
                frame = await coming
            finally:
                coming.cancel()
        code = await call.code()
        if code is not grpc.StatusCode.OK:
            raise AioRpcError(
                code, Metadata(), await call.trailing_metadata(), await call.details()
            )

    @asynccontextmanager
    async def statuses(self, context: Context) -> AsyncGenerator[None]:
        """What the node said of the carried call itself goes back as it is."""
        try:
            yield
        except AioRpcError as error:
            trailing = tuple(error.trailing_metadata() or ())
            if error.code() is grpc.StatusCode.UNAVAILABLE and not _is_said(trailing):
                raise Unavailable(
                    f"{self._node.role} {self._node.id} was lost while it was called"
                ) from None
            await context.abort(error.code(), error.details() or "", cast(Metadata, trailing))

    def _owed_s(self, frame: bytes) -> float:
        identity = self._leaf.identity
        return self._limits.owe(identity.id, identity.role, len(frame))


@asynccontextmanager
async def _sending(
    frames: AsyncIterator[bytes], call: Any, context: Context
) -> AsyncGenerator[None]:
    """Passes the caller's frames on beside the block; one at a time, as the node takes them.

    The caller is told once the node has taken the first: a call that is refused while it is
    written to loses the reason (grpc.aio). A refusal of the caller meanwhile ends the call, and
    is what the block ends with.
    """

    async def send() -> None:
        try:
            async for frame in frames:
                await call.write(frame)
            await call.done_writing()
        except (AioRpcError, asyncio.InvalidStateError):
            return  # the call has ended, and whoever reads it knows why
        except BaseException:
            call.cancel()
            raise

    sending = asyncio.create_task(send())
    try:
        await call.initial_metadata()
        if not call.done():
            await context.send_initial_metadata(())
        yield
    except asyncio.CancelledError:
        refused = _refusal(sending)
        if refused is not None:
            raise refused from None
        raise
    finally:
        call.cancel()
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError, PostDevAIError):
            await sending


def _refusal(sending: asyncio.Task[None]) -> PostDevAIError | None:
    if sending.done() and not sending.cancelled():
        error = sending.exception()
        return error if isinstance(error, PostDevAIError) else None
    return None


def _said(context: Context) -> dict[str, str]:
    """The caller's metadata, as far as it is ours."""
    ours = (TARGET_METADATA, METHOD_METADATA, SESSION_METADATA)
    given = context.invocation_metadata() or ()
    return {key: value[:256] for key, value in given if key in ours and isinstance(value, str)}


def _passed_on(said: dict[str, str]) -> Metadata:
    kept = (key for key in (METHOD_METADATA, SESSION_METADATA) if key in said)
    return Metadata(*((key, said[key]) for key in kept))


def _left_s(context: Context) -> float | None:
    left_s = cast(float | None, context.time_remaining())
    return None if left_s is None else max(left_s * (1 - MARGIN), 0.001)


def _is_said(trailing: tuple[tuple[str, str | bytes], ...]) -> bool:
    return any(key == DETAILS_KEY for key, _ in trailing)
