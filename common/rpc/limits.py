"""How much one caller may ask for: a bucket of messages and one of bytes for each of them.

A call over the limit is refused; a stream over it is read more slowly, so that nothing that was
sent is lost. Who sends too much is held back alone: the others' buckets are their own.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from common.clock import Clock

CALLERS_MAX = 1024
"""Of whom something is remembered; who was quiet for longest is forgotten first."""
OWED_S_MAX = 5.0
"""A stream waits for so long at most before its next message is read."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one caller may send."""

    messages_per_s: float
    messages_max: float
    """At once, after a pause."""
    bytes_per_s: float
    bytes_max: float
    """The same for bytes."""


NODE = Allowance(5_000, 20_000, float(256 << 20), float(1 << 30))
"""A daemon of the mesh, at a Dragon: what a backlog and a large repository are sent with."""
MEMBER = Allowance(500, 2_500, float(256 << 20), float(1 << 30))
"""A daemon of the mesh, at the Coordinator, which answers all of them with one core. One that
floods has so many calls answered and no more; how much its refusals cost is not promised.

What one needs in its busiest second is a tenth: a beat; some resolves, since routes are kept;
twenty carried calls, which count twice; ten frames of a backlog that is carried, with 500 events
each; ten tasks that are claimed, reported and completed; what its owner types. Whoever comes back
after a while asks for a few hundred at once."""
TOOL = Allowance(200, 1_000, float(16 << 20), float(64 << 20))
STRANGER = Allowance(50, 500, float(1 << 20), float(8 << 20))
"""An address from which nodes enrol and renew."""
ALLOWED: Mapping[str, Allowance] = {
    "coordinator": NODE,
    "dragon": NODE,
    "developer": NODE,
    "tool": TOOL,
    "anyone": STRANGER,
}
"""By role."""
AT_COORDINATOR: Mapping[str, Allowance] = {
    **ALLOWED,
    "coordinator": MEMBER,
    "dragon": MEMBER,
    "developer": MEMBER,
}
"""The same, at the Coordinator."""
STREAMS_MAX: Mapping[str, int] = {
    "coordinator": 1_024,
    "dragon": 256,
    "developer": 256,
    "tool": 64,
    "anyone": 32,
}
"""Open at a time, of one caller at one server; an idle one costs about 30 KB. A laptop has one or
two for each project and front end; a Coordinator carries those of others."""


@dataclass(slots=True)
class _Bucket:
    messages: float
    bytes: float
    at_s: float


class Limits:
    """The buckets of every caller of one server."""

    def __init__(self, clock: Clock, allowed: Mapping[str, Allowance] = ALLOWED) -> None:
        self._clock = clock
        self._allowed = allowed
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, role: str, size: int) -> bool:
        """Whether the caller may send one message of so many bytes now; then it is counted."""
        allowed, bucket = self._allowed[role], self._filled(who, role)
        if bucket.messages < 1 or bucket.bytes < min(size, allowed.bytes_max):
            return False
        bucket.messages -= 1
        bucket.bytes -= size
        return True

    def owe(self, who: str, role: str, size: int) -> float:
        """Counts a message that has come; how long to wait before the next is read, seconds."""
        allowed, bucket = self._allowed[role], self._filled(who, role)
        bucket.messages -= 1
        bucket.bytes -= size
        if bucket.messages >= 0 and bucket.bytes >= 0:
            return 0.0
        owed_s = max(-bucket.messages / allowed.messages_per_s, -bucket.bytes / allowed.bytes_per_s)
        return min(owed_s, OWED_S_MAX)

    def said(self, role: str) -> str:
        """What a caller of that role may send, for a person."""
        allowed = self._allowed[role]
        return (
            f"{allowed.messages_per_s:g} messages and {int(allowed.bytes_per_s) >> 20} MB a second"
        )

    def _filled(self, who: str, role: str) -> _Bucket:
        now_s = self._clock.monotonic()
        allowed = self._allowed[role]
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = _Bucket(allowed.messages_max, allowed.bytes_max, now_s)
            self._buckets[who] = bucket
            if len(self._buckets) > CALLERS_MAX:
                self._buckets.popitem(last=False)
            return bucket
        self._buckets.move_to_end(who)
        past_s = now_s - bucket.at_s
        if past_s > 0:
            bucket.messages = min(
                allowed.messages_max, bucket.messages + past_s * allowed.messages_per_s
            )
            bucket.bytes = min(allowed.bytes_max, bucket.bytes + past_s * allowed.bytes_per_s)
            bucket.at_s = now_s
        return bucket
