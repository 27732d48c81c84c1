"""Corrects what the Dragon says of freshness by what only the laptop knows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from common.model.answer import Freshness, ProjectFreshness
from common.model.ids import WorkingCopyId


@dataclass(frozen=True, slots=True)
class Here:
    """A working copy as it is on this disk now."""

    head: str
    waiting: int
    """Files recorded and not yet on the Dragon."""


def freshen(
    freshness: Freshness, here: Mapping[WorkingCopyId, Here], events_waiting: int
) -> Freshness:
    """HEAD as it is, and what waits counted as behind; copies on other machines stay as told,
    those at the same path too. Of an answer that was made here nothing is behind what is here, and
    what waits its label says."""
    if freshness.away is not None:
        return freshness
    projects = tuple(_project(p, here.get(p.copy)) for p in freshness.projects)
    behind = freshness.events_behind + events_waiting
    return replace(freshness, projects=projects, events_behind=behind)


def _project(told: ProjectFreshness, here: Here | None) -> ProjectFreshness:
    if here is None:
        return told
    behind = told.files_behind if told.files_behind < 0 else told.files_behind + here.waiting
    return replace(told, head_commit=here.head, files_behind=behind)


NAMED_MAX = 3
"""Projects that one sentence names."""


def without_files(
    freshness: Freshness, seen: Set[WorkingCopyId], working_copy: str = ""
) -> Freshness:
    """Says which projects were asked of which nothing but commands and commits is followed: each
    of their copies (of the one that is meant: id or path) is one of those merely seen here. An
    answer that was made here read the files themselves."""
    place = working_copy.rstrip("/") or working_copy
    meant = [p for p in freshness.projects if place in ("", p.copy, p.working_copy)]
    followed = {p.project for p in meant if p.copy not in seen}
    bare = {p.project: p.working_copy for p in meant if p.project not in followed}
    if not bare or freshness.away is not None:
        return freshness
    return replace(freshness, not_asked=(*freshness.not_asked, _unwatched(bare)))


def _unwatched(bare: Mapping[str, str]) -> str:
    names: Sequence[str] = sorted(bare)
    if len(names) == 1:
        said = f"{names[0]} is not watched, so its files are not known as they are now"
        return f"{said}: postdevai watch {shlex.quote(bare[names[0]])}"
    named = ", ".join(names[:NAMED_MAX])
    more = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    said = f"{named}{more} are not watched, so their files are not known as they are now"
    return f"{said}: postdevai watch DIR"
