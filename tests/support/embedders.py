"""An embedder that needs no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from common.errors import PostDevAIError
from dragon_node.inference.embedding.embedder import Vectors


class FlatEmbedder:
    """Gives every text the same direction, or refuses."""

    id = "flat/4"
    dimension = 4

    def __init__(self, refusal: PostDevAIError | None = None) -> None:
        self.refusal = refusal
        self.embedded: list[tuple[str, bool]] = []

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """(len(texts), 4) of one half each."""
        if self.refusal is not None:
            raise self.refusal
        self.embedded += [(text, query) for text in texts]
        return np.full((len(texts), 4), 0.5, dtype=np.float32)
