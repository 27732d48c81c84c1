"""Refusals on their way into the audit log: each kind once an hour in full, the others counted.

The log keeps a bounded number of bytes, and acts stand in the same chain. So what callers can
bring into it is bounded here, by the hour, for each of them and for all of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from typing import NamedTuple

from common.clock import Clock
from common.errors import Denied, OverLimit, PostDevAIError
from common.rpc import policy
from common.rpc.certificates import Leaf
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act

log = logging.getLogger(__name__)

HOUR_S = 3600.0
EACH_MAX = 12
"""Lines of one caller in an hour."""
MEMBERS_MAX = 48
"""Lines of all who hold a certificate, in an hour."""
STRANGERS_MAX = 24
"""Lines of all addresses without one, in an hour: they take no line from a member."""
REASON_BYTES_MAX = 300
"""A sentence of ours; more of it may be a caller's own words."""
COUNTED_S = 600.0
"""Those that were only counted are written down as one line, at most once in so long."""
COUNTED_CALLERS_MAX = 256
"""Of whom it is counted how often; with the others it is counted only that."""
NO_METHOD = "no method of this mesh"
LOOK_S = 1.0


class _Kind(NamedTuple):
    """What makes two refusals one; no word in it is the caller's own."""

    who: str
    called: str
    error: str


class Denials:
    """Those of one Coordinator; `note` never waits."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._waiting: list[Act] = []
        self._hour_s = clock.monotonic()
        self._written: set[_Kind] = set()
        self._of_caller: Counter[str] = Counter()
        self._of_all: Counter[bool] = Counter()
        self._counted = 0
        self._counted_of: Counter[str] = Counter()
        self._counted_at_s = clock.monotonic()

    def note(self, method: str, leaf: Leaf | None, peer: str, error: PostDevAIError) -> None:
        """Remembers a refusal for the next second; what is no refusal of a caller is left out."""
        if not isinstance(error, Denied | OverLimit):
            return
        is_ours = method in policy.methods()
        called = method.removeprefix("/postdevai.v1.") if is_ours else NO_METHOD
        who = leaf.identity.uri if leaf else peer
        if not self._is_written(_Kind(who, called, type(error).__name__), is_member=bool(leaf)):
            self._counted += 1
            if who in self._counted_of or len(self._counted_of) < COUNTED_CALLERS_MAX:
                self._counted_of[who] += 1
            return
        self._waiting.append(Act(who, "call", called, "refused", _cut(error.message)))

    def _is_written(self, kind: _Kind, *, is_member: bool) -> bool:
        now_s = self._clock.monotonic()
        if now_s >= self._hour_s + HOUR_S:
            self._hour_s = now_s
            self._written.clear()
            self._of_caller.clear()
            self._of_all.clear()
        most = MEMBERS_MAX if is_member else STRANGERS_MAX
        full = self._of_caller[kind.who] >= EACH_MAX or self._of_all[is_member] >= most
        if full or kind in self._written:
            return False
        self._written.add(kind)
        self._of_caller[kind.who] += 1
        self._of_all[is_member] += 1
        return True

    async def keep(self) -> None:
        """Writes them down each second, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                await self.write()
        finally:
            await self.write(last=True)

    async def write(self, *, last: bool = False) -> None:
        """What was noted since the last time; what cannot be written is lost, and logged."""
        acts, self._waiting = self._waiting, []
        now_s = self._clock.monotonic()
        if self._counted and (last or now_s >= self._counted_at_s + COUNTED_S):
            acts.append(self._those_counted())
            self._counted, self._counted_at_s = 0, now_s
            self._counted_of.clear()
        if not acts:
            return
        try:
            await self._audit.append(*acts)
        except PostDevAIError as error:
            log.error("%d refusals were not written down: %s", len(acts), error.message)

    def _those_counted(self) -> Act:
        ((who, most),) = self._counted_of.most_common(1)
        reason = (
            f"{self._counted} more, of kinds written before or too many in an hour; "
            f"{most} of them to {who}"
        )
        return Act("coordinator", "call", "", "refused", _cut(reason))


def _cut(message: str) -> str:
    clean = "".join(each if each.isprintable() else " " for each in message)
    return clean.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
