"""Turns texts into unit vectors: bge-small int8 on onnxruntime, one text at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from common.errors import OverLimit
from dragon_node.inference.embedding.embedder import Vector, Vectors
from dragon_node.inference.embedding.onnx_bge import DIMENSION, ID, QUERY_PREFIX, Session

CALLERS_MAX = 64
"""Callers that may wait at a time; the next is refused."""


class BgeEmbedder:
    """bge-small-en-v1.5 int8, CLS pooling, L2, at most 128 tokens.

    The file quantises activations at run time, so a vector would depend on its batch-mates and on
    padding. Each text therefore goes alone and unpadded: the same text gives the same bits. It
    also lets a question overtake a long list: between two texts whoever waits gets a turn.
    """

    id = ID
    dimension = DIMENSION

    def __init__(self, locate: Callable[[], Path]) -> None:
        """`locate` gives the model's directory, or raises why it is not there."""
        self._locate = locate
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")
        self._loaded: Session | None = None
        self._callers = 0

    @property
    def loaded(self) -> bool:
        """True once the weights are in memory."""
        return self._loaded is not None

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """See Embedder."""
        if self._callers >= CALLERS_MAX:
            raise OverLimit(
                f"{self._callers} requests already wait for the embedder, {CALLERS_MAX} at most",
                hint="try again in a moment",
            )
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        loop = asyncio.get_running_loop()
        self._callers += 1
        try:
            for row, text in enumerate(texts):
                prefixed = QUERY_PREFIX + text if query else text
                rows[row] = await loop.run_in_executor(self._thread, self._one, prefixed)
        finally:
            self._callers -= 1
        return rows

    def close(self) -> None:
        """Frees the weights; waits for the text that is being read."""
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._loaded = None

    def _one(self, text: str) -> Vector:
        if self._loaded is None:
            self._loaded = Session(self._locate())
        return self._loaded.vector(text)
