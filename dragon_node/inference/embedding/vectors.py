"""An embedder in memory: from texts to vectors of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from dragon_node.inference import mlx_modules
from dragon_node.inference.catalog.entries import Pooling
from dragon_node.inference.embedding.batches import batches
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.tokens import TextTokens
from dragon_node.inference.weights import arrays_of, bytes_of


class Body(Protocol):
    """A model that gives every token a state."""

    parameters: Any
    """A tree of MLX arrays."""

    def states(self, ids: Any, mask: Any) -> Any:
        """(B, L, H) for ids and mask of (B, L), padded on the right."""
        ...


class MlxVectors:
    """A VectorEngine. Padding is masked or comes after what is read: a vector is that of its text
    alone to within 1e-5."""

    def __init__(
        self, body: Body, tokens: TextTokens, *, pooling: Pooling, query_prefix: str
    ) -> None:
        """The weights are in memory already."""
        self._mx: Any = mlx_modules.module("mlx.core")
        self._body: Body | None = body
        self._tokens = tokens
        self._pooling: Pooling = pooling
        self._prefix = query_prefix
        self.weight_bytes: int = bytes_of(arrays_of(body.parameters))

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """See VectorEngine."""
        ids = self._tokens.read([self._prefix + text if query else text for text in texts])
        rows: list[Any] = [None] * len(texts)
        for batch in batches([len(i) for i in ids]):
            for row, vector in zip(batch, self._batch([ids[row] for row in batch]), strict=True):
                rows[row] = vector
        return np.stack(rows)

    def close(self) -> None:
        """Frees the weights."""
        self._body = None
        self._mx.clear_cache()

    def _batch(self, ids: Sequence[Sequence[int]]) -> Vectors:
        assert self._body is not None
        lengths = [len(i) for i in ids]
        width = max(lengths)
        padded = self._mx.array([[*i, *[0] * (width - len(i))] for i in ids])
        counts = self._mx.array(lengths)
        mask = (self._mx.arange(width)[None] < counts[:, None]).astype(self._mx.float32)
        states = self._body.states(padded, mask).astype(self._mx.float32)
        pooled = self._pooled(states, mask, counts)
        vectors = pooled / self._mx.linalg.norm(pooled, axis=-1, keepdims=True)
        self._mx.eval(vectors)
        return np.array(vectors)

    def _pooled(self, states: Any, mask: Any, counts: Any) -> Any:
        match self._pooling:
            case "cls":
                return states[:, 0]
            case "mean":
                return (states * mask[..., None]).sum(axis=1) / counts[:, None]
            case "last":
                return states[self._mx.arange(states.shape[0]), counts - 1]
