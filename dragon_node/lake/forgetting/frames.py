"""What zstd has packed, whole, however many frames it is in."""

from __future__ import annotations

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"


def whole(data: bytes) -> bytes:
    """All frames, one after the other. zstandard.ZstdError when it is none."""
    reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
    return reader.readall()
