"""The only door to the lake."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from common.model.answer import Freshness, Hit
from common.model.event import Event
from common.model.ids import ContentHash, EventId, NodeId, Origin
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from dragon_node.lake.database import Database
from dragon_node.lake.ramdisk import RamDisk
from dragon_node.lake.records import Applier, Blobs, Chunker, ChunkRef, Note, Scored

Vector = npt.NDArray[np.float32]


class Lake:
    """Everything that is kept. Signatures first; bodies follow."""

    memory: Database

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
    ) -> AsyncGenerator[Lake]:
        raise NotImplementedError
        yield

    async def note(self, note: Note) -> int:
        raise NotImplementedError

    async def wait_applied(self, lsn: int) -> int:
        raise NotImplementedError

    async def blob(self, content: ContentHash) -> bytes | None:
        raise NotImplementedError

    async def holds(self, hashes: Sequence[ContentHash]) -> set[ContentHash]:
        raise NotImplementedError

    async def freshness(self, project: str = "") -> Freshness:
        raise NotImplementedError

    async def stats(self) -> LakeStats:
        raise NotImplementedError

    async def history(self, q: HistoryQuery) -> HistoryPage:
        raise NotImplementedError

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        raise NotImplementedError

    async def literal(self, q: SearchQuery) -> SearchResult:
        raise NotImplementedError

    async def regex(self, q: SearchQuery) -> SearchResult:
        raise NotImplementedError

    async def by_words(self, query: str, k: int, project: str) -> list[Scored]:
        raise NotImplementedError

    async def by_vector(self, vector: Vector, k: int, project: str) -> list[Scored]:
        raise NotImplementedError

    async def by_symbol(self, names: Sequence[str], k: int, project: str) -> list[Scored]:
        raise NotImplementedError

    async def by_substring(self, text: str, k: int, project: str) -> list[Scored]:
        raise NotImplementedError

    async def chunks(self, refs: Sequence[ChunkRef]) -> list[Hit]:
        raise NotImplementedError

    async def unembedded(self, embedder: str, limit: int) -> list[tuple[ContentHash, str]]:
        raise NotImplementedError

    async def put_vectors(
        self, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
    ) -> None:
        raise NotImplementedError

    async def accept(
        self,
        origin: Origin,
        node_id: NodeId,
        records: Sequence[tuple[int, bytes]],
        blobs: Blobs,
    ) -> object:
        raise NotImplementedError
