"""Embeddings: where they are kept, and the nearest of them by exact and by approximate search."""

from dragon_node.lake.vectors.kept import SCHEMA, count
from dragon_node.lake.vectors.port import Vector

__all__ = ["SCHEMA", "Vector", "count"]
