"""The sessions that a node holds with its callers: bounded, and each call counts once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.clock import Clock, SystemClock
from common.errors import Unavailable
from common.pb.postdevai.v1.relay_service_pb2 import OpenSessionRequest, OpenSessionResponse
from common.rpc.channel import Own
from common.rpc.sealed.frames import FIELD, broken
from common.rpc.sealed.session import Keys, Numbers, accept

SESSIONS_MAX = 512
PER_CALLER_MAX = 16
UNKNOWN = "the session is not known here"
IDLE_S = 3600.0
"""A caller opens another every ten minutes; calls that run keep their keys by themselves."""


@dataclass(slots=True)
class Held:
    """A session and the caller that it stands for."""

    keys: Keys
    leaf_pem: bytes
    used_s: float
    numbers: Numbers = field(default_factory=Numbers)


class Sessions:
    """Made by OpenSession, found by their 16 bytes; the one unused for longest makes room."""

    def __init__(
        self, own: Own, sealing_key: Callable[[], X25519PrivateKey], clock: Clock | None = None
    ) -> None:
        self._own = own
        self._sealing_key = sealing_key
        self._clock = clock or SystemClock()
        self._held: OrderedDict[bytes, Held] = OrderedDict()

    def open(self, request: OpenSessionRequest) -> OpenSessionResponse:
        """A new session; Denied when it was opened before, or is not signed by a caller."""
        if request.session in self._held:
            raise broken("its opening came a second time")
        keys, answer = accept(
            request,
            own_uri=self._own.identity.uri,
            sealing_key=self._sealing_key(),
            ca_pem=self._own.credential.ca_pem,
            now_ms=self._clock.now_ms(),
        )
        self._make_room(request.caller)
        now_s = self._clock.monotonic()
        self._held[request.session] = Held(keys, request.leaf_pem, now_s)
        return answer

    def find(self, session: bytes) -> Held:
        """The session; Unavailable when it is not known here."""
        held = self._held.get(session)
        if held is None:
            raise Unavailable(UNKNOWN, field=FIELD)
        return held

    def take(self, session: bytes, call: int) -> Held:
        """Counts a call that begins, whose first frame was opened; Denied the second time."""
        held = self.find(session)
        held.numbers.take(call)
        held.used_s = self._clock.monotonic()
        self._held.move_to_end(session)
        return held

    def __len__(self) -> int:
        return len(self._held)

    def _make_room(self, caller: str) -> None:
        oldest_s = self._clock.monotonic() - IDLE_S
        idle = [name for name, held in self._held.items() if held.used_s < oldest_s]
        mine = [name for name, held in self._held.items() if held.keys.caller == caller]
        too_many = max(0, len(mine) - PER_CALLER_MAX + 1)
        for name in {*idle, *mine[:too_many]}:
            del self._held[name]
        while len(self._held) >= SESSIONS_MAX:
            self._held.popitem(last=False)
