"""The loop between the journal and the stores: what is durable is applied, in order, in batches."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from common.errors import OverLimit
from common.model.ids import ContentHash
from dragon_node.lake.journal import Draft, Journal, Written
from dragon_node.lake.ramdisk import RamDisk
from dragon_node.lake.records import NO_ORIGIN
from dragon_node.lake.shards import Step
from dragon_node.lake.stores import Stores

log = logging.getLogger(__name__)

BATCH_RECORDS = 2_000
"""Records of one transaction, about: whole submissions are taken."""


class Applying:
    """Applies what the journal has written, and tells those who wait for it.

    When the RAM disk is full it stops: what is journalled stays so, those who wait are refused,
    and `resume` tries again from each file's own position.
    """

    def __init__(self, stores: Stores, ram: RamDisk, on_applied: Callable[[int], None]) -> None:
        """`on_applied` is told the position, whenever it has moved."""
        self.applied = 0
        self._on_applied = on_applied
        self._stores = stores
        self._ram = ram
        self._written: deque[Written] = deque()
        self._arrived = asyncio.Event()
        self._turn = asyncio.Lock()
        self._advanced = asyncio.Condition()
        self._full: OverLimit | None = None

    def take(self, written: Written) -> None:
        """For the journal: called on the loop, in lsn order."""
        self._written.append(written)
        self._arrived.set()

    async def run(self) -> None:
        """Applies until cancelled. Raises when a store is damaged: then the daemon has to end."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._written and self._full is None:
                async with self._turn:
                    await self._apply_batch()

    async def until(self, lsn: int) -> None:
        """Returns once this position is applied. OverLimit when the RAM disk is full."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.applied >= lsn or self._full is not None)
        if self.applied < lsn and self._full is not None:
            raise self._full

    async def beyond(self, lsn: int) -> int:
        """The applied position once it is greater than this."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.applied > lsn)
        return self.applied

    async def resume(self, journal: Journal) -> None:
        """After a full disk: applies from the journal. OverLimit while it is still full."""
        if self._full is None:
            return
        async with self._turn:
            self._written.clear()
            upto = journal.last_lsn
            try:
                await self._stores.replay()
            except OverLimit as error:
                raise self._numbered(error) from error
            self._full = None
        await self.advance(upto)
        self._arrived.set()
        if not await asyncio.to_thread(self._ram.restore_ballast):
            log.warning("there is no room yet to set the ballast aside again")

    async def advance(self, lsn: int) -> None:
        """Everything up to here is applied."""
        async with self._advanced:
            self.applied = max(self.applied, lsn)
            self._on_applied(self.applied)
            self._advanced.notify_all()

    async def _apply_batch(self) -> None:
        steps: list[Step] = []
        blobs: dict[ContentHash, bytes] = {}
        while self._written and len(steps) < BATCH_RECORDS:
            written = self._written.popleft()
            steps += [_step(d, lsn) for lsn, d in enumerate(written.drafts, written.first_lsn)]
            blobs |= written.blobs
        if not steps:
            return
        try:
            await self._stores.apply(steps, blobs)
        except OverLimit as error:
            self._written.clear()  # they are in the journal
            self._ram.relieve()
            async with self._advanced:
                self._full = self._numbered(error)
                self._advanced.notify_all()
            return
        await self.advance(steps[-1].lsn)

    def _numbered(self, error: OverLimit) -> OverLimit:
        usage = self._ram.usage()
        return OverLimit(
            f"the RAM disk at {self._ram.path} is full: {usage.used_bytes:,} bytes are used "
            f"and {usage.free_bytes:,} are free",
            hint=error.hint,
        )


def _step(draft: Draft, lsn: int) -> Step:
    seq = lsn if draft.origin == NO_ORIGIN else draft.seq
    return Step(
        lsn,
        draft.origin,
        seq,
        draft.project,
        draft.project_name,
        draft.at_ms,
        draft.body,
        draft.decoded,
    )
