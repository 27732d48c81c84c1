"""Which session a command belongs to: one working copy's commands without a long pause.

A session is named by its first command's event. Two terminals in one working copy are one session
as long as events do not say which terminal they come from.
"""

from __future__ import annotations

import apsw

from common.model.event import CommandFinished, Event, GitOperation

PAUSE_MS = 30 * 60_000
"""A longer silence ends a session."""


def of(db: apsw.Connection, event: Event) -> bytes | None:
    """The session's id: a command begins one when none is there, a Git operation joins one."""
    if not event.working_copy:
        return None
    match event.body:
        case CommandFinished():
            return _open(db, event) or bytes.fromhex(event.id)
        case GitOperation():
            return _open(db, event)
        case _:
            return None


def _open(db: apsw.Connection, event: Event) -> bytes | None:
    row = db.execute(
        """SELECT session FROM events WHERE working_copy=? AND kind='command'
           AND at_ms<=? AND at_ms>=? ORDER BY at_ms DESC LIMIT 1""",
        (event.working_copy, event.at_ms, event.at_ms - PAUSE_MS),
    ).fetchone()
    return None if row is None else row[0]
