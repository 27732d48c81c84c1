"""Sizes as people write them: 16GB, 512 MiB, 1_000_000."""

from __future__ import annotations

import re

UNITS = {
    "": 1,
    "b": 1,
    **{f"{letter}b": 1000**power for power, letter in enumerate("kmgt", 1)},
    **{f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", 1)},
}
_SIZE = re.compile(r"\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


def size_bytes(text: str) -> int:
    """Bytes; ValueError says how a size is written."""
    found = _SIZE.fullmatch(text)
    unit = UNITS.get(found[2].lower()) if found else None
    if found is None or unit is None:
        raise ValueError(f"{text!r} is no size: write bytes, or 16GB, 512MiB")
    return int(float(found[1].replace("_", "")) * unit) if "." in found[1] else int(found[1]) * unit
