"""Corrects what the Dragon says of freshness by what only the laptop knows."""

from __future__ import annotations

from collections.abc import Mapping
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
