"""How much of the lake's memory is spoken for: measured, applied since, and on its way.

There is one count. Admission asks it for room, eviction works until it is content, and what status
and metrics show is what it last measured.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import OverLimit
from common.model.ids import ProjectId
from common.model.lake import StoreStats
from dragon_node.lake.ramdisk import BALLAST, RamDisk, Usage

EVICT_AT = 0.85
"""Of the budget: beyond it projects go to sleep."""
REFUSE_AT = 0.95
"""Of the budget: beyond it nothing more is admitted."""
MEASURE_EVERY = 0.02
"""Of the budget: when that much has been applied since, it is measured again."""
LOOK_S = 5.0
"""Between two measurements when nothing is taken in."""
RECORD_BYTES = 1_024
"""Rows and index entries of one record, besides its own bytes."""
CONTENT_FACTOR = 4
"""Content, trigrams, chunks, words and vectors take less than this times the raw bytes."""
DERIVED = ("words", "vectors")
STORES: tuple[str, ...] = ("memory", "projects", "words", "vectors", "ballast", "other")


def cost(bodies: Iterable[bytes], contents: Iterable[int]) -> int:
    """Bytes that records with these bodies, and contents of these sizes, may take in the lake:
    rather too many than too few."""
    records = sum(RECORD_BYTES + 2 * len(body) for body in bodies)
    return records + sum(RECORD_BYTES + CONTENT_FACTOR * size for size in contents)


@dataclass(frozen=True, slots=True)
class Measured:
    """What lay there at one moment."""

    usage: Usage
    stores: Mapping[str, int]
    """Bytes by store; their sum is `bytes`."""
    projects: Mapping[ProjectId, int]
    """Bytes of each project that is awake: its file and what is derived from it."""
    derived: Mapping[ProjectId, int] = field(default_factory=dict[ProjectId, int])
    """Bytes of each that can be made again from its file."""
    counts: Mapping[str, int] = field(default_factory=dict[str, int])
    """Files by store."""

    @property
    def bytes(self) -> int:
        """On the RAM disk and in indexes in memory."""
        return sum(self.stores.values())

    def described(self) -> tuple[StoreStats, ...]:
        """One entry a store."""
        return tuple(
            StoreStats(name, size, self.counts.get(name, 0)) for name, size in self.stores.items()
        )


Evict = Callable[[Callable[[], Awaitable[bool]], Collection[ProjectId]], Awaitable[None]]
"""Makes room until the first says that it is enough; the projects named are left alone."""


class Accountant:
    """Reservations against a limit, and room made for them."""

    def __init__(
        self,
        ram: RamDisk,
        budget_bytes: int,
        pool: ThreadPoolExecutor,
        indexes: Callable[[], Mapping[ProjectId, int]] = dict,
    ) -> None:
        """`indexes` says how much memory each project's vector index takes beside the disk."""
        self.budget_bytes = budget_bytes
        self.evict: Evict | None = None
        """Set once there is somebody who can."""
        self.measured = Measured(Usage(0, 0, 0, -1), dict.fromkeys(STORES, 0), {})
        """As of the last time."""
        self._ram = ram
        self._pool = pool
        self._indexes = indexes
        self._in_flight = 0
        self._settled = 0
        self._until_applied: deque[tuple[int, int]] = deque()
        self.making_room = asyncio.Lock()
        """Held by whoever puts projects to sleep."""

    @property
    def evict_bytes(self) -> int:
        """From here on projects go to sleep."""
        return int(self.budget_bytes * EVICT_AT)

    @property
    def refuse_bytes(self) -> int:
        """From here on records are refused."""
        return int(self.budget_bytes * REFUSE_AT)

    @property
    def spoken_for(self) -> int:
        """Measured, applied since then, and reserved."""
        return self.measured.bytes + self._settled + self._in_flight

    async def reserve(self, wanted: int, keep: Collection[ProjectId] = ()) -> None:
        """Takes room, until `settle` or `release`; projects other than `keep` go to sleep for it.
        OverLimit, with the numbers, when that is not enough: nothing is taken."""
        if self._settled > self.budget_bytes * MEASURE_EVERY:
            await self.measure()
        if self.spoken_for + wanted > self.evict_bytes:
            await self._make_room(wanted, keep)
        if self.spoken_for + wanted > self.refuse_bytes:
            raise OverLimit(
                f"the lake holds {self.spoken_for:,} of {self.budget_bytes:,} bytes "
                f"and {wanted:,} more do not fit",
                hint="Start the Dragon with a larger POSTDEVAI_LAKE_BYTES. "
                "The laptop keeps what waits.",
            )
        self._in_flight += wanted

    def owe(self, lsn: int, reserved: int) -> None:
        """What was reserved has been journalled up to here, and counts until it is applied."""
        self._until_applied.append((lsn, reserved))

    def applied(self, lsn: int) -> None:
        """Everything up to here is in the stores: the next measurement knows what it took."""
        while self._until_applied and self._until_applied[0][0] <= lsn:
            self.settle(self._until_applied.popleft()[1])

    def settle(self, reserved: int) -> None:
        """It was written: the next measurement knows what it took."""
        self._in_flight -= reserved
        self._settled += reserved

    def release(self, reserved: int) -> None:
        """It never will be written."""
        self._in_flight -= reserved

    def grew(self, size: int) -> None:
        """That much was written without having been reserved."""
        self._settled += max(0, size)

    async def relax(self, keep: Collection[ProjectId] = ()) -> None:
        """Makes room where too much is taken. Never refuses: for what has to be."""
        if self.spoken_for > self.evict_bytes:
            await self._make_room(0, keep)

    async def run(self) -> None:
        """Looks again and again, until cancelled: searches make indexes, and they take room too.
        Corrupt when the disk is no longer ours: then the daemon has to end."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.measure()
            await self.relax()

    async def measure(self) -> Measured:
        """Looks at the disk, and that it is still ours."""
        since = self._settled
        found = await asyncio.get_running_loop().run_in_executor(self._pool, self._look)
        self._settled -= since
        self.measured = found
        return found

    async def _make_room(self, wanted: int, keep: Collection[ProjectId]) -> None:
        async def enough() -> bool:
            await self.measure()
            return self.spoken_for + wanted <= self.evict_bytes

        async with self.making_room:
            if not await enough() and self.evict is not None:
                await self.evict(enough, keep)

    def _look(self) -> Measured:
        self._ram.verify()
        usage = self._ram.usage()
        stores, counts = dict.fromkeys(STORES, 0), dict.fromkeys(STORES, 0)
        projects: Counter[ProjectId] = Counter()
        derived: Counter[ProjectId] = Counter()
        for path, size in _files(self._ram.path):
            store, project = _belongs(path)
            stores[store] += size
            counts[store] += 1
            projects[project] += size
            derived[project] += size if store in DERIVED else 0
        for project, size in self._indexes().items():
            stores["vectors"] += size
            projects[project] += size
            derived[project] += size
        return Measured(usage, stores, projects, derived, counts)


def _files(directory: Path) -> Iterable[tuple[Path, int]]:
    """Every file below by its relative path, with what it takes; those that vanish are none."""
    stack = [directory]
    while stack:
        try:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(path)
                    else:
                        blocks = entry.stat(follow_symlinks=False).st_blocks
                        yield path.relative_to(directory), blocks * 512
        except FileNotFoundError:
            continue


def _belongs(path: Path) -> tuple[str, ProjectId]:
    """Store and project of a file of the lake."""
    top = path.parts[0]
    if top == BALLAST:
        return "ballast", ProjectId("")
    if top.startswith("memory.db"):
        return "memory", ProjectId("")
    if top in ("projects", "words", "vectors") and len(path.parts) > 1:
        return top, ProjectId(path.parts[1].partition(".")[0])
    return "other", ProjectId("")
