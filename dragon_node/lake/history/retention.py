"""How long what commands printed is kept: a rule, and its application as a journalled note.

The command, its exit codes, its failures and its tests stay for good. Its output's text goes when
it is old or when a project's outputs take too much room, the oldest first; but never that of a
failure's last occurrence, which is what somebody will want to read.

    Note("retain")   before_ms    outputs of commands from before that time go, some at a time
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import apsw

from common.model.event import CommandFinished
from dragon_node.lake.history.events import at, rewrite
from dragon_node.lake.records import Note

OUTPUTS_A_NOTE = 1_000
"""That one note drops: it is applied in one transaction, and more are due again."""
DAY_MS = 86_400_000

_DROPPABLE = """FROM events WHERE output>0 AND at_ms<?1 AND lsn<?2
  AND lsn NOT IN (SELECT max(lsn) FROM edges WHERE verb='failed_in' GROUP BY source)"""


@dataclass(frozen=True, slots=True)
class OutputRule:
    """How long outputs are kept."""

    days: int = 180
    """Older ones go; 0 for no bound."""
    bytes_a_project: int = 4 << 30
    """Of text, unpacked; 0 for no bound."""


OUTPUTS = OutputRule()
"""Where nothing else is asked for."""


def due(db: apsw.Connection, rule: OutputRule, now_ms: int) -> int | None:
    """The time before which outputs have to go; None when none has to."""
    before_ms = max(
        now_ms - rule.days * DAY_MS if rule.days else 0,
        _crowded(db, rule.bytes_a_project) if rule.bytes_a_project else 0,
    )
    row = db.execute(f"SELECT 1 {_DROPPABLE} LIMIT 1", (before_ms, 1 << 62)).fetchone()
    return None if row is None else before_ms


def apply(db: apsw.Connection, note: Note, lsn: int) -> None:
    """Drops outputs as the note says; which ones depends on the project's file alone."""
    rows = db.execute(
        f"SELECT lsn {_DROPPABLE} ORDER BY at_ms, lsn LIMIT ?3",
        (int(note.fields["before_ms"]), lsn, OUTPUTS_A_NOTE),
    ).fetchall()
    for (each,) in rows:
        event = at(db, each)
        if event is not None and isinstance(event.body, CommandFinished):
            output = event.body.output
            dropped = replace(output, text="", bytes_dropped=output.bytes_total)
            rewrite(db, each, replace(event, body=replace(event.body, output=dropped)))


def _crowded(db: apsw.Connection, most: int) -> int:
    """The time before which outputs have to go for the others to fit."""
    row = db.execute(
        """SELECT at_ms FROM (
             SELECT at_ms, sum(output) OVER (ORDER BY at_ms DESC, lsn DESC) AS kept
             FROM events WHERE output>0)
           WHERE kept>? ORDER BY at_ms DESC LIMIT 1""",
        (most,),
    ).fetchone()
    return 0 if row is None else row[0] + 1
