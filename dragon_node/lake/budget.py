"""How much of the RAM disk is spoken for: what is measured there and what is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from common.errors import OverLimit
from dragon_node.lake.ramdisk import RamDisk, Usage

REFUSE_AT = 0.95
"""Of the budget: beyond it nothing more is admitted."""
MEASURE_EVERY = 0.02
"""Of the budget: when that much has been applied since, it is measured again."""
RECORD_BYTES = 1_024
"""Rows and index entries of one record, besides its own bytes."""
CONTENT_FACTOR = 4
"""Content, trigrams, chunks, words and vectors take less than this times the raw bytes."""


def cost(bodies: Iterable[bytes], contents: Iterable[bytes]) -> int:
    """Bytes that these records may take in the lake, rather too many than too few."""
    records = sum(RECORD_BYTES + 2 * len(body) for body in bodies)
    return records + sum(RECORD_BYTES + CONTENT_FACTOR * len(raw) for raw in contents)


class Budget:
    """Reservations against a limit."""

    def __init__(self, ram: RamDisk, budget_bytes: int, pool: ThreadPoolExecutor) -> None:
        self.budget_bytes = budget_bytes
        self._ram = ram
        self._pool = pool
        self._measured = 0
        self._in_flight = 0
        self._settled = 0

    @property
    def spoken_for(self) -> int:
        """Measured, applied since then, and reserved."""
        return self._measured + self._settled + self._in_flight

    async def reserve(self, wanted: int) -> None:
        """Takes room, until `settle`. OverLimit, with the numbers, when there is none."""
        limit = int(self.budget_bytes * REFUSE_AT)
        stale = self._settled > self.budget_bytes * MEASURE_EVERY
        if stale or self.spoken_for + wanted > limit:
            await self.measure()
        if self.spoken_for + wanted > limit:
            raise OverLimit(
                f"the lake holds {self.spoken_for:,} of {self.budget_bytes:,} bytes "
                f"and {wanted:,} more do not fit",
                hint="Start the Dragon with a larger --lake-bytes. The laptop keeps what waits.",
            )
        self._in_flight += wanted

    def settle(self, reserved: int) -> None:
        """It was applied, or it never will be: the next measurement knows."""
        self._in_flight -= reserved
        self._settled += reserved

    async def measure(self) -> Usage:
        """Looks at the disk, and that it is still ours."""
        since = self._settled
        usage = await asyncio.get_running_loop().run_in_executor(self._pool, self._look)
        self._measured = usage.used_bytes
        self._settled -= since
        return usage

    def _look(self) -> Usage:
        self._ram.verify()
        return self._ram.usage()
