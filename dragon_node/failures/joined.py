"""Which projects are one with a project, for what is known of it."""

from __future__ import annotations

import json

import apsw

from common.errors import Conflict, Missing
from common.model.ids import ProjectId
from dragon_node.lake import aliases, metadata

IN = "IN (SELECT value FROM json_each(?))"
"""In SQL, with `as_json` of the projects."""


def together(db: apsw.Connection, project: str) -> frozenset[str]:
    """It, and all that a person joined to it or it to."""
    return frozenset(aliases.together(aliases.joined(db), ProjectId(project)))


def as_json(projects: frozenset[str]) -> str:
    """What `IN` is given."""
    return json.dumps(sorted(projects))


def end_of(db: apsw.Connection, project: str) -> str:
    """The project that gives all of them its name."""
    return aliases.last(aliases.joined(db), ProjectId(project))


def name_of(db: apsw.Connection, project: str) -> str:
    """For people."""
    return metadata.names(db).get(ProjectId(project), project)


def one(db: apsw.Connection, named: str) -> str:
    """The id of the project of that name or id; Missing when there is none, Conflict when there
    are several that are not joined."""
    known = metadata.names(db).items()
    found = sorted({end_of(db, p) for p, name in known if named in (p, name)})
    if not found:
        raise Missing(f"there is no project {named}", hint="postdevai lake lists them.")
    if len(found) > 1:
        raise Conflict(
            f"{len(found)} projects are called {named}: {', '.join(found)}",
            hint="Name one of them by its id.",
        )
    return found[0]
