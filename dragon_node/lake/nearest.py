"""Finds chunks by their meaning: every project's vectors in memory, in its file and on SSD.

All indexes live on one thread; another builds new ones while the old answer. A question is answered
by vectors of the embedder that embedded it, and by no others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import apsw

from common.daemon.keys import SealingKey
from common.errors import Unavailable
from common.model.ids import ContentHash, ProjectId
from dragon_node.lake.candidates import hashes_within
from dragon_node.lake.code import ChunkTexts
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.failpoints import reach
from dragon_node.lake.scope import EVERYWHERE, Scope
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors import kept
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.held import Held, Living, MakeIndex
from dragon_node.lake.vectors.kept import Block, Made
from dragon_node.lake.vectors.port import Found, Rebuilding, Vector

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

SPARE = 4
"""Looked at besides the hits wanted: hashes whose chunk has just gone make no hit."""
LOADED_AT_ONCE = 2_048
"""Vectors that are read from a file at a time: between two such reads others have their turn."""
TAKEN_BACK_AT_ONCE = 1_024
"""Vectors that are looked for on SSD at a time."""
SWEPT_AT_ONCE = 20_000
"""Vectors on SSD that are compared with the projects' chunks at a time."""
RETRY_S = 600.0
"""An index that could not be rebuilt is tried again after this long."""


class Nearest:
    """The vectors of all projects."""

    def __init__(self, disk: Database, make: MakeIndex) -> None:
        self._disk = disk
        self._make = make
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="lake-vectors")
        self._builder = ThreadPoolExecutor(1, thread_name_prefix="lake-vectors-build")
        self._held: dict[ProjectId, dict[str, Held]] = {}
        self._living: defaultdict[ProjectId, Living] = defaultdict(Living)
        self._building: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        path: Path,
        readers: Readers,
        *,
        key: SealingKey | None = None,
        make: MakeIndex = FastScanIndex,
    ) -> Nearest:
        """`path` is embeddings.db on SSD, sealed with the key when there is one. `make` makes an
        empty index for a dimension, on the vectors' thread."""
        disk = await Database.open(
            path, readers, schema=kept.DISK_SCHEMA, synchronous="NORMAL", key=key
        )
        return cls(disk, make)

    async def stop(self) -> None:
        """Ends what is being read from files and built. A question begins it again."""
        reading = [held.loaded for held in self._all()]
        for project in list(self._held):
            await self.drop(project)
        await asyncio.gather(*reading, return_exceptions=True)
        await self.idle()

    async def close(self) -> None:
        """Stops, and closes embeddings.db."""
        await self.stop()
        self._builder.shutdown(wait=True)
        self._pool.shutdown(wait=True)
        await self._disk.close()

    # -- questions ----------------------------------------------------------------------------

    async def search(
        self,
        project: ProjectId,
        shard: Shard,
        vector: Vector,
        k: int,
        *,
        embedder: str = "",
        scope: Scope = EVERYWHERE,
    ) -> list[tuple[int, float]]:
        """Chunks within the scope with their cosine, best first, one for each hash. Exact within
        a scope.

        `embedder` made the vector; empty means the project's newest. Unavailable when the project
        has vectors of others only: their cosines would mean nothing.
        """
        held = await self._asked(project, shard, embedder)
        if held is None or held.index is None or k < 1:
            return []
        allow: Collection[ContentHash] | None = None
        if scope:
            allow = await shard.database.read(partial(hashes_within, scope=scope))
        asked = k + SPARE
        while True:
            found = await self._on_thread(held.index.search, vector, asked, allow)
            chunks = await shard.database.read(partial(_standing, found=found, scope=scope))
            if len(chunks) >= k or len(found) < asked:
                return chunks[:k]
            asked *= SPARE

    def troubles(self, projects: Collection[ProjectId] | None = None) -> tuple[str, ...]:
        """What went wrong with indexes, of all projects when none are given. They answer, by an
        older index or by looking at every vector."""
        asked = self._held if projects is None else projects
        return tuple(
            held.trouble
            for project in asked
            for held in self._held.get(project, {}).values()
            if held.trouble
        )

    # -- the way in ---------------------------------------------------------------------------

    async def lacking(
        self, shard: Shard, project: ProjectId, embedder: str, limit: int
    ) -> list[tuple[ContentHash, str]]:
        """Chunks without a vector, and what to embed. Vectors kept on SSD are taken first."""
        most = max(limit, TAKEN_BACK_AT_ONCE)
        while True:
            bare = await shard.database.read(lambda db: kept.lacking(db, embedder, most))
            hashes = [content for content, _ in bare]
            made = await self._disk.read(partial(_made, embedder=embedder, hashes=hashes))
            if not made:
                break
            await self.put(shard, project, embedder, made)
        return await shard.database.read(partial(_to_embed, bare=bare[:limit]))

    async def keep(self, embedder: str, made: Made) -> None:
        """On SSD, so that a lost RAM disk does not mean embedding again."""
        await self._disk.write(lambda db: kept.put_on_disk(db, embedder, made))

    async def put(self, shard: Shard, project: ProjectId, embedder: str, made: Made) -> None:
        """In the project's file and index, as far as it has such chunks. Found once this returns,
        or, while the index is being read from the file, once that has ended."""
        hashes = [content for content, _ in made]
        if not await shard.database.read(partial(kept.any_of, hashes=hashes)):
            return  # a write would make all old that is remembered of the file
        living = self._living[project]
        with living.watching() as died:
            new = await shard.database.write(lambda db: kept.put(db, embedder, made))
            if not new:
                return  # and a project that nobody asks about is not read for it
            keys = [key for key, _ in new]
            living.came(set(keys) - died)
            held = self._of(project, shard, embedder)
            await self._on_thread(held.add, keys, [vector for _, vector in new])
            await self._bury(held, died.intersection(keys))
        for other in self._others(project, embedder):
            await self._bury(other, keys)
        await self._look_after(held)

    async def forget(self, project: ProjectId, dead: Sequence[ContentHash]) -> None:
        """No chunk has these hashes any more."""
        self._living[project].went(dead)
        for held in list(self._held.get(project, {}).values()):
            await self._bury(held, dead)
            await self._look_after(held)

    # -- care ---------------------------------------------------------------------------------

    async def purge(self, project: ProjectId, shard: Shard, hashes: Sequence[ContentHash]) -> None:
        """Deletes these vectors from the project's file, from its indexes and from SSD, of every
        embedder; on SSD nothing of them lingers in free pages or in the log. Unavailable when that
        file is being read for too long: ask again."""
        await shard.database.write(lambda db: kept.remove(db, hashes))
        reach("vectors.purged_file")
        await asyncio.to_thread(kept.erase_on_disk, self._disk.path, self._disk.key, hashes)
        reach("vectors.purged_disk")
        await self.drop(project)

    async def sweep(self, shards: Callable[[], AsyncIterator[Shard]]) -> int:
        """Erases from SSD the vectors of chunks that none of these projects has any more; how many.
        Some at a time: others have their turn between. What a project that is left out has, it has
        in its own file; only for a file that is lost it would be made anew."""
        erased, after = 0, ("", ContentHash(""))
        while page := await self._disk.read(
            partial(kept.on_disk, after=after, limit=SWEPT_AT_ONCE)
        ):
            after = page[-1]
            dead = {content for _, content in page}
            async for shard in shards():
                dead -= await shard.database.read(partial(kept.standing, hashes=frozenset(dead)))
            if dead:
                await asyncio.to_thread(kept.erase_on_disk, self._disk.path, self._disk.key, dead)
            erased += len(dead)
        return erased

    async def drop(self, project: ProjectId) -> None:
        """Frees the memory of a project's vectors; the next question reads them from its file."""
        for held in self._held.pop(project, {}).values():
            held.dropped = True
            if held.building is not None:
                await self._on_thread(held.building.abandon)

    async def load(self, project: ProjectId, shard: Shard) -> None:
        """Reads a project's vectors of its newest embedder into memory, before anybody asks."""
        await self._asked(project, shard, "")

    async def idle(self) -> None:
        """Returns once nothing is being read or rebuilt."""
        while busy := [*self._building, *(h.loaded for h in self._all() if not h.loaded.done())]:
            await asyncio.gather(*busy, return_exceptions=True)

    def bytes(self, project: ProjectId) -> int:
        """Memory that a project's vectors take beside its file."""
        return sum(held.bytes for held in list(self._held.get(project, {}).values()))

    def sizes(self) -> dict[ProjectId, int]:
        """Memory by project. Any thread may ask."""
        return {project: self.bytes(project) for project in list(self._held)}

    # -- an index and its file ----------------------------------------------------------------

    async def _asked(self, project: ProjectId, shard: Shard, embedder: str) -> Held | None:
        """Whose vectors can answer; None when the project has none."""
        if not embedder:
            names = await shard.database.read(kept.embedders)
            if not names:
                return None
            embedder = names[0]
        held = await self._read(project, shard, embedder)
        if len(held) == 0:
            names = await shard.database.read(kept.embedders)
            if names and embedder not in names:
                raise Unavailable(
                    f"the vectors of project {project} were made by {names[0]}, and the question's "
                    f"by {embedder}: they cannot be compared",
                    hint="They are made anew in the background.",
                )
        return held

    async def _read(self, project: ProjectId, shard: Shard, embedder: str) -> Held:
        while True:
            held = self._of(project, shard, embedder)
            await asyncio.shield(held.loaded)
            if not held.dropped:
                return held

    def _of(self, project: ProjectId, shard: Shard, embedder: str) -> Held:
        """As it is held, or from now on: then it is being read."""
        of_project = self._held.setdefault(project, {})
        if embedder not in of_project:
            held = Held(embedder, self._make)
            held.loaded = asyncio.ensure_future(self._load(project, shard, held))
            held.loaded.add_done_callback(_say_failure)
            of_project[embedder] = held
        return of_project[embedder]

    async def _load(self, project: ProjectId, shard: Shard, held: Held) -> None:
        after = 0
        try:
            while not held.dropped:
                with self._living[project].watching() as died:
                    block = await shard.database.read(
                        partial(_block, embedder=held.embedder, after=after)
                    )
                    if block is None:
                        break
                    await self._on_thread(_add, held, block)
                    await self._bury(held, died.intersection(block.keys))
                after = block.last
        except BaseException:
            held.dropped = True
            self._held.get(project, {}).pop(held.embedder, None)
            raise
        held.is_loaded = True
        await self._look_after(held)

    async def _bury(self, held: Held, dead: Collection[ContentHash]) -> None:
        if dead:
            await self._on_thread(held.tombstone, dead)

    def _all(self) -> list[Held]:
        return [held for of_project in self._held.values() for held in of_project.values()]

    def _others(self, project: ProjectId, embedder: str) -> list[Held]:
        return [h for name, h in self._held.get(project, {}).items() if name != embedder]

    # -- rebuilding ---------------------------------------------------------------------------

    async def _look_after(self, held: Held) -> None:
        """Begins a rebuild when it is due."""
        loop = asyncio.get_running_loop()
        if held.index is None or not held.is_loaded or held.building is not None:
            return
        if loop.time() < held.retry_at_s:
            return
        held.building = rebuilding = await self._on_thread(held.index.due)
        if rebuilding is not None:
            task = asyncio.ensure_future(self._rebuild(held, rebuilding))
            self._building.add(task)
            task.add_done_callback(self._building.discard)
            task.add_done_callback(_say_failure)

    async def _rebuild(self, held: Held, rebuilding: Rebuilding) -> None:
        """The old index answers until the new one takes its place, and for ever if it cannot."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._builder, rebuilding.build)
            await self._on_thread(rebuilding.swap)
            held.trouble = ""
        except Unavailable as why:
            if not held.dropped:
                held.trouble = f"vectors: {why.message}; the index from before goes on answering"
                held.retry_at_s = loop.time() + RETRY_S
                log.warning("an index of vectors was not rebuilt why=%s", why.message)
        finally:
            await self._on_thread(rebuilding.abandon)
            held.building = None

    async def _on_thread(self, fn: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        call = partial(fn, *args, **named)
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _add(held: Held, block: Block) -> None:
    held.add(block.keys, block.rows())


def _block(db: apsw.Connection, embedder: str, after: int) -> Block | None:
    return kept.block(db, embedder, after, LOADED_AT_ONCE)


def _standing(db: apsw.Connection, found: Found, scope: Scope) -> list[tuple[int, float]]:
    chunks = kept.chunks_of(db, [key for key, _ in found], scope)
    return [(chunks[key], score) for key, score in found if key in chunks]


def _made(db: apsw.Connection, embedder: str, hashes: Sequence[ContentHash]) -> Made:
    return kept.from_disk(db, embedder, hashes)


def _to_embed(
    db: apsw.Connection, bare: Sequence[tuple[ContentHash, int]]
) -> list[tuple[ContentHash, str]]:
    texts = ChunkTexts(db)
    found = ((content, texts.of(chunk)) for content, chunk in bare)
    return [(content, "\n".join(parts)) for content, parts in found if parts is not None]


def _say_failure(task: asyncio.Task[None]) -> None:
    """Whoever waits for the task gets its error; this is for when nobody does."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.warning("a project's vectors were not read or rebuilt why=%s", error)
