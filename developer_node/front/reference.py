"""Reads BLOB[:LINES], as citations print it, and cuts those lines out of the blob."""

from __future__ import annotations

import re
from dataclasses import dataclass

from common.errors import Invalid, Missing
from common.model.ids import ContentHash

_REFERENCE = re.compile(r"([0-9a-f]{32})(?::(\d{1,9})(?:-(\d{1,9}))?)?")


@dataclass(frozen=True, slots=True)
class Reference:
    """A blob, and the lines of it that are meant; 0 and 0 for all."""

    blob: ContentHash
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of a blob."""

    start: int
    """Number of the first line, from 1."""
    lines: tuple[str, ...]
    total: int
    """Lines that the blob has."""


def read_reference(text: str) -> Reference:
    """Invalid when it is not BLOB, BLOB:LINE or BLOB:FIRST-LAST."""
    found = _REFERENCE.fullmatch(text.strip().lower())
    if found is None:
        raise Invalid(
            f"{text!r} does not name a blob.",
            field="blob",
            hint="Write BLOB:FIRST-LAST as a citation shows it; BLOB is 32 hex digits.",
        )
    start = int(found[2] or 0)
    end = int(found[3] or start)
    if end < start or (found[2] and not start):
        raise Invalid(f"Lines {found[2]}-{end} are no range; lines count from 1.", field="lines")
    return Reference(ContentHash(found[1]), start, end)


def excerpt(data: bytes, meant: Reference, context: int = 0) -> Excerpt:
    """The lines meant and so many around them; Missing when the blob is shorter."""
    lines = data.decode("utf-8", "replace").splitlines()
    if meant.start > max(1, len(lines)):
        raise Missing(f"The blob has {len(lines)} lines; line {meant.start} is not among them.")
    first = max(1, meant.start - context) if meant.start else 1
    last = min(len(lines), meant.end + context) if meant.start else len(lines)
    return Excerpt(first, tuple(lines[first - 1 : last]), len(lines))
