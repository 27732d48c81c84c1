"""What an event says about relations."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import apsw

from common.model.event import CommandFinished, Commit, Event, FileChanged, GitOperation
from common.model.lake import Thing, Verb
from dragon_node.lake.relations import imports
from dragon_node.lake.shards import Step

LABEL_CHARACTERS_MAX = 200

Heard = Mapping[str, tuple[str, ...]]
"""What the files import that were cut while the event was applied, by path."""


def apply(db: apsw.Connection, step: Step, event: Event, heard: Heard) -> None:
    """Called once for each event, after it was applied to history and code."""
    match event.body:
        case FileChanged(path=path):
            imports.told(db, event.working_copy, path, heard.get(path))
        case GitOperation(commits=commits):
            session = _session(db, step.lsn)
            for commit in commits:
                _committed(db, step.lsn, event.at_ms, commit, session)
        case CommandFinished() as ran:
            _ran(db, step.lsn, event, ran)
        case _:
            imports.look_up(db)  # a description of a working copy may have dropped files


def settle(db: apsw.Connection) -> None:
    """After files were dropped by something else than an event."""
    imports.look_up(db)


def forget(db: apsw.Connection, lsns: Collection[int]) -> None:
    """Takes away what these events bore out, and the things that nothing joins any more."""
    for lsn in lsns:
        touched = db.execute("SELECT source, target FROM edges WHERE lsn=?", (lsn,)).fetchall()
        db.execute("DELETE FROM edges WHERE lsn=?", (lsn,))
        for thing in {each for pair in touched for each in pair}:
            _drop_alone(db, thing)
    imports.look_up(db)


def _ran(db: apsw.Connection, lsn: int, event: Event, ran: CommandFinished) -> None:
    session = _session(db, lsn)
    if session is None and not ran.failures:
        return
    this = _thing(db, "event", event.id)
    if session is not None:
        _joined(db, this, "in_session", _thing(db, "session", session), lsn, event.at_ms)
    for failure in ran.failures:
        failing = _thing(db, "failure", failure.fingerprint)
        _joined(db, failing, "failed_in", this, lsn, event.at_ms)


def _committed(
    db: apsw.Connection, lsn: int, at_ms: int, commit: Commit, session: str | None
) -> None:
    paths = {change.path for change in commit.changes}
    this = _thing(db, "commit", commit.sha, commit.subject, len(paths))
    for path in sorted(paths):
        _joined(db, this, "changed", _thing(db, "file", path), lsn, commit.author_ms)
    if session is not None:
        _joined(db, this, "in_session", _thing(db, "session", session), lsn, at_ms)


def _session(db: apsw.Connection, lsn: int) -> str | None:
    row = db.execute("SELECT session FROM events WHERE lsn=?", (lsn,)).fetchone()
    return None if row is None or row[0] is None else row[0].hex()


def _thing(db: apsw.Connection, kind: Thing, name: str, label: str = "", size: int = 0) -> int:
    row = db.execute("SELECT id FROM things WHERE kind=? AND name=?", (kind, name)).fetchone()
    if row is not None:
        return row[0]
    label = label[:LABEL_CHARACTERS_MAX]
    db.execute("INSERT INTO things VALUES(NULL,?,?,?,?)", (kind, name, label, size))
    return db.last_insert_rowid()


def _joined(
    db: apsw.Connection, source: int, verb: Verb, target: int, lsn: int, at_ms: int
) -> None:
    db.execute("INSERT OR IGNORE INTO edges VALUES(?,?,?,?,?)", (source, verb, target, lsn, at_ms))


def _drop_alone(db: apsw.Connection, thing: int) -> None:
    db.execute(
        """DELETE FROM things WHERE id=?1
           AND NOT EXISTS(SELECT 1 FROM edges WHERE source=?1)
           AND NOT EXISTS(SELECT 1 FROM edges WHERE target=?1)""",
        (thing,),
    )
