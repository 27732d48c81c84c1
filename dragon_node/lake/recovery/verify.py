"""Reads everything that is kept and says what is not as it was written."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

import apsw

from common.errors import Corrupt, PostDevAIError
from common.model.ids import ContentHash
from common.model.lake import LakeStep
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Journal
from dragon_node.lake.journal_file import rows, unpack
from dragon_node.lake.records import Row
from dragon_node.lake.recovery.archive import Archive
from dragon_node.lake.recovery.shelf import Shelved, damage
from dragon_node.lake.recovery.snapshot import Standing
from dragon_node.lake.shards import step_of

BATCH_RECORDS = 500
BATCH_BLOBS = 100


class Verification:
    """One reading of everything. Nothing is changed, and others go on meanwhile."""

    def __init__(
        self,
        archive: Archive,
        journal: Journal,
        standing: Standing,
        readers: Readers,
        others: Mapping[str, Path],
    ) -> None:
        """`others` are further SQLite files by what they are."""
        self._archive = archive
        self._journal = journal
        self._standing = standing
        self._readers = readers
        self._others = others
        self._wrong = 0

    async def steps(self) -> AsyncGenerator[LakeStep]:
        """What is read, and a step that is not ok for each damaged thing, by its name."""
        for part in (self._records(), self._blobs(), self._kept(), self._files(), self._rest()):
            async for step in part:
                self._wrong += not step.ok
                yield step
        sentence = f"{self._wrong} things are damaged" if self._wrong else "everything is whole"
        yield LakeStep("verify", 1, 1, sentence, ok=not self._wrong, ended=True)

    async def _records(self) -> AsyncGenerator[LakeStep]:
        """Every position once, and each record readable."""
        first, last = max(1, self._journal.first_lsn), self._journal.last_lsn
        expected = first
        while expected <= last:
            upto = min(last, expected + BATCH_RECORDS - 1)
            for lsn, wrong in await self._damaged(expected, upto):
                if lsn < self._journal.first_lsn:
                    continue  # it was cut meanwhile
                yield _bad("journal", f"{self._journal.path}, record {lsn}: {wrong}")
            yield LakeStep("journal", upto - first + 1, last - first + 1)
            expected = upto + 1

    async def _damaged(self, first: int, last: int) -> list[tuple[int, str]]:
        """Records from here to there that cannot be read; halved until each is named."""
        try:
            found = await self._journal.read(lambda db: rows(db, first - 1, last - first + 1, None))
        except Corrupt as error:
            if first == last:
                return [(first, error.message)]
            middle = (first + last) // 2
            return [*await self._damaged(first, middle), *await self._damaged(middle + 1, last)]
        return _unreadable(found, first, last)

    async def _blobs(self) -> AsyncGenerator[LakeStep]:
        done, after = 0, b""
        total: int = await self._journal.read(_count_blobs)
        while True:
            try:
                batch = await self._journal.read(lambda db, after=after: _blobs_after(db, after))
            except Corrupt as error:
                yield _bad(
                    "contents", f"{self._journal.path}, contents after {after.hex()}: {error}"
                )
                return
            if not batch:
                return
            for key, data in batch:
                try:
                    unpack(ContentHash(key.hex()), data)
                except Corrupt as error:
                    yield _bad("contents", f"{self._journal.path}: {error.message}")
            done, after = done + len(batch), batch[-1][0]
            yield LakeStep("contents", done, max(total, done))

    async def _kept(self) -> AsyncGenerator[LakeStep]:
        """Manifests, the map of those asleep, and every copy."""
        for sentence in (*self._archive.generations.damaged, self._archive.asleep.damaged):
            if sentence:
                yield _bad("generations", sentence)
        for sentence in self._archive.generations.check():
            yield _bad("generations", sentence)
        copies = {s.file: s for m in self._archive.generations.all() for s in m.files.values()}
        copies |= {s.file: s for s in self._archive.asleep.all().values()}
        for done, shelved in enumerate(copies.values(), start=1):
            try:
                await self._archive.shelf.examine(shelved)
            except Corrupt as error:
                yield _bad("shelf", error.message)
            yield LakeStep("shelf", done, len(copies), shelved.name)

    async def _files(self) -> AsyncGenerator[LakeStep]:
        """What lies on the RAM disk."""
        names = await self._standing.names()
        for done, name in enumerate(names, start=1):
            async with self._standing.held(name) as held:
                wrong = "" if isinstance(held, Shelved) else await self._quick(held.database.path)
            if wrong:
                yield _bad("files", wrong)
            yield LakeStep("files", done, len(names), name)

    async def _rest(self) -> AsyncGenerator[LakeStep]:
        for name, path in (("journal", self._journal.path), *self._others.items()):
            if wrong := await self._quick(path):
                yield _bad(name, wrong)
            yield LakeStep(name, 1, 1, str(path))

    async def _quick(self, path: Path) -> str:
        try:
            wrong = await self._readers.run(path, damage)
        except PostDevAIError as error:
            return error.message
        return f"{path}: {wrong}" if wrong else ""


def _unreadable(found: Sequence[Row], first: int, last: int) -> list[tuple[int, str]]:
    wrong: list[tuple[int, str]] = []
    held = {row.lsn: row for row in found}
    for lsn in range(first, last + 1):
        if lsn not in held:
            wrong.append((lsn, "it is missing"))
            continue
        try:
            step_of(held[lsn])
        except (PostDevAIError, ValueError, KeyError) as error:
            wrong.append((lsn, f"it cannot be read: {error}"))
    return wrong


def _count_blobs(db: apsw.Connection) -> int:
    return db.execute("SELECT count(*) FROM referred").get


def _blobs_after(db: apsw.Connection, after: bytes) -> list[tuple[bytes, bytes]]:
    sql = "SELECT hash, data FROM blobs WHERE hash>? ORDER BY hash LIMIT ?"
    return [(row[0], row[1]) for row in db.execute(sql, (after, BATCH_BLOBS))]


def _bad(step: str, sentence: str) -> LakeStep:
    return LakeStep(step, sentence=sentence, ok=False)
