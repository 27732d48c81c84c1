"""Filters of a search as they are typed: project=ledger path=src/**/*.py language=python."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Literal, get_args

from common.errors import Invalid
from common.model.answer import HitKind
from common.model.lake import SearchMode, SearchQuery

MODES: tuple[SearchMode, ...] = get_args(SearchMode)
MEANING: dict[SearchMode, str] = {
    "fused": "by meaning, by words and by names together; best first",
    "literal": "these characters exactly, line by line; in the order of paths",
    "regex": "a regular expression (RE2), line by line; in the order of paths",
}
NAMES = ("project", "path", "language", "kind", "copy")
K = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """Which places may be found; empty for all."""

    project: str = ""
    path: str = ""
    language: str = ""
    kind: HitKind | Literal[""] = ""
    copy: str = ""


def filters_of(typed: str) -> Filters:
    """Invalid says which word is not understood and what there is."""
    found = Filters()
    try:
        words = shlex.split(typed)
    except ValueError as error:
        raise Invalid("A quotation mark is not closed.") from error
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or name not in NAMES:
            raise Invalid(f"{word!r} is no filter.", hint=f"There are {', '.join(NAMES)}.")
        if name == "kind":
            found = replace(found, kind=_kind(value))
        else:
            found = replace(found, **{name: value})
    return found


def _kind(value: str) -> HitKind:
    kinds: tuple[HitKind, ...] = get_args(HitKind)
    for kind in kinds:
        if kind == value:
            return kind
    raise Invalid(f"There is no kind {value!r}.", hint=f"There are {', '.join(kinds)}.")


def query_of(words: str, mode: SearchMode, filters: Filters) -> SearchQuery:
    """What the lake is asked."""
    return SearchQuery(
        words,
        mode,
        K,
        project=filters.project,
        working_copy=filters.copy,
        path=filters.path,
        language=filters.language,
        kind=filters.kind,
    )
