"""Refusals on their way into the audit log: each kind once an hour in full, the others counted."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from common.clock import Clock
from common.errors import Denied, OverLimit, PostDevAIError
from common.rpc.certificates import Leaf
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act

log = logging.getLogger(__name__)

FULL_MAX = 10
"""Written in full each second: whoever is refused must not fill the disk with it."""
AGAIN_S = 3600.0
"""A node that was put out asks each second; it is written down once in so long."""
COUNTED_S = 600.0
"""Those that were only counted are written down as one line, at most once in so long."""
KINDS_MAX = 1024
LOOK_S = 1.0


class Denials:
    """Those of one Coordinator; `note` never waits."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._waiting: list[Act] = []
        self._written: OrderedDict[Act, float] = OrderedDict()
        self._counted = 0
        self._counted_at_s = clock.monotonic()

    def note(self, method: str, leaf: Leaf | None, peer: str, error: PostDevAIError) -> None:
        """Remembers a refusal for the next second; what is no refusal of a caller is left out."""
        if not isinstance(error, Denied | OverLimit):
            return
        called = method.removeprefix("/postdevai.v1.")
        who = leaf.identity.uri if leaf else peer
        act = Act(who, "call", called, "refused", error.message)
        now_s = self._clock.monotonic()
        if len(self._waiting) >= FULL_MAX or now_s < self._written.get(act, -AGAIN_S) + AGAIN_S:
            self._counted += 1
            return
        self._written[act] = now_s
        while len(self._written) > KINDS_MAX:
            self._written.popitem(last=False)
        self._waiting.append(act)

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
            reason = f"{self._counted} more, of kinds written before or too many at once"
            acts.append(Act("coordinator", "call", "", "refused", reason))
            self._counted, self._counted_at_s = 0, now_s
        if not acts:
            return
        try:
            await self._audit.append(*acts)
        except PostDevAIError as error:
            log.error("%d refusals were not written down: %s", len(acts), error.message)
