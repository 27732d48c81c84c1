"""What people said of cards and remedies: applied note by note, and what follows for a project.

    Note("feedback")  remedy_id, verdict
    Note("snooze")    card, project, fingerprint, until_ms
    Note("quiet")     project, quiet: "yes" or empty

A verdict is of a remedy, and of the newest card that could have shown it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import apsw

from common.model.ids import short_hash
from dragon_node.failures.joined import IN, as_json, name_of, together
from dragon_node.lake.records import Accepted, Note

JUDGED_MAX = 20
"""The last so many that were accepted or rejected are looked at."""
JUDGED_MIN = 5
"""Fewer say nothing."""
ACCEPTED_SHARE_MIN = 0.7

CURSORS_A_RECORD = 64
"""A card's cursor is its record's lsn times this, plus its place in the run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the cards of a project, and of all that is joined to it, stand."""

    owner: bool | None
    """The owner's word: quiet, not quiet, or none."""
    accepted: int
    judged: int
    """Of the last `JUDGED_MAX` since the owner's word."""

    @property
    def quiet(self) -> bool:
        """No card is made."""
        return self.owner is True or self.by_itself

    @property
    def by_itself(self) -> bool:
        """Too few were accepted."""
        few = self.accepted < ACCEPTED_SHARE_MIN * self.judged
        return self.owner is not True and self.judged >= JUDGED_MIN and few


def apply(db: apsw.Connection, record: Accepted, note: Note) -> None:
    """Inside memory.db's transaction. Notes of other kinds change nothing."""
    match note.kind:
        case "feedback":
            _feedback(db, record, note.fields)
        case "snooze":
            _snooze(db, record.lsn, note.fields)
        case "quiet":
            newest = db.execute("SELECT coalesce(max(cursor), 0) FROM cards").get
            db.execute(
                "INSERT OR REPLACE INTO quiet VALUES (?,?,?,?)",
                (note.fields["project"], bool(note.fields["quiet"]), newest, record.lsn),
            )
        case _:
            pass


def standing(db: apsw.Connection, project: str) -> Standing:
    """As it is now."""
    projects = as_json(together(db, project))
    row = db.execute(
        f"SELECT quiet, after_cursor FROM quiet WHERE project {IN} ORDER BY lsn DESC LIMIT 1",
        (projects,),
    ).fetchone()
    said = db.execute(
        f"""SELECT r.verdict FROM receptions r JOIN cards c ON c.cursor=r.cursor
            WHERE c.project {IN} AND c.cursor>? AND r.verdict<>'snoozed'
            ORDER BY r.lsn DESC LIMIT ?""",
        (projects, int(str(row[1])) if row else 0, JUDGED_MAX),
    ).fetchall()
    verdicts = [str(verdict) for (verdict,) in said]
    owner = bool(row[0]) if row else None
    return Standing(owner, verdicts.count("accepted"), len(verdicts))


def is_snoozed(db: apsw.Connection, project: str, fingerprint: str, at_ms: int) -> bool:
    """Whether a person put this symptom off, here or in what is joined."""
    return bool(
        db.execute(
            f"SELECT count(*) FROM snoozes WHERE project {IN} AND fingerprint=? AND until_ms>?",
            (as_json(together(db, project)), fingerprint, at_ms),
        ).get
    )


def counted(db: apsw.Connection, project: str) -> Mapping[str, int]:
    """Cards that are kept, by what was said of them; "shown" is all of them."""
    rows = db.execute(
        f"""SELECT coalesce(r.verdict, ''), count(*) FROM cards c
            LEFT JOIN receptions r ON r.cursor=c.cursor
            WHERE c.project {IN} AND c."match"<>'none' GROUP BY 1""",
        (as_json(together(db, project)),),
    )
    counts = Counter({str(verdict): int(str(count)) for verdict, count in rows})
    return Counter({"shown": counts.total()}) + counts


def last_word(name: str, now: Standing) -> str:
    """Why a project went quiet by itself, and how it is woken."""
    return (
        f"{name} is quiet from now on: {now.accepted} of the last {now.judged} cards that were "
        f"judged were accepted; postdevai cards --loud --project {name} asks for them again"
    )


def _feedback(db: apsw.Connection, record: Accepted, fields: Mapping[str, str]) -> None:
    remedy, verdict = fields.get("remedy_id", ""), fields.get("verdict", "")
    row = db.execute("SELECT fingerprint FROM remedies WHERE id=?", (remedy,)).fetchone()
    if row is None or verdict not in ("accepted", "rejected"):
        log.info("a verdict on remedy %s is left out: no such remedy is kept", remedy)
        return
    db.execute("INSERT OR REPLACE INTO verdicts VALUES (?,?,?)", (remedy, verdict, record.lsn))
    card = db.execute(
        """SELECT cursor, project FROM cards WHERE fingerprint=? AND "match"<>'none'
           ORDER BY cursor DESC LIMIT 1""",
        (row[0],),
    ).fetchone()
    if card is None:
        return  # judged by somebody who had asked: no card had to do with it
    cursor, project = int(str(card[0])), str(card[1])
    before = standing(db, project)
    db.execute("INSERT OR REPLACE INTO receptions VALUES (?,?,?)", (cursor, verdict, record.lsn))
    after = standing(db, project)
    if after.by_itself and not before.quiet:
        _say_last_word(db, record, cursor, last_word(name_of(db, project), after))


def _say_last_word(db: apsw.Connection, record: Accepted, judged: int, sentence: str) -> None:
    """A card about cards: of no symptom and no working copy, so that it mutes nothing."""
    db.execute(
        """INSERT OR REPLACE INTO cards
           SELECT ?, ?, lsn, n, ?, event_id, project, project_name, '', '', NULL, 'none', ?
           FROM cards WHERE cursor=?""",
        (
            *(record.lsn * CURSORS_A_RECORD, short_hash("last word", str(record.lsn)) * 2),
            *(record.at_ms, sentence, judged),
        ),
    )


def _snooze(db: apsw.Connection, lsn: int, fields: Mapping[str, str]) -> None:
    """With the card's own position, so that it is forgotten together with that run."""
    row = db.execute("SELECT cursor, lsn FROM cards WHERE id=?", (fields["card"],)).fetchone()
    if row is None:
        log.info("card %s is not put off: it is not kept any more", fields["card"])
        return
    db.execute(
        "INSERT OR REPLACE INTO snoozes VALUES (?,?,?,?,?)",
        (
            *(fields["project"], fields["fingerprint"], int(fields["until_ms"])),
            *(fields["card"], int(str(row[1]))),
        ),
    )
    db.execute(  # what was judged stays judged
        "INSERT INTO receptions VALUES (?,'snoozed',?) ON CONFLICT DO NOTHING", (row[0], lsn)
    )
