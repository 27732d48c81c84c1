"""Which failures a question is confined to, as SQL over occurrences `o` and their runs `r`."""

from __future__ import annotations

import json
from dataclasses import dataclass

import apsw

from common.model.ids import ProjectId
from dragon_node.lake import aliases, metadata
from dragon_node.lake.moves import IN_SIGHT
from dragon_node.lake.scope import Where


@dataclass(frozen=True, slots=True)
class Within:
    """Empty or zero is no bound."""

    project: str = ""
    """Name or id; what is joined to it is part of it."""
    working_copy: str = ""
    """Id, or path on the laptop."""
    since_ms: int = 0
    until_ms: int = 0
    """Before it."""


ANYWHERE = Within()
EVERY = Where(f"o.project {IN_SIGHT}")
"""The condition of no bounds: of a project that moved on another Dragon knows more."""
EVEN_ELSEWHERE = Where("TRUE")
"""The same for what was known once, when it was here."""


def where(db: apsw.Connection, within: Within) -> Where:
    """By the project and working copy that the run was recorded in: a directory may lie in two."""
    clauses: list[str] = [EVERY.sql]
    bindings: list[str | int] = []
    if within.project:
        clauses.append("o.project IN (SELECT value FROM json_each(?))")
        bindings.append(json.dumps(sorted(_projects(db, within.project))))
    if within.working_copy:
        place = within.working_copy.rstrip("/") or "/"
        clauses.append("o.wc IN (SELECT ? UNION SELECT wc FROM roots WHERE path=?)")
        bindings += [place, place]
    if within.since_ms:
        clauses.append("r.at_ms>=?")
        bindings.append(within.since_ms)
    if within.until_ms:
        clauses.append("r.at_ms<?")
        bindings.append(within.until_ms)
    return Where("(" + " AND ".join(clauses) + ")", tuple(bindings))


def _projects(db: apsw.Connection, named: str) -> set[ProjectId]:
    joined = aliases.joined(db)
    ids = [p for p, name in metadata.names(db).items() if named in (p, name)]
    return {one for p in ids for one in aliases.together(joined, p)}
