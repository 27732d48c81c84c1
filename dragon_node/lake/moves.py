"""Projects that move between Dragons, as their notes say; the journal tells them like the rest.

    Note("arriving")  project, name, holder, origin, hidden   copied from that Dragon
    Note("arrived")   project                                 it is whole here, and placed here
    Note("handed")    project, to                             it is placed at that Dragon
    Note("said")      project, source, version ...            a word that travels with a project

A project that arrives is asked about by nobody until it is whole; one that was handed on is asked
about by nobody any more. What laptops still send of it is taken in and told to the other Dragon.
"""

from __future__ import annotations

from dataclasses import dataclass

import apsw

from common.model.ids import NodeId, Origin, ProjectId, short_hash
from dragon_node.lake.records import Note

SCHEMA = """
CREATE TABLE IF NOT EXISTS arrivals(
  project TEXT NOT NULL, holder TEXT NOT NULL, name TEXT NOT NULL, origin TEXT NOT NULL,
  hidden INTEGER NOT NULL, whole INTEGER NOT NULL, PRIMARY KEY(project, holder)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS handed(project TEXT PRIMARY KEY, target TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS heard(
  source TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE VIEW IF NOT EXISTS out_of_sight AS
  SELECT project FROM handed UNION SELECT project FROM arrivals WHERE hidden AND NOT whole;
"""
IN_SIGHT = "NOT IN (SELECT project FROM out_of_sight)"
"""In SQL over memory.db, of a project: that it is answered from here."""

_BROUGHT = "6d6f766564"
"""How origins of what was told by another Dragon begin."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A project that comes, or came, from another Dragon."""

    project: ProjectId
    holder: NodeId
    name: str
    origin: Origin
    """Under which its records are taken in here; the sequence is their position there."""
    hidden: bool = False
    """Nobody is answered from it until it is whole."""
    whole: bool = False
    """It is placed here."""


@dataclass(frozen=True, slots=True)
class Moves:
    """What comes and what went."""

    arrivals: tuple[Arrival, ...] = ()
    handed: tuple[tuple[ProjectId, NodeId], ...] = ()

    @property
    def hidden(self) -> frozenset[ProjectId]:
        """Projects from which nobody is answered here."""
        coming = {each.project for each in self.arrivals if each.hidden and not each.whole}
        return frozenset(coming.union(project for project, _ in self.handed))

    def heard(self, note: Note) -> Moves:
        """After a note; one of another kind changes nothing."""
        fields = note.fields
        match note.kind:
            case "arriving":
                new = Arrival(
                    ProjectId(fields["project"]),
                    NodeId(fields["holder"]),
                    fields["name"],
                    Origin(fields["origin"]),
                    bool(fields["hidden"]),
                )
                others = (e for e in self.arrivals if _key(e) != _key(new))
                return Moves((*others, new), self.handed)
            case "arrived":
                arrivals = tuple(_whole(each, fields["project"]) for each in self.arrivals)
                handed = tuple(each for each in self.handed if each[0] != fields["project"])
                return Moves(arrivals, handed)
            case "handed":
                handed = tuple(each for each in self.handed if each[0] != fields["project"])
                gone = (ProjectId(fields["project"]), NodeId(fields["to"]))
                left = tuple(each for each in self.arrivals if _key(each) != gone)
                return Moves(left, (*handed, gone))
            case _:
                return self

    def arrival(self, project: str, holder: str) -> Arrival | None:
        """The one from there."""
        found = (e for e in self.arrivals if (e.project, e.holder) == (project, holder))
        return next(found, None)


def brought_origin(journal: str, project: str) -> Origin:
    """The origin of what one journal tells of a project."""
    return Origin(_BROUGHT + (short_hash("moved", journal, project) * 2)[:22])


def is_brought(origin: Origin) -> bool:
    """Whether another Dragon told it: it happened there, and was shown when it did."""
    return origin.startswith(_BROUGHT)


def apply(db: apsw.Connection, note: Note) -> None:
    """Inside memory.db's transaction. Notes of other kinds change nothing."""
    if note.kind == "said":
        source, version = note.fields["source"], int(note.fields["version"])
        db.execute("INSERT OR REPLACE INTO heard VALUES(?,?)", (source, version))
    if note.kind not in ("arriving", "arrived", "handed"):
        return
    after = moves(db).heard(note)
    db.execute("DELETE FROM arrivals")
    db.execute("DELETE FROM handed")
    db.executemany(
        "INSERT INTO arrivals VALUES(?,?,?,?,?,?)",
        [(e.project, e.holder, e.name, e.origin, e.hidden, e.whole) for e in after.arrivals],
    )
    db.executemany("INSERT INTO handed VALUES(?,?)", after.handed)


def moves(db: apsw.Connection) -> Moves:
    """What comes and what went."""
    arrivals = db.execute("SELECT project, holder, name, origin, hidden, whole FROM arrivals")
    found = tuple(
        Arrival(ProjectId(p), NodeId(h), n, Origin(o), bool(hidden), bool(whole))
        for p, h, n, o, hidden, whole in arrivals
    )
    handed = db.execute("SELECT project, target FROM handed")
    return Moves(found, tuple((ProjectId(p), NodeId(t)) for p, t in handed))


def heard(db: apsw.Connection, source: str) -> int:
    """The version of a word from another Dragon that was taken in last; -1 for none."""
    row = db.execute("SELECT version FROM heard WHERE source=?", (source,)).fetchone()
    return -1 if row is None else int(row[0])


def _key(arrival: Arrival) -> tuple[str, str]:
    return arrival.project, arrival.holder


def _whole(arrival: Arrival, project: str) -> Arrival:
    if arrival.project != project:
        return arrival
    return Arrival(
        arrival.project, arrival.holder, arrival.name, arrival.origin, arrival.hidden, whole=True
    )
