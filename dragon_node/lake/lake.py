"""The only door to the lake.

HOME/dragon/journal.db       the durable record (journal.py)
HOME/dragon/embeddings.db    vectors that were made (nearest.py)
HOME/dragon/shelf/           copies of files: of projects that sleep, and generations (recovery/)
RAM/memory.db                what is known across projects (metadata.py, failure memory)
RAM/projects/ID.db           everything of one project (project.py)
RAM/words/ID/                its words (words.py)
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from common.clock import Clock
from common.daemon.keys import SealingKey
from common.errors import Corrupt, OverLimit
from common.model.answer import Freshness, Hit
from common.model.event import Event
from common.model.ids import ContentHash, EventId, NodeId, Origin
from common.model.lake import (
    HistoryPage,
    HistoryQuery,
    KeptItem,
    LakeStats,
    LakeStep,
    Oblivion,
    ProjectStats,
    Related,
    RelatedQuery,
    SearchQuery,
    SearchResult,
)
from dragon_node.lake import metadata
from dragon_node.lake.aliases import Aliases
from dragon_node.lake.database import Database
from dragon_node.lake.forgetting.in_memory import Forgotten
from dragon_node.lake.freshness import remembered
from dragon_node.lake.history.retention import OUTPUTS, OutputRule
from dragon_node.lake.intake import Journalled, Opened
from dragon_node.lake.lead import Lead
from dragon_node.lake.opening import Rooms, Wanted, open_rooms
from dragon_node.lake.projects import Projects
from dragon_node.lake.ramdisk import RamDisk
from dragon_node.lake.records import Applier, Blobs, Chunker, ChunkRef, Note, Scored
from dragon_node.lake.remembering import Remembering
from dragon_node.lake.renewing import Renewing
from dragon_node.lake.scope import EVERYWHERE, Scope
from dragon_node.lake.searching import Searching
from dragon_node.lake.vectors import Vector
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.held import MakeIndex

log = logging.getLogger(__name__)

Steps = AsyncGenerator[LakeStep]

DRAIN_BYTES = 512 << 20
"""A lake that is larger is not copied at the end."""
VECTOR_FACTOR = 2
"""A vector, as it is kept and as it is searched, takes less than this times its own bytes."""


class Lake:
    """Takes in what laptops record and answers exact questions about it."""

    def __init__(self, rooms: Rooms) -> None:
        self.memory: Database = rooms.stores.memory.database
        self._ram = rooms.ram
        self._accountant = rooms.accountant
        self._journal = rooms.journal
        self._lead = rooms.lead
        self.replication = rooms.replication
        """How its journal is copied to another Dragon, and from one."""
        self.moving = rooms.moving
        """How one project is told to another Dragon, and taken in from one."""
        self._applying = rooms.applying
        self._contents = rooms.contents
        self._residency = rooms.residency
        self._safekeeping = rooms.safekeeping
        self._nearest = rooms.nearest
        self._intake = rooms.intake
        self._forgetting = rooms.forgetting
        self._keeping = rooms.keeping
        self._projects = Projects(rooms.stores, rooms.places, rooms.residency)
        self._renewing = Renewing(
            rooms.stores, self._projects, rooms.lexicon, rooms.nearest, rooms.accountant
        )
        self._aliases = Aliases(rooms.places, self.note)
        self._searching = Searching(self._projects, rooms.lexicon, rooms.nearest, self.freshness)
        self._remembering = Remembering(self._projects, self.memory, self.freshness)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        *,
        directory: Path,
        ram: RamDisk,
        budget_bytes: int,
        appliers: Sequence[Applier],
        chunker: Chunker,
        clock: Clock | None = None,
        key: SealingKey | None = None,
        outputs: OutputRule = OUTPUTS,
        vectors: MakeIndex = FastScanIndex,
        lead: Lead | None = None,
    ) -> AsyncGenerator[Lake]:
        """The lake whose journal lies in `directory` (SSD) and whose stores lie on `ram`.

        What the stores lack is applied from the journal before it opens: after a crash, and
        all of it when the RAM disk was lost. Projects that sleep stay so. What lies on the SSD
        is sealed with the key: without one given, with the directory's own, made at first use.
        """
        wanted = Wanted(
            directory, ram, budget_bytes, appliers, chunker, clock, key, outputs, vectors, lead
        )
        async with open_rooms(wanted) as rooms:
            yield cls(rooms)

    # -- the way in ---------------------------------------------------------------------------

    async def open_origin(
        self, origin: Origin, node_id: NodeId, first_held: int, last: int
    ) -> Opened:
        """What is held of an outbox; binds it to the node at first use."""
        self._lead.check()
        opened = await self._intake.open(origin, node_id, first_held, last)
        await self._lead.agreed(self._journal.last_lsn)  # what it says is an acknowledgement
        return opened

    async def journal(
        self, origin: Origin, node_id: NodeId, records: Sequence[tuple[int, bytes]], blobs: Blobs
    ) -> Journalled:
        """Admits and makes durable; `until_applied` of its lsn is the time to acknowledge."""
        self._lead.check()
        return await self._intake.journal(origin, node_id, records, blobs)

    async def until_applied(self, lsn: int) -> None:
        """Returns once the stores have it, and so does every follower that counts. OverLimit while
        the RAM disk is full."""
        await self._intake.until_applied(lsn)
        await self._lead.agreed(lsn)

    async def accept(
        self, origin: Origin, node_id: NodeId, records: Sequence[tuple[int, bytes]], blobs: Blobs
    ) -> Journalled:
        """Admits, makes durable and applies."""
        journalled = await self.journal(origin, node_id, records, blobs)
        await self.until_applied(journalled.lsn)
        return journalled

    async def keep(self, blobs: Blobs) -> None:
        """Makes contents durable ahead of the records that refer to them."""
        self._lead.check()
        await self._intake.keep(blobs)

    async def note(self, note: Note) -> int:
        """Journals and applies something that was decided here; its lsn."""
        self._lead.check()
        lsn = await self._intake.note(note)
        await self.until_applied(lsn)
        return lsn

    async def wait_applied(self, lsn: int) -> int:
        """The applied lsn, once it is greater than `lsn`."""
        return await self._applying.beyond(lsn)

    @property
    def applied(self) -> int:
        """Everything up to this lsn is in the stores."""
        return self._applying.applied

    # -- content and events -------------------------------------------------------------------

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        """Which of these contents are durable, as far as can be told without waking a project."""
        return await self._contents.holds(hashes)

    async def blob(self, content: ContentHash) -> bytes | None:
        """Raw content as it was indexed; None when it is not held."""
        return await self._contents.blob(content)

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, and its project's name. Missing when there is none."""
        return await self._remembering.event(event_id)

    async def history(self, q: HistoryQuery) -> HistoryPage:
        """Newest first; those most like an event, best first, when one is given."""
        return await self._remembering.history(q)

    async def related(self, q: RelatedQuery) -> Related:
        """What is related to a thing within some hops, nearest first."""
        return await self._remembering.related(q)

    async def forgotten(self, after_lsn: int) -> list[Forgotten]:
        """What was forgotten after a position, for laptops to forget it too."""
        return await self._remembering.forgotten(after_lsn)

    # -- search -------------------------------------------------------------------------------

    async def literal(self, q: SearchQuery) -> SearchResult:
        """Every line with the exact text, up to k, in path and line order."""
        return await self._searching.literal(q)

    async def regex(self, q: SearchQuery) -> SearchResult:
        """Every line that the expression matches, up to k, in path and line order."""
        return await self._searching.regex(q)

    async def by_words(
        self, query: str, k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """By BM25 over words and parts of identifiers."""
        return await self._searching.by_words(query, k, project, scope)

    async def by_vector(
        self,
        vector: Vector,
        k: int,
        project: str = "",
        scope: Scope = EVERYWHERE,
        *,
        embedder: str = "",
    ) -> list[Scored]:
        """By cosine; the vector has unit length. Unavailable when a project has vectors of other
        embedders only; without a name it is the newest of each."""
        return await self._searching.by_vector(vector, k, project, scope, embedder=embedder)

    async def by_symbol(
        self, names: Sequence[str], k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """Where a function, class or type of such a name is defined."""
        return await self._searching.by_symbol(names, k, project, scope)

    async def by_substring(
        self, text: str, k: int, project: str = "", scope: Scope = EVERYWHERE
    ) -> list[Scored]:
        """Chunks that contain the exact text."""
        return await self._searching.by_substring(text, k, project, scope)

    async def chunks(self, refs: Sequence[ChunkRef], scope: Scope = EVERYWHERE) -> list[Hit]:
        """The chunks with their text as they stand in the scope, in the order asked for; those
        that have gone are left out."""
        return await self._searching.chunks(refs, scope)

    # -- vectors ------------------------------------------------------------------------------

    async def unembedded(self, embedder: str, limit: int) -> list[tuple[ContentHash, str]]:
        """Chunks without a vector of this embedder, newest first in each project, each once however
        many projects have it: hash and what to embed. Vectors that were made before the RAM disk
        was lost are taken back first."""
        bare: dict[ContentHash, str] = {}
        for project, shard in await self._projects.matching(""):
            if len(bare) >= limit:
                break
            bare |= await self._nearest.lacking(shard, project, embedder, limit - len(bare))
        return list(bare.items())

    async def put_vectors(
        self, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
    ) -> None:
        """Keeps vectors: on SSD, and in every project that is awake and has such chunks. OverLimit
        when there is no room in memory: on SSD they are kept."""
        await self._nearest.keep(embedder, vectors)
        room = sum(VECTOR_FACTOR * vector.nbytes for _, vector in vectors)
        await self._accountant.reserve(room)
        try:
            for project, shard in await self._projects.matching(""):
                await self._nearest.put(shard, project, embedder, vectors)
        finally:
            self._accountant.settle(room)

    # -- what it knows ------------------------------------------------------------------------

    async def freshness(self, project: str = "") -> Freshness:
        """How much an answer over this project, or all, knows about."""
        asleep = self._projects.asleep(project)  # first: who falls asleep meanwhile was asked
        counted = await self._projects.counted(project)
        chunks = sum(c.chunks for c in counted)
        return Freshness(
            projects=tuple(copy for c in counted for copy in c.copies),
            events_behind=self._journal.last_lsn - self._applying.applied,
            vectors_share=sum(c.embedded for c in counted) / chunks if chunks else 0.0,
            words_behind=await self._searching.words_behind(project),
            asleep=asleep,
        )

    async def stats(self) -> LakeStats:
        """Sizes, budget and positions. Files, chunks, vectors and events are of those awake."""
        measured = await self._accountant.measure()
        failures, remedies = await self.memory.read(remembered)
        counted = await self._projects.counted("")
        return LakeStats(
            bytes=measured.bytes,
            budget_bytes=self._accountant.budget_bytes,
            ram=self._ram.ram,
            back_end=self._ram.back_end,
            path=str(self._ram.path),
            why=self._ram.reason,
            lsn=self._journal.last_lsn,
            journal_bytes=self._journal.bytes,
            projects=self._projects.count,
            files=sum(c.files for c in counted),
            chunks=sum(c.chunks for c in counted),
            vectors=sum(c.embedded for c in counted),
            events=sum(c.events for c in counted),
            failures=failures,
            remedies=remedies,
            origins=await self.memory.read(metadata.origin_stats),
            freshness=await self.freshness(),
            evict_bytes=self._accountant.evict_bytes,
            refuse_bytes=self._accountant.refuse_bytes,
            inodes_free=measured.usage.free_inodes,
            ballast_bytes=measured.usage.ballast_bytes,
            stores=measured.described(),
            kept=await self._projects.described(),
            generations=self._safekeeping.generations(),
        )

    # -- care ---------------------------------------------------------------------------------

    async def pin(self, project: str, *, pinned: bool) -> ProjectStats:
        """Keeps a project awake from now on, or lets it go to sleep again."""
        one = self._projects.only(project)
        if pinned:
            await self._projects.one(one)
        await self.note(Note("pin", {"project": one, "pinned": "yes" if pinned else ""}))
        return (await self._projects.described([one]))[0]

    async def sleep(self, project: str) -> ProjectStats:
        """Sends a project to the SSD; the next touch wakes it. Conflict when pinned or in use."""
        one = self._projects.only(project)
        await self._residency.sleep(one)
        return (await self._projects.described([one]))[0]

    async def alias(self, project: str, into: str) -> ProjectStats:
        """Makes one project of two, or undoes that when `into` is empty."""
        one = await self._aliases.alias(project, into)
        return (await self._projects.described([one]))[0]

    async def kept(self) -> list[KeptItem]:
        """What is kept, where, how old it is, and what ends its stay. Nobody is woken for it."""
        return await self._keeping.kept()

    def forget(self, o: Oblivion) -> AsyncGenerator[LakeStep]:
        """Takes out what matches, everywhere; the last step says whether it is gone. Invalid when
        nothing is named. It goes on when nobody listens any more."""
        return self._forgetting.forget(o)

    def project_ids(self) -> tuple[str, ...]:
        """Of every project that is kept here."""
        return self._projects.ids()

    def hidden_ids(self) -> tuple[str, ...]:
        """Of every project of which a copy is kept here that nobody is answered from."""
        return self._projects.hidden()

    def project_names(self) -> tuple[str, ...]:
        """Ids and names of every project that is kept here."""
        return self._projects.names()

    def reindex(self, project: str) -> Steps:
        """Makes a project's words and indexes of vectors anew. Missing when there is none."""
        return self._renewing.reindex(project)

    def compact(self) -> Steps:
        """Takes out of the files what is free in them. OverLimit when there is no room for it."""
        return self._renewing.compact()

    def snapshot(self) -> Steps:
        """Writes a generation and verifies it. OverLimit when the SSD is full."""
        return self._safekeeping.snapshot()

    def verify(self) -> Steps:
        """Reads everything that is durable; a step that is not ok names what is damaged."""
        return self._safekeeping.verify()

    def restore(self, at: int) -> Steps:
        """Rebuilds the stores from generation `at`, the newest for 0, and the journal after it."""
        return self._safekeeping.restore(at)

    def backup(self, to: Path, key_to: Path) -> Steps:
        """Writes what another machine needs, and the key that opens it to a file elsewhere."""
        return self._safekeeping.backup(to, key_to)

    async def drain(self, within_s: float) -> None:
        """Before the end: a generation with everything in it, when that takes no longer. Nothing
        depends on it: the next start has the RAM disk, or a generation and the journal."""
        newest = next(iter(self._safekeeping.generations()), None)
        if newest is not None and newest.lsn == self._journal.last_lsn:
            return
        if self._accountant.measured.bytes > DRAIN_BYTES:
            return  # a copy that has begun is not interrupted, and this one would take long
        try:
            async with asyncio.timeout(within_s), aclosing(self.snapshot()) as steps:
                async for _ in steps:
                    pass
        except (TimeoutError, OverLimit, Corrupt) as error:
            log.warning("no snapshot was made at the end: %s", error or "it takes too long")
