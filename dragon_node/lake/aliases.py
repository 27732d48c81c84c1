"""Projects that a person has joined: which is part of which. Nothing is moved by it.

A join is one row, made by a journalled note, and a part removes that row: what was joined is again
exactly what it was, with what it took in meanwhile. A project may be joined to one that is itself
joined: the last of such a chain gives all of them its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import apsw

from common.errors import Conflict, Invalid, Missing
from common.model.ids import ProjectId
from dragon_node.lake.records import OUTSIDE, Note

SCHEMA = """
CREATE TABLE IF NOT EXISTS aliases(
  project TEXT PRIMARY KEY, into_project TEXT NOT NULL) WITHOUT ROWID;
"""

Joined = Mapping[ProjectId, ProjectId]
"""Which project each was joined to; those that stand alone are not in it."""


def apply(db: apsw.Connection, note: Note) -> None:
    """Inside memory.db's transaction. Notes of other kinds change nothing."""
    if note.kind not in ("join", "part"):
        return
    before = joined(db)
    project = ProjectId(note.fields["project"])
    after = changed(before, note)
    if after.get(project) == before.get(project):
        return
    db.execute("DELETE FROM aliases WHERE project=?", (project,))
    if project in after:
        db.execute("INSERT INTO aliases VALUES(?,?)", (project, after[project]))


def joined(db: apsw.Connection) -> dict[ProjectId, ProjectId]:
    """What is joined to what."""
    rows = db.execute("SELECT project, into_project FROM aliases")
    return {ProjectId(project): ProjectId(into) for project, into in rows}


def changed(before: Joined, note: Note) -> Joined:
    """After the note. One that could not be joined by now changes nothing: notes are checked
    before they are journalled, and every reader of the journal has to come to the same end."""
    project = ProjectId(note.fields["project"])
    if note.kind == "part":
        return {one: into for one, into in before.items() if one != project}
    into = ProjectId(note.fields["into"])
    return before if refusal(before, project, into) else {**before, project: into}


def refusal(before: Joined, project: ProjectId, into: ProjectId) -> str:
    """Why the one cannot become part of the other; empty when it can."""
    if project == into:
        return "a project is part of itself already"
    if project in before:
        return f"it is part of {before[project]} already; part them first"
    if last(before, into) == project:
        return "the other is part of it already"
    if OUTSIDE in (project, into):
        return "what lies outside any project has none to join"
    return ""


def last(before: Joined, project: ProjectId) -> ProjectId:
    """The end of its chain: itself when it stands alone."""
    while project in before:
        project = before[project]
    return project


def together(before: Joined, project: ProjectId) -> frozenset[ProjectId]:
    """It, and all that are one project with it."""
    end = last(before, project)
    return frozenset({end, project, *(one for one in before if last(before, one) == end)})


class Known(Protocol):
    """Projects by name, and what is joined: `admission.Places`."""

    names: dict[ProjectId, str]
    joined: Joined


class Aliases:
    """Joins and parts: checked, then journalled. What is durable is true: the journal tells
    `Places` of it, also when whoever asked has gone by then."""

    def __init__(self, places: Known, note: Callable[[Note], Awaitable[int]]) -> None:
        self._places = places
        self._note = note
        self._turn = asyncio.Lock()

    async def alias(self, project: str, into: str) -> ProjectId:
        """Joins, or parts when `into` is empty; the project that it was done to."""
        return await (self.join(project, into) if into else self.part(project))

    async def join(self, project: str, into: str) -> ProjectId:
        """Makes one project of two, by name or id; what was joined.

        Missing when there is none of that name, Conflict when there are several or when they
        cannot be joined.
        """
        async with self._turn:
            one, other = self._one(project), self._one(into)
            if why := refusal(self._places.joined, one, other):
                raise Conflict(f"{project} cannot be joined to {into}: {why}")
            await self._note(Note("join", {"project": one, "into": other}))
        return one

    async def part(self, project: str) -> ProjectId:
        """Gives a project that was joined back its own name; what was parted.

        Missing when none of that name is joined to another, Conflict when several are.
        """
        async with self._turn:
            named = [p for p in self._named(project) if p in self._places.joined]
            if not named:
                raise Missing(f"{project} is not joined to another project")
            one = self._only(project, named)
            await self._note(Note("part", {"project": one}))
        return one

    def _one(self, project: str) -> ProjectId:
        found = self._named(project)
        if not found:
            raise Missing(f"there is no project {project}", hint="postdevai lake lists them.")
        return self._only(project, found)

    def _named(self, project: str) -> list[ProjectId]:
        if not project:
            raise Invalid("a project's name or id is needed", field="project")
        return sorted(p for p, name in self._places.names.items() if project in (p, name))

    def _only(self, project: str, found: list[ProjectId]) -> ProjectId:
        if len(found) > 1:
            raise Conflict(
                f"{len(found)} projects are called {project}: {', '.join(found)}",
                hint="Name them by id.",
            )
        return found[0]
