"""What a person chose for an answer: files that stand first, and places that nothing comes from."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from common.model.answer import Hit
from common.model.lake import SearchQuery

BEGINNING_LINES = 40
"""Of a pinned file in which nothing comes close to the question its beginning is taken."""
ROOMY = 3
"""So many pinned files give two passages each; more give one each."""

_WILD = re.compile(r"[*?\[]")
_SPELLED = {"*": "?", "?": "?", "[": "[[]"}


def is_excluded(hit: Hit, excluded: Sequence[str]) -> bool:
    """Whether it lies in an excluded file, or beneath an excluded directory."""
    if not hit.path:
        return False
    path = _normal(hit.path)
    return any(
        f"{path}/".startswith(f"{_normal(each)}/") if each.endswith("/") else path == _normal(each)
        for each in excluded
    )


def each_of_pinned(pinned: Sequence[str]) -> int:
    """Passages that one of so many pinned files gives at most."""
    return 2 if len(pinned) <= ROOMY else 1


def within_file(path: str) -> str:
    """A glob for this file of a working copy; `of_file` leaves out the few others that it takes,
    for a star has no spelling of its own."""
    spelled = _WILD.sub(lambda found: _SPELLED[found.group()], _normal(path))
    return f"/{spelled}"


def of_file(hits: Sequence[Hit], path: str) -> tuple[Hit, ...]:
    """Those that lie in this file."""
    return tuple(hit for hit in hits if hit.path == _normal(path))


def without_repeats(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Each place once, where it stands first."""
    kept: dict[tuple[object, ...], Hit] = {}
    for hit in hits:
        place = (hit.kind, hit.event, hit.working_copy, hit.path, hit.start_line, hit.end_line)
        kept.setdefault(place, hit)
    return tuple(kept.values())


def beginning_query(path: str, project: str) -> SearchQuery:
    """Asks for the first lines of a file, one hit a line."""
    return SearchQuery("^", "regex", BEGINNING_LINES, project, path=within_file(path))


def beginning(found: Sequence[Hit]) -> tuple[Hit, ...]:
    """Those lines as one passage; none of a file that is not indexed."""
    if not found:
        return ()
    first = found[0]
    lines = [hit for hit in found if hit.blob == first.blob]
    text = "\n".join(hit.text.rstrip("\n") for hit in lines)
    return (dataclasses.replace(first, end_line=lines[-1].end_line, text=text),)


def pinned_hit(hit: Hit) -> Hit:
    """The hit, saying first why it stands where it does."""
    return dataclasses.replace(hit, why=("pinned", *hit.why))


def kept(hits: Sequence[Hit], excluded: Sequence[str]) -> tuple[Hit, ...]:
    """Those that lie in no excluded place."""
    return tuple(hit for hit in hits if not is_excluded(hit, excluded))


def _normal(path: str) -> str:
    return str(PurePosixPath(path))
