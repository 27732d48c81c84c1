"""Which project a person means: by its id, its name, or the path of a watched repository."""

from __future__ import annotations

import os
import re

from common.errors import Invalid, Missing
from common.model.lake import LakeStats, ProjectStats

_ID = re.compile(r"[0-9a-f]{16}")


def is_project_id(said: str) -> bool:
    """Whether it has the form of one."""
    return _ID.fullmatch(said) is not None


def find_project(said: str, stats: LakeStats) -> ProjectStats:
    """The project; Missing when there is none, Invalid when several have that name."""
    by_id = [each for each in stats.kept if each.id == said]
    if by_id:
        return by_id[0]
    names = _at(said, stats) or {said}
    found = [each for each in stats.kept if each.name in names]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(each.id for each in found)
        raise Invalid(f"{len(found)} projects are named {said}: {ids}", field="project")
    raise Missing(f"no project is known as {said}", hint="See them with: postdevai lake")


def _at(said: str, stats: LakeStats) -> set[str]:
    """Names of the projects whose working copy is at that path."""
    path = os.path.realpath(os.path.expanduser(said))
    copies = stats.freshness.projects
    return {each.project for each in copies if os.path.realpath(each.working_copy) == path}
