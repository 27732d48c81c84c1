"""memory.db, the part that is not the failure memory's: what the lake knows across projects.

meta        the file's own applied lsn, the journal it was made from, its format
projects    id, name
copies      working copies: evidence, project
origins     outboxes: the node that they are bound to, applied and refused
gaps        sequences that never arrived
refusals    what was refused and why
aliases     projects that were joined: to which
arrivals    projects that came from another Dragon; handed: those that went to one (moves.py)
seen        event id, lsn and project: finds an event, and knows it when it comes again
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw

from common.model.event import Event, WorkingCopySeen
from common.model.ids import EventId, NodeId, Origin, ProjectId, WorkingCopyId
from common.model.lake import OriginStats
from dragon_node.lake import aliases, moves
from dragon_node.lake.forgetting import in_memory
from dragon_node.lake.identity import KnownCopy
from dragon_node.lake.records import NO_ORIGIN, Accepted, Applier, Note, Refusal
from dragon_node.lake.shards import META, Step

SCHEMA = (
    META
    + """
CREATE TABLE IF NOT EXISTS projects(
  id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS copies(
  id TEXT PRIMARY KEY, project TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL,
  machine TEXT NOT NULL, remotes TEXT NOT NULL, roots TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS origins(
  id TEXT PRIMARY KEY, node TEXT NOT NULL, applied INTEGER NOT NULL,
  refused INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps(
  origin TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  PRIMARY KEY(origin, first)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refusals(
  origin TEXT NOT NULL, seq INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY(origin, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen(
  id BLOB PRIMARY KEY, lsn INTEGER NOT NULL, project TEXT NOT NULL) WITHOUT ROWID;
"""
    + aliases.SCHEMA
    + moves.SCHEMA
    + in_memory.SCHEMA
)


def apply(db: apsw.Connection, steps: Sequence[Step], appliers: Sequence[Applier]) -> None:
    """The records of one batch, in order; each event once, however often it comes."""
    named: set[ProjectId] = set()
    reached: dict[Origin, int] = {}
    for step in steps:
        match step.body:
            case Refusal():
                _refused(db, step.origin, step.body)
            case Note():
                _noted(db, step.body)
                aliases.apply(db, step.body)
                moves.apply(db, step.body)
                in_memory.apply(db, step.lsn, step.body)
                _tell(db, step, appliers)
            case Event():
                if _first_time(db, step, step.body):
                    if step.project not in named:
                        _named(db, step)
                        named.add(step.project)
                    _described(db, step, step.body)
                    _tell(db, step, appliers)
        if step.origin != NO_ORIGIN:
            reached[step.origin] = max(step.seq, reached.get(step.origin, 0))
    db.executemany(
        "UPDATE origins SET applied=max(applied, ?) WHERE id=?",
        [(seq, origin) for origin, seq in reached.items()],
    )


def copies(db: apsw.Connection) -> dict[WorkingCopyId, KnownCopy]:
    """Every working copy that was described."""
    rows = db.execute("SELECT id, path, remotes, roots, project, name, machine FROM copies")
    return {
        WorkingCopyId(i): KnownCopy(
            WorkingCopyId(i),
            path,
            frozenset(json.loads(remotes)),
            frozenset(json.loads(roots)),
            ProjectId(project),
            name,
            machine,
        )
        for i, path, remotes, roots, project, name, machine in rows
    }


def names(db: apsw.Connection) -> dict[ProjectId, str]:
    """Every project's name."""
    return {ProjectId(i): name for i, name in db.execute("SELECT id, name FROM projects")}


def nodes(db: apsw.Connection) -> dict[Origin, NodeId]:
    """Which node each origin is bound to."""
    return {Origin(o): NodeId(n) for o, n in db.execute("SELECT id, node FROM origins")}


def find_event(db: apsw.Connection, event_id: EventId) -> tuple[int, ProjectId] | None:
    """Where an event lies: lsn and project."""
    sql = "SELECT lsn, project FROM seen WHERE id=?"
    row = db.execute(sql, (bytes.fromhex(event_id),)).fetchone()
    return None if row is None else (row[0], ProjectId(row[1]))


def origin_stats(db: apsw.Connection) -> tuple[OriginStats, ...]:
    """One entry an outbox."""
    rows = db.execute(
        """SELECT id, applied, refused,
             (SELECT coalesce(sum(last - first + 1), 0) FROM gaps WHERE origin=origins.id)
           FROM origins ORDER BY id"""
    )
    return tuple(OriginStats(Origin(o), *counts) for o, *counts in rows)


def _tell(db: apsw.Connection, step: Step, appliers: Sequence[Applier]) -> None:
    record = accepted(step)
    if record is not None:
        for applier in appliers:
            applier.apply(db, record)


def accepted(step: Step) -> Accepted | None:
    """What appliers are told; None for a refusal."""
    if isinstance(step.body, Refusal):
        return None
    return Accepted(
        step.lsn,
        step.origin,
        step.seq,
        step.project,
        step.project_name,
        step.at_ms,
        step.body,
    )


def _first_time(db: apsw.Connection, step: Step, event: Event) -> bool:
    db.execute(
        "INSERT OR IGNORE INTO seen VALUES(?,?,?)",
        (bytes.fromhex(event.id), step.lsn, step.project),
    )
    return db.changes() == 1


def _named(db: apsw.Connection, step: Step) -> None:
    db.execute("INSERT OR IGNORE INTO projects VALUES(?,?)", (step.project, step.project_name))


def _described(db: apsw.Connection, step: Step, event: Event) -> None:
    if isinstance(event.body, WorkingCopySeen):
        seen = event.body
        db.execute(
            "INSERT OR REPLACE INTO copies VALUES(?,?,?,?,?,?,?)",
            (
                event.working_copy,
                step.project,
                step.project_name,
                seen.path,
                seen.machine,
                json.dumps(seen.remotes),
                json.dumps([] if seen.shallow else sorted(seen.roots)),
            ),
        )


def _refused(db: apsw.Connection, origin: Origin, refusal: Refusal) -> None:
    db.execute(
        "INSERT OR IGNORE INTO refusals VALUES(?,?,?,?)",
        (origin, refusal.seq, refusal.field, refusal.reason),
    )
    db.execute("UPDATE origins SET refused=refused+? WHERE id=?", (db.changes(), origin))


def _noted(db: apsw.Connection, note: Note) -> None:
    match note.kind:
        case "origin":
            db.execute(
                "INSERT OR IGNORE INTO origins VALUES(?,?,0,0)",
                (note.fields["origin"], note.fields["node"]),
            )
        case "gap":
            first, last = int(note.fields["first"]), int(note.fields["last"])
            db.execute(
                "INSERT OR IGNORE INTO gaps VALUES(?,?,?)", (note.fields["origin"], first, last)
            )
            db.execute(
                "UPDATE origins SET applied=max(applied, ?) WHERE id=?",
                (last, note.fields["origin"]),
            )
        case _:
            pass
