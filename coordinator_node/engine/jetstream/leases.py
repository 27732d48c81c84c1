"""Leases in the state stream: a message that the servers forget when its term has ended.

An epoch is the sequence of the message that began the lease: no later one is lower. The holder
counts its lease from before it asked, the servers from when they stored it and to the next whole
second: there is never a second holder while the first believes in its own.
"""

from __future__ import annotations

import json
import math

from common.errors import Conflict
from coordinator_node.engine.jetstream.link import Message
from coordinator_node.engine.jetstream.names import named, token
from coordinator_node.engine.jetstream.state import Moved, State
from coordinator_node.engine.limits import check_id, check_name, check_term
from coordinator_node.engine.ports import Lease

LEAST_S = 0.05


class NatsLeases:
    """Names that one holder at a time may have."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._begin = f"{state.space}.l."

    async def acquire(self, name: str, holder: str, term_s: float) -> Lease:
        """A lease under a higher epoch than any before; Conflict while another has it."""
        check_name(name, "lease")
        check_id(holder, "holder")
        term_ms = check_term(term_s, "term_s", least_s=LEAST_S)
        found = await self._state.newest(self._begin + token(name))
        if found is not None and _lease(found).holder != holder:
            raise _taken(_lease(found))
        return await self._write(name, holder, 0, term_ms, found.seq if found else 0)

    async def renew(self, lease: Lease, term_s: float) -> Lease:
        """The same epoch for longer; Conflict once it has ended or another has it."""
        term_ms = check_term(term_s, "term_s", least_s=LEAST_S)
        found = await self._state.newest(self._begin + token(lease.name))
        held = _lease(found) if found else None
        if found is None or held is None or not _same(held, lease):
            other = f"{held.holder} has it now (epoch {held.epoch})" if held else "nobody has it"
            raise Conflict(f"the lease on {lease.name} has ended (epoch {lease.epoch}); {other}")
        return await self._write(lease.name, lease.holder, lease.epoch, term_ms, found.seq)

    async def release(self, lease: Lease) -> None:
        """Nothing when it is held no more."""
        subject = self._begin + token(lease.name)
        found = await self._state.newest(subject)
        if found is None or not _same(_lease(found), lease):
            return
        try:
            await self._state.write(subject, b"", expected=found.seq, gone=True)
        except Moved:  # it ended meanwhile, or was renewed by its own holder elsewhere
            return

    async def held(self, name: str) -> Lease | None:
        """Who has it now, or None."""
        check_name(name, "lease")
        found = await self._state.newest(self._begin + token(name))
        return _lease(found) if found else None

    async def _write(self, name: str, holder: str, epoch: int, term_ms: int, last: int) -> Lease:
        said = {"holder": holder, "epoch": epoch, "term_ms": term_ms}
        await self._state.link.keep_time(self._state.stream)
        ends_ms = self._state.link.now_ms() + term_ms
        try:
            seq = await self._state.write(
                self._begin + token(name),
                json.dumps(said).encode(),
                expected=last,
                ttl_s=math.ceil(term_ms / 1000),
            )
        except Moved:
            held = await self.held(name)
            if held is None:
                raise Conflict(f"the lease on {name} has ended") from None
            raise _taken(held) from None
        return Lease(name, holder, epoch or seq, ends_ms)


def _same(one: Lease, other: Lease) -> bool:
    return (one.holder, one.epoch) == (other.holder, other.epoch)


def _taken(held: Lease) -> Conflict:
    return Conflict(f"{held.name} is held by {held.holder} (epoch {held.epoch})")


def _lease(message: Message) -> Lease:
    said = json.loads(message.data)
    name = named(message.subject.rpartition(".")[2])
    ends_ms = message.at_ms + math.ceil(said["term_ms"] / 1000) * 1000
    return Lease(name, said["holder"], said["epoch"] or message.seq, ends_ms)
