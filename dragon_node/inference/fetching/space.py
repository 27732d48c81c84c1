"""Whether the disk has room for what is about to arrive."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from common.errors import OverLimit
from dragon_node.inference.fetching.pins import Pin

MB = 1_000_000
SPARE_BYTES = 500 * MB
"""What stays free: the lake writes to the same disk."""


def check(models: Path, needed: int, *, spare: int = SPARE_BYTES) -> None:
    """OverLimit with the numbers when `needed` bytes would leave less than `spare` bytes free."""
    free = shutil.disk_usage(models).free
    if free < needed + spare:
        raise OverLimit(
            f"{models} has {free // MB:,} MB free; {needed // MB:,} MB are needed on the way and "
            f"{spare // MB:,} MB stay free",
            hint="free some space, or name another directory in POSTDEVAI_MODELS",
        )


def on_the_way(pins: Sequence[Pin]) -> int:
    """Bytes that wheels need until the last is unpacked: all that stay, and the largest twice."""
    return sum(p.kept_bytes for p in pins) + max(p.bytes + p.kept_bytes for p in pins)
