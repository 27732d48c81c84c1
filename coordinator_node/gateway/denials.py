"""Refusals on their way into the audit log: a few each second in full, the others counted."""

from __future__ import annotations

import asyncio
import logging

from common.errors import Denied, OverLimit, PostDevAIError
from common.rpc.certificates import Leaf
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act

log = logging.getLogger(__name__)

FULL_MAX = 10
"""Written in full each second: whoever is refused must not fill the disk with it."""
LOOK_S = 1.0


class Denials:
    """Those of one Coordinator; `note` never waits."""

    def __init__(self, audit: Audit, full_max: int = FULL_MAX) -> None:
        self._audit = audit
        self._full_max = full_max
        self._waiting: list[Act] = []
        self._counted = 0

    def note(self, method: str, leaf: Leaf | None, peer: str, error: PostDevAIError) -> None:
        """Remembers a refusal for the next second; what is no refusal of a caller is left out."""
        if not isinstance(error, Denied | OverLimit):
            return
        if len(self._waiting) >= self._full_max:
            self._counted += 1
            return
        who = leaf.identity.uri if leaf else peer
        called = method.removeprefix("/postdevai.v1.")
        self._waiting.append(Act(who, "call", called, "refused", error.message))

    async def keep(self) -> None:
        """Writes them down each second, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                await self.write()
        finally:
            await self.write()

    async def write(self) -> None:
        """What was noted since the last time; what cannot be written is lost, and logged."""
        acts, counted = self._waiting, self._counted
        self._waiting, self._counted = [], 0
        if counted:
            acts.append(
                Act("coordinator", "call", "", "refused", f"{counted} more within a second")
            )
        if not acts:
            return
        try:
            await self._audit.append(*acts)
        except PostDevAIError as error:
            log.error("%d refusals were not written down: %s", len(acts) + counted, error.message)
