"""Code of one project: what each working copy holds now, cut into chunks, and what it once held."""

from dragon_node.lake.code.changes import apply
from dragon_node.lake.code.chunks import ChunkTexts, by_name, hit_of
from dragon_node.lake.code.contents import Packed, blob, decoded, free, held, keep, text_of
from dragon_node.lake.code.copies import counts, freshness
from dragon_node.lake.code.docs import Changed, head_of, release
from dragon_node.lake.code.files import leave
from dragon_node.lake.code.past import FileVersion, content_at, file_versions, history_of
from dragon_node.lake.code.saves import thin
from dragon_node.lake.code.schema import SCHEMA

__all__ = [
    "SCHEMA",
    "Changed",
    "ChunkTexts",
    "FileVersion",
    "Packed",
    "apply",
    "blob",
    "by_name",
    "content_at",
    "counts",
    "decoded",
    "file_versions",
    "free",
    "freshness",
    "head_of",
    "held",
    "history_of",
    "hit_of",
    "keep",
    "leave",
    "release",
    "text_of",
    "thin",
]
