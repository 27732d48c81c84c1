"""A caller's side of sealed calls: its session with one node, and the keys of each call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import grpc
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from grpc.aio import AioRpcError, Channel, Metadata

from common.clock import Clock, SystemClock
from common.errors import Denied, OverLimit, PostDevAIError, Unavailable
from common.pb.postdevai.v1.relay_service_pb2 import SealedHead
from common.pb.postdevai.v1.relay_service_pb2_grpc import RelayServiceStub
from common.rpc.certificates import Credential
from common.rpc.channel import Own
from common.rpc.repeatable import is_repeatable, methods
from common.rpc.sealed.door import METHOD_METADATA, SESSION_METADATA, TARGET_METADATA
from common.rpc.sealed.frames import FIELD, Opener, Sealer, broken
from common.rpc.sealed.session import CALLS_MAX, Keys, Offer
from common.rpc.sealed.sessions import UNKNOWN
from common.rpc.status import error_from_rpc

OPEN_S = 5.0
_SAYS_NOTHING = (
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.CANCELLED,
)
"""About whether the node is reached."""
SESSION_S = 600.0
"""Calls that begin later begin in a new session; those that run keep their keys."""
QUIET_S = 10.0
"""A call that may not be sent twice begins in a session of which something was heard so lately."""


@dataclass(slots=True)
class _Agreed:
    keys: Keys
    credential: Credential
    began_s: float
    heard_s: float
    calls: int = 0


@dataclass(frozen=True, slots=True)
class SealedCall:
    """What one call is sealed and opened with, and what is told the carrier."""

    sealer: Sealer
    opener: Opener
    metadata: Metadata
    agreed: _Agreed


class Caller:
    """Sessions with one node through one Coordinator."""

    def __init__(
        self,
        carrier: Channel,
        own: Own,
        target: str,
        sealing_key: X25519PublicKey,
        clock: Clock | None = None,
    ) -> None:
        """`carrier`: the channel to the Coordinator; `sealing_key`: as the owner has signed it."""
        self._stub = cast(Any, RelayServiceStub(carrier))
        self._own = own
        self._target = target
        self._sealing_key = sealing_key
        self._clock = clock or SystemClock()
        self._agreed: _Agreed | None = None
        self._opening = asyncio.Lock()

    @property
    def stub(self) -> Any:
        """The carrier's four kinds of call."""
        return self._stub

    async def begin(self, method: str) -> SealedCall:
        """Keys for one call; Unavailable or Denied when no session can be opened."""
        agreed = self._agreed
        if agreed is None or not self._is_good(agreed, method):
            async with self._opening:
                agreed = self._agreed
                if agreed is None or not self._is_good(agreed, method):
                    agreed = self._agreed = await self._open()
        call, agreed.calls = agreed.calls, agreed.calls + 1
        metadata = Metadata(
            (TARGET_METADATA, self._target),
            (METHOD_METADATA, method),
            (SESSION_METADATA, agreed.keys.session.hex()),
        )
        return SealedCall(
            agreed.keys.sealer(call, method, up=True),
            agreed.keys.opener(call, method, up=False),
            metadata,
            agreed,
        )

    async def connect(self) -> None:
        """Returns once a session is open; Unavailable or Denied when none can be."""
        async with self._opening:
            if self._agreed is None or self._clock.monotonic() - self._agreed.heard_s > QUIET_S:
                self._agreed = await self._open()

    def heard(self, call: SealedCall) -> None:
        """The node answered within its session."""
        call.agreed.heard_s = self._clock.monotonic()

    def lost(self, call: SealedCall, failed: AioRpcError) -> bool:
        """Whether the node does not know the session any more, as the carrier tells.

        After any failure but that of a limit or of time, whoever calls next finds out in a new
        session whether the node can be reached this way at all.
        """
        error = error_from_rpc(failed)
        unknown = error.field == FIELD and error.message.endswith(UNKNOWN)
        if self._agreed is call.agreed and failed.code() not in _SAYS_NOTHING:
            self._agreed = None
        return unknown

    async def _open(self) -> _Agreed:
        credential = self._own.credential
        offer = Offer(credential, self._own.identity.uri, self._target, self._sealing_key)
        metadata = Metadata((TARGET_METADATA, self._target))
        try:
            answer = await self._stub.OpenSession(offer.request, timeout=OPEN_S, metadata=metadata)
        except AioRpcError as error:
            raise carriers_error(error) from None
        if answer is None:  # grpc.aio's way to say that it is no message
            raise broken("the answer to its opening cannot be read")
        now_s = self._clock.monotonic()
        return _Agreed(offer.accepted(answer), credential, now_s, now_s)

    def _is_good(self, agreed: _Agreed, method: str) -> bool:
        now_s = self._clock.monotonic()
        if agreed.credential is not self._own.credential or agreed.calls >= CALLS_MAX:
            return False
        if now_s - agreed.began_s > SESSION_S:
            return False
        return now_s - agreed.heard_s <= QUIET_S or may_repeat(method)


def may_repeat(method: str) -> bool:
    """Whether the call may be sent a second time when its session was not known."""
    name = method.removeprefix("/postdevai.v1.")
    if name.startswith("/grpc.health."):
        return True
    return name in methods() and is_repeatable(name)


def carriers_error(failed: AioRpcError) -> PostDevAIError:
    """A refusal that nobody has sealed: it is the carrier's word, and is told as such.

    Only that it was denied, is too much, or did not arrive is taken from it: whatever else a node
    answers is sealed.
    """
    error = error_from_rpc(failed)
    said = error.message
    if isinstance(error, Denied | OverLimit):
        return type(error)(f"the relay did not carry the call: {said}", hint=error.hint, field="")
    if error.field == FIELD:
        return Unavailable(f"the node did not take the carried call: {said}")
    return Unavailable(f"by the relay: {said}", hint=error.hint)


def head(metadata: Iterable[tuple[str, str | bytes]] | None, timeout_s: float | None) -> bytes:
    """What a call says before its first message."""
    said = SealedHead()
    for key, value in metadata or ():
        if isinstance(value, str):
            said.metadata[key] = value
    if timeout_s is not None:
        said.timeout_ms = max(1, int(timeout_s * 1000))
    return said.SerializeToString()
