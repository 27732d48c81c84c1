"""Gives every chunk its vector, in the background and behind whoever asks a question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from common.errors import OverLimit, PostDevAIError, Unavailable
from common.model.ids import ContentHash
from dragon_node.inference.embedding.embedder import Embedder, Vector, Vectors

log = logging.getLogger(__name__)

BATCH = 32
"""Chunks between two looks at whether a person waits: about a second on two cores."""
QUIET_S_MAX = 30.0
"""Questions hold the loop up for so long at most: vectors make the next answer better."""
RECHECK_S = 10.0
"""Chunks are looked for again after this even when nothing was applied."""
RETRY_S = 15.0
"""Pause after the embedder or a full lake refused."""


class Unembedded(Protocol):
    """What of the lake the loop needs."""

    async def unembedded(self, embedder: str, limit: int) -> list[tuple[ContentHash, str]]:
        """Chunks without a vector of this embedder."""
        ...

    async def put_vectors(
        self, embedder: str, vectors: Sequence[tuple[ContentHash, Vector]]
    ) -> None:
        """Keeps vectors."""
        ...

    async def wait_applied(self, lsn: int) -> int:
        """The applied position, once it is greater than lsn."""
        ...


class EmbeddingLoop:
    """Takes chunks without a vector, a batch at a time. What is done is kept, so it resumes."""

    def __init__(
        self,
        lake: Unembedded,
        embedder: Embedder,
        *,
        arrived: Callable[[], Awaitable[None]],
        quiet: Callable[[], Awaitable[None]],
    ) -> None:
        """`arrived` returns when the embedder can be used, `quiet` when nobody is answered."""
        self._lake = lake
        self._embedder = embedder
        self._arrived = arrived
        self._quiet = quiet

    async def run(self) -> None:
        """Until cancelled."""
        applied = -1
        while True:
            await self._arrived()
            applied = max(applied, await self._lake.wait_applied(-1))
            try:
                more = await self.embed_some()
            except (Unavailable, OverLimit) as why:
                log.warning("chunks wait for their vectors why=%s", why.message)
                await asyncio.sleep(RETRY_S)
                continue
            if not more:
                await self._wait_for_more(applied)

    async def embed_some(self) -> bool:
        """One batch; False when every chunk has its vector."""
        embedder = self._embedder.id
        chunks = await self._lake.unembedded(embedder, BATCH)
        if not chunks:
            return False
        await self._wait_for_quiet()
        rows = await self._rows([text for _, text in chunks])
        vectors = [(chunk, row) for (chunk, _), row in zip(chunks, rows, strict=True)]
        await self._lake.put_vectors(embedder, vectors)
        return True

    async def _rows(self, texts: Sequence[str]) -> Vectors:
        """Unavailable for whatever is wrong with the embedder: it may be mended while this runs."""
        try:
            return await self._embedder.embed(texts)
        except PostDevAIError as why:
            raise Unavailable(why.message) from why

    async def _wait_for_quiet(self) -> None:
        try:
            async with asyncio.timeout(QUIET_S_MAX):
                await self._quiet()
        except TimeoutError:
            return

    async def _wait_for_more(self, applied: int) -> None:
        try:
            async with asyncio.timeout(RECHECK_S):
                await self._lake.wait_applied(applied)
        except TimeoutError:
            return
