"""What is being worked on, project by project: logs that one laptop at a time writes.

The lease says who; its epoch is a fence that lies in the log itself: whoever takes over writes a
line under the new epoch first, and no line under an older one gets behind it.

kv  session/HASH    the project's name
log session/HASH    a mark under each new epoch, then what its holder said
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

from common.backoff import Backoff
from common.clock import Clock
from common.errors import Conflict, OverLimit, Unavailable
from common.model.ids import NodeId, short_hash
from common.model.shared import SharedSession
from common.wire.nouns import session_from_bytes, session_to_bytes
from coordinator_node.engine.ports import Engine, Lease

TERM_S = 30.0
LINES_MAX = 200
"""Of one session; then the older half goes."""
SESSIONS_MAX = 500
READ_MAX = 100
DEADLINE_S = 8.0


class Sessions:
    """One a Coordinator; those of one mesh share an engine."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def take(
        self, scope: str, node: NodeId, epoch: int = 0, *, hand_over: bool = False
    ) -> Lease:
        """The caller writes for 30 s more; Conflict, naming the holder, while another does,
        unless it is to be handed over."""
        name, leases = _name(scope), self._engine.leases
        held = await leases.held(name)
        if held is not None and held.holder == node and held.epoch == epoch:
            return await leases.renew(held, TERM_S)
        if held is not None and held.holder != node:
            if not hand_over:
                raise Conflict(f"{held.holder} writes the session of {scope} (epoch {held.epoch})")
            await leases.release(held)
        await self._know(name, scope)
        lease = await leases.acquire(name, node, TERM_S)
        await self._add(name, SharedSession(scope, epoch=lease.epoch, node=node))
        return lease

    async def leave(self, scope: str, node: NodeId, epoch: int) -> None:
        """Another may write; nothing when another does already."""
        await self._engine.leases.release(Lease(_name(scope), node, epoch, 0))

    async def append(self, session: SharedSession, node: NodeId) -> int:
        """Its place in the log; Conflict unless the caller holds the lease under this epoch."""
        name = _name(session.scope)
        held = await self._engine.leases.held(name)
        if held is None or (held.holder, held.epoch) != (node, session.epoch):
            who = f"{held.holder} writes now (epoch {held.epoch})" if held else "its lease ended"
            raise Conflict(
                f"the session of {session.scope} was left (epoch {session.epoch}): {who}"
            )
        return await self._add(name, replace(session, node=node))

    async def read(self, scope: str, after: int) -> tuple[SharedSession, ...]:
        """Lines after a place, oldest first, 100 at most."""
        return await self._said(_name(scope), after, READ_MAX)

    async def newest(self) -> tuple[SharedSession, ...]:
        """The newest line of each session, by project."""
        found: list[SharedSession] = []
        for entry in await self._engine.kv.entries("session/"):
            last = await self._engine.log.last(entry.key)
            said = await self._said(entry.key, max(0, last - READ_MAX), READ_MAX)
            found += said[-1:]
        return tuple(sorted(found, key=lambda each: each.scope))

    async def _said(self, name: str, after: int, limit: int) -> tuple[SharedSession, ...]:
        lines = await self._engine.log.read(name, after, limit)
        sessions = (replace(session_from_bytes(line.data), seq=line.seq) for line in lines)
        return tuple(each for each in sessions if each.machine)

    async def _know(self, name: str, scope: str) -> None:
        if await self._engine.kv.get(name) is not None:
            return
        if len(await self._engine.kv.entries("session/")) >= SESSIONS_MAX:
            raise OverLimit(f"{SESSIONS_MAX} projects have a session; no more can")
        await self._engine.kv.put(name, scope.encode())

    async def _add(self, name: str, session: SharedSession) -> int:
        """Behind no line of a later epoch. Unavailable when others were faster for too long."""
        backoff, line_id = Backoff(0.01, 0.5), os.urandom(8).hex()
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    try:
                        return await self._add_once(name, session, line_id)
                    except _Faster:
                        await asyncio.sleep(backoff.next_s())
        except TimeoutError:
            raise Unavailable("others wrote to this session all the time") from None

    async def _add_once(self, name: str, session: SharedSession, line_id: str) -> int:
        log = self._engine.log
        last = await log.last(name)
        lines = await log.read(name, last - 1, 1) if last else ()
        newest = session_from_bytes(lines[0].data) if lines else SharedSession(session.scope)
        if newest.epoch > session.epoch:
            raise Conflict(
                f"the session of {session.scope} was handed over to {newest.node}"
                f" (epoch {newest.epoch}, not {session.epoch})"
            )
        data = session_to_bytes(replace(session, at_ms=self._clock.now_ms()))
        try:
            seq = await log.append(name, line_id, data, expected_last=last)
        except Conflict as error:
            raise _Faster from error
        if seq % LINES_MAX == 0:
            await log.truncate(name, seq - LINES_MAX // 2)
        return seq


class _Faster(Exception):
    """Another line came first."""


def _name(scope: str) -> str:
    return f"session/{short_hash('session', scope)}"
