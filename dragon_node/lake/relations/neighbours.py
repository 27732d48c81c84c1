"""One hop: everything that is related to any of the things at the frontier, as SQL.

Each statement takes the frontier as JSON, so that a hop costs a few statements however wide it is,
and gives rows of the relation with its weight and when it was last seen, heaviest first.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import apsw

from common.model.lake import Thing, Verb

Node = tuple[Thing, str]
Row = tuple[Thing, str, Verb, Thing, str, int, int]
"""Source, verb, target, weight, last seen."""

COMMIT_FILES_MAX = 30
"""A commit of more files says nothing about which of them belong together."""

_FRONTIER = """WITH frontier(kind, id) AS MATERIALIZED (
  SELECT value->>0, value->>1 FROM json_each(?1))"""
_FILES = "FROM frontier f CROSS JOIN docs d ON d.path=f.id"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement after the frontier's."""

    verbs: frozenset[Verb]
    kinds: frozenset[Thing]
    """Of the frontier, those that it begins at."""
    sql: str


def _statement(verb: Verb, kind: Thing, sql: str) -> Statement:
    return Statement(frozenset({verb}), frozenset({kind}), sql)


_EVIDENCE: frozenset[Verb] = frozenset({"changed", "in_session", "failed_in"})
_JOINED: frozenset[Thing] = frozenset({"file", "commit", "event", "failure", "session"})

_IN_PROJECT: tuple[Statement, ...] = (
    Statement(
        _EVIDENCE,
        _JOINED,
        """SELECT s.kind, s.name, e.verb, t.kind, t.name,
             CASE e.verb WHEN 'failed_in' THEN count(*) ELSE 1 END, max(e.at_ms)
           FROM frontier f CROSS JOIN things s ON s.kind=f.kind AND s.name=f.id
           CROSS JOIN edges e ON e.source=s.id CROSS JOIN things t ON t.id=e.target
           WHERE instr(?2, e.verb) GROUP BY e.source, e.verb, e.target""",
    ),
    Statement(
        _EVIDENCE,
        _JOINED,
        """SELECT s.kind, s.name, e.verb, t.kind, t.name,
             CASE e.verb WHEN 'failed_in' THEN count(*) ELSE 1 END, max(e.at_ms)
           FROM frontier f CROSS JOIN things t ON t.kind=f.kind AND t.name=f.id
           CROSS JOIN edges e ON e.target=t.id CROSS JOIN things s ON s.id=e.source
           WHERE instr(?2, e.verb) GROUP BY e.source, e.verb, e.target""",
    ),
    _statement(
        "changed_with",
        "file",
        f"""SELECT 'file', s.name, 'changed_with', 'file', t.name,
              count(DISTINCT mine.source), max(mine.at_ms)
            FROM frontier f CROSS JOIN things s ON s.kind='file' AND s.name=f.id
            CROSS JOIN edges mine ON mine.target=s.id AND mine.verb='changed'
            CROSS JOIN things c ON c.id=mine.source AND c.size<={COMMIT_FILES_MAX}
            CROSS JOIN edges other ON other.source=c.id AND other.verb='changed'
              AND other.target<>s.id
            CROSS JOIN things t ON t.id=other.target
            WHERE f.kind='file' GROUP BY s.id, t.id""",
    ),
    _statement(
        "defines",
        "file",
        f"""SELECT 'file', d.path, 'defines', 'symbol', y.qualified, 1, 0
            {_FILES} CROSS JOIN symbols y ON y.doc=d.id
            WHERE f.kind='file' GROUP BY d.path, y.qualified""",
    ),
    _statement(
        "defines",
        "symbol",
        # What follows the last dot: rtrim takes all characters but dots off the end.
        """SELECT 'file', d.path, 'defines', 'symbol', y.qualified, 1, 0
           FROM frontier f CROSS JOIN symbols y
             ON y.name=substr(f.id, length(rtrim(f.id, replace(f.id, '.', ''))) + 1)
             AND y.qualified=f.id
           CROSS JOIN docs d ON d.id=y.doc
           WHERE f.kind='symbol' GROUP BY d.path, y.qualified""",
    ),
    _statement(
        "imports",
        "file",
        f"""SELECT 'file', d.path, 'imports', iif(m.path<>'', 'file', 'symbol'),
              iif(m.path<>'', m.path, m.name), 1, 0
            {_FILES} CROSS JOIN imports i ON i.doc=d.id CROSS JOIN modules m ON m.key=i.key
            WHERE f.kind='file' AND m.path<>d.path GROUP BY d.path, 4, 5""",
    ),
    _statement(
        "imports",
        "file",
        """SELECT 'file', d.path, 'imports', 'file', m.path, 1, 0
           FROM frontier f CROSS JOIN modules m ON m.path=f.id
           CROSS JOIN imports i ON i.key=m.key CROSS JOIN docs d ON d.id=i.doc
           WHERE f.kind='file' AND f.id<>'' AND m.path<>d.path GROUP BY d.path, m.path""",
    ),
    _statement(
        "imports",
        "symbol",
        """SELECT 'file', d.path, 'imports', 'symbol', m.name, 1, 0
           FROM frontier f CROSS JOIN modules m ON m.name=f.id AND m.path=''
           CROSS JOIN imports i ON i.key=m.key CROSS JOIN docs d ON d.id=i.doc
           WHERE f.kind='symbol' GROUP BY d.path, m.name""",
    ),
)

_IN_MEMORY: tuple[Statement, ...] = (
    _statement(
        "fixed_by",
        "failure",
        """SELECT 'failure', r.fingerprint, 'fixed_by', 'remedy', r.id, 1, p.at_ms
           FROM frontier f CROSS JOIN remedies r ON r.fingerprint=f.id AND r.project=?2
           CROSS JOIN runs p ON p.lsn=r.passed_lsn WHERE f.kind='failure'""",
    ),
    _statement(
        "fixed_by",
        "remedy",
        """SELECT 'failure', r.fingerprint, 'fixed_by', 'remedy', r.id, 1, p.at_ms
           FROM frontier f CROSS JOIN remedies r ON r.id=f.id AND r.project=?2
           CROSS JOIN runs p ON p.lsn=r.passed_lsn WHERE f.kind='remedy'""",
    ),
    _statement(
        "touched",
        "remedy",
        """SELECT 'remedy', r.id, 'touched', 'file', h.path, 1, p.at_ms
           FROM frontier f CROSS JOIN remedies r ON r.id=f.id AND r.project=?2
           CROSS JOIN remedy_paths h ON h.remedy=r.id AND h.related
           CROSS JOIN runs p ON p.lsn=r.passed_lsn WHERE f.kind='remedy'""",
    ),
    _statement(
        "touched",
        "file",
        """SELECT 'remedy', r.id, 'touched', 'file', h.path, 1, p.at_ms
           FROM frontier f CROSS JOIN remedy_paths h ON h.path=f.id AND h.related
           CROSS JOIN remedies r ON r.id=h.remedy AND r.project=?2
           CROSS JOIN runs p ON p.lsn=r.passed_lsn WHERE f.kind='file'""",
    ),
)

IN_PROJECT_VERBS = frozenset[Verb](verb for step in _IN_PROJECT for verb in step.verbs)
IN_MEMORY_VERBS = frozenset[Verb](verb for step in _IN_MEMORY for verb in step.verbs)


def in_project(
    db: apsw.Connection, frontier: Sequence[Node], verbs: Collection[Verb], limit: int
) -> list[Row]:
    """From a project's file; at most `limit` rows of each sort."""
    return _ask(db, _IN_PROJECT, frontier, verbs, " ".join(sorted(verbs)), limit)


def in_memory(
    db: apsw.Connection, frontier: Sequence[Node], verbs: Collection[Verb], limit: int, project: str
) -> list[Row]:
    """From the failure memory of one project; nothing where none is applied."""
    if not db.execute("SELECT 1 FROM sqlite_schema WHERE name='remedy_paths'").fetchone():
        return []
    return _ask(db, _IN_MEMORY, frontier, verbs, project, limit)


def _ask(
    db: apsw.Connection,
    steps: Iterable[Statement],
    frontier: Sequence[Node],
    verbs: Collection[Verb],
    second: str,
    limit: int,
) -> list[Row]:
    kinds = {kind for kind, _ in frontier}
    rows: list[Row] = []
    for step in steps:
        if not step.verbs.isdisjoint(verbs) and not step.kinds.isdisjoint(kinds):
            # The frontier's own statement does not mention ?2 where the step does not either.
            given = (json.dumps(frontier), second) if "?2" in step.sql else (json.dumps(frontier),)
            sql = f"{_FRONTIER} {step.sql} ORDER BY 6 DESC, 7 DESC, 2, 5 LIMIT {int(limit)}"
            rows += db.execute(sql, given).fetchall()
    return rows


def whole_commit(db: apsw.Connection, begun: str) -> str:
    """The commit whose name begins so, when it is the only one; as it was given otherwise."""
    sql = "SELECT name FROM things WHERE kind='commit' AND name>=? AND name<? LIMIT 2"
    found = db.execute(sql, (begun, begun + "g")).fetchall()
    return found[0][0] if len(found) == 1 else begun
