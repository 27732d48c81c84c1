"""Makes a generation: every file copied, read back, published; then the journal is cut."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol

from common.clock import Clock
from common.errors import Corrupt, OverLimit
from common.model.lake import Generation, LakeStep
from dragon_node.lake.failpoints import reach
from dragon_node.lake.journal import BYTES_MAX
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.generations import KEPT, Manifest
from dragon_node.lake.recovery.restore import Reach
from dragon_node.lake.recovery.shelf import Shelved
from dragon_node.lake.shards import Shard

log = logging.getLogger(__name__)

GROWN_BYTES = 256 << 20
"""That the journal has grown by since the last snapshot: then another is due."""
AGE_MS = 3_600_000
"""Of the last snapshot, when records have come since."""
PRESSED_BYTES = BYTES_MAX // 2
"""That the journal holds: then one is due as soon as it lets the journal be cut, although nothing
has come since. It is cut to the older of two generations, so the first alone makes no room."""
LOOK_S = 5.0
"""Between two looks whether one is due."""


class Standing(Protocol):
    """The files of the lake as they stand."""

    @property
    def applied(self) -> int:
        """Everything up to here is in the files that it belongs to."""
        ...

    async def names(self) -> Sequence[str]:
        """`memory` and the id of every project, awake or asleep, that has a record."""
        ...

    def held(self, name: str) -> AbstractAsyncContextManager[Shard | Shelved]:
        """A file that stays open meanwhile, or the copy that a sleeping project is."""
        ...


class Cuttable(Reach, Protocol):
    """What is asked of the journal."""

    @property
    def live_bytes(self) -> int:
        """Of what it holds."""
        ...

    async def cut(self, upto: int) -> None:
        """Lets go of everything up to here."""
        ...


class Snapshots:
    """Makes one at a time."""

    def __init__(
        self, archive: Archive, standing: Standing, journal: Cuttable, clock: Clock
    ) -> None:
        self._archive = archive
        self._standing = standing
        self._journal = journal
        self._clock = clock
        self.failed = ""
        """Why the newest attempt failed that nobody had asked for; empty when it did not."""
        self.turn = asyncio.Lock()
        """Held while a generation is made: who holds it has the newest one, and the journal after
        it, for as long as it wants."""
        self._since_ms = clock.now_ms()
        self._since_bytes = journal.live_bytes

    async def run(self) -> None:
        """Makes one whenever one is due, until cancelled. A full disk waits for the next."""
        while True:
            await asyncio.sleep(LOOK_S)
            if self.is_due():
                await self._try()

    def is_due(self) -> bool:
        """Whether to make one now."""
        newest = self._archive.generations.newest()
        covered = newest.lsn if newest is not None else 0
        live = self._journal.live_bytes
        age_ms = self._clock.now_ms() - self._since_ms
        grown = due(live - self._since_bytes, self._standing.applied - covered, age_ms)
        return grown or (live >= PRESSED_BYTES and covered >= max(1, self._journal.first_lsn))

    async def _try(self) -> None:
        try:
            await self.make()
        except (OverLimit, Corrupt) as error:
            # The lake and its older generations are as they were, and the journal holds the rest.
            self.failed = error.message
            log.error("no snapshot was made: %s", error.message)

    async def make(self, keep: int = KEPT) -> Generation:
        """One generation; `keep` of them are there afterwards. OverLimit when the disk is full:
        the others are as they were."""
        async with aclosing(self.steps(keep)) as steps:
            async for _ in steps:
                pass
        newest = self._archive.generations.newest()
        if newest is None:
            raise AssertionError("a snapshot ended and there is no generation")
        return newest.described()

    async def steps(self, keep: int = KEPT) -> AsyncGenerator[LakeStep]:
        """Makes one generation and says how far it is; `keep` of them are there afterwards.

        Errors as `make`. Who stops listening stops it, and nothing is left behind.
        """
        async with self.turn, aclosing(self.made(keep)) as making:
            async for step in making:
                yield step
        yield LakeStep("snapshot", 1, 1, "the lake is on the disk as it is now", ended=True)

    async def made(self, keep: int = KEPT) -> AsyncGenerator[LakeStep]:
        """For who holds `turn`: as `steps`, without an end."""
        self._since_ms, self._since_bytes = self._clock.now_ms(), self._journal.live_bytes
        files: dict[str, Shelved] = {}
        put: list[str] = []
        try:
            lsn = self._standing.applied  # first: each copy has at least this
            async with aclosing(self._copied(files, put)) as copying:
                async for step in copying:
                    yield step
            manifest = self._manifest(lsn, files)
            await asyncio.to_thread(self._archive.generations.publish, manifest, keep)
            self.failed = ""
            reach("snapshot.published")
        finally:
            self._archive.shelf.let_go(put)
            self._archive.sweep()
        yield _published(manifest)
        older = self._archive.generations.before(manifest.number)
        if older is not None:
            await self._journal.cut(older.lsn)
            yield LakeStep("journal", 1, 1, f"the journal begins at {self._journal.first_lsn:,}")

    async def rewrite(self) -> AsyncGenerator[LakeStep]:
        """A new generation and no other: what has been forgotten is in no older one then."""
        async with aclosing(self.steps(keep=1)) as steps:
            async for step in steps:
                yield step

    async def _copied(self, files: dict[str, Shelved], put: list[str]) -> AsyncGenerator[LakeStep]:
        """Copies every file, and reads back each copy that is new. `put` are those made here."""
        shelf = self._archive.shelf
        known = {s.file for m in self._archive.generations.all() for s in m.files.values()}
        names = await self._standing.names()
        for done, name in enumerate(names, start=1):
            async with self._standing.held(name) as held:
                if isinstance(held, Shelved):
                    files[name] = held
                else:
                    files[name] = await shelf.put(name, held)
                    put.append(files[name].file)
            reach("snapshot.shelved")
            yield LakeStep("copy", done, len(names), name)
        await self._double([s for s in files.values() if s.file in known])
        new = [s for s in files.values() if s.file not in known]
        for done, shelved in enumerate(new, start=1):
            await shelf.examine(shelved)
            yield LakeStep("verify", done, len(new), shelved.name)
        reach("snapshot.verified")

    async def _double(self, shared: Sequence[Shelved]) -> None:
        """What another generation has too: one damaged file is not to be the end of both."""
        for shelved in shared:
            try:
                await self._archive.shelf.double(shelved)
            except Corrupt as error:
                # As it was before: `verify` names it, and who wants it finds what else is there.
                log.error("a copy cannot be doubled: %s", error.message)

    def _manifest(self, lsn: int, files: dict[str, Shelved]) -> Manifest:
        number = self._archive.generations.next_number()
        return Manifest(number, self._clock.now_ms(), self._journal.id, lsn, dict(files))


def due(grown_bytes: int, behind: int, age_ms: int) -> bool:
    """Whether to make a generation now: records have come, and they are many or old."""
    return behind > 0 and (grown_bytes >= GROWN_BYTES or age_ms >= AGE_MS)


def _published(manifest: Manifest) -> LakeStep:
    numbers = manifest.described()
    sentence = (
        f"generation {numbers.number}: {numbers.files} files, {numbers.bytes:,} bytes, "
        f"everything up to {numbers.lsn:,}"
    )
    return LakeStep("publish", 1, 1, sentence)
