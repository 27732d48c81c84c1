"""What people said of a project's cards and remedies, as it travels with the project.

    Note("said")  project, source, version, what, and by `what`:
                  verdict   verdict, failed, passed, symptom
                  quiet     quiet: "yes" or empty
                  snooze    run, fingerprint, until_ms

A remedy's id is made of positions in one journal, so another Dragon knows it by the events of both
runs and by a hash of its symptom. `source` names the word, `version` rises with it: a word is heard
once, and again when it was changed where it was said.
"""

from __future__ import annotations

import logging

import apsw

from common.model.ids import short_hash
from dragon_node.lake.records import Accepted, Note

log = logging.getLogger(__name__)

_RUNS = """FROM remedies r JOIN runs f ON f.lsn=r.failed_lsn JOIN runs p ON p.lsn=r.passed_lsn
  LEFT JOIN episodes e ON e.id=r.episode"""
_SYMPTOM = """r.fingerprint, r."values", coalesce(e.test, '')"""


def said(db: apsw.Connection, project: str) -> list[Note]:
    """Of memory.db: every word that stands on one project."""
    told: list[Note] = []
    for remedy, verdict, lsn, failed, passed, *symptom in db.execute(
        f"""SELECT r.id, v.verdict, v.lsn, f.event_id, p.event_id, {_SYMPTOM} {_RUNS}
            JOIN verdicts v ON v.remedy=r.id WHERE r.project=? ORDER BY v.lsn""",
        (project,),
    ):
        fields = {"verdict": str(verdict), "failed": str(failed), "passed": str(passed)}
        fields["symptom"] = short_hash(*map(str, symptom))
        told.append(_note(project, "verdict", str(remedy), str(lsn), fields))
    for quiet, lsn in db.execute("SELECT quiet, lsn FROM quiet WHERE project=?", (project,)):
        told.append(_note(project, "quiet", "", str(lsn), {"quiet": "yes" if quiet else ""}))
    for fingerprint, until_ms, run in db.execute(
        """SELECT s.fingerprint, s.until_ms, r.event_id FROM snoozes s JOIN runs r ON r.lsn=s.lsn
           WHERE s.project=? ORDER BY 1""",
        (project,),
    ):
        fields = {"run": str(run), "fingerprint": str(fingerprint), "until_ms": str(until_ms)}
        told.append(_note(project, "snooze", str(fingerprint), str(until_ms), fields))
    return told


def apply(db: apsw.Connection, record: Accepted, note: Note) -> None:
    """Inside memory.db's transaction: the word stands here, too. What it is about came before."""
    fields = note.fields
    match fields["what"]:
        case "verdict":
            remedies = _known_as(db, fields)
            if not remedies:
                log.info("a verdict from another Dragon is left out: no such remedy is kept")
            db.executemany(
                "INSERT OR REPLACE INTO verdicts VALUES (?,?,?)",
                [(remedy, fields["verdict"], record.lsn) for remedy in remedies],
            )
        case "quiet":
            newest = db.execute("SELECT coalesce(max(cursor), 0) FROM cards").get
            row = (fields["project"], bool(fields["quiet"]), newest, record.lsn)
            db.execute("INSERT OR REPLACE INTO quiet VALUES (?,?,?,?)", row)
        case "snooze":
            db.execute(
                """INSERT OR REPLACE INTO snoozes
                   SELECT ?, ?, ?, '', lsn FROM runs WHERE event_id=?""",
                (
                    *(fields["project"], fields["fingerprint"], int(fields["until_ms"])),
                    fields["run"],
                ),
            )
        case _:
            pass


def _known_as(db: apsw.Connection, fields: dict[str, str]) -> list[str]:
    """The ids that a remedy of another Dragon has here."""
    rows = db.execute(
        f"SELECT r.id, {_SYMPTOM} {_RUNS} WHERE f.event_id=? AND p.event_id=? AND r.project=?",
        (fields["failed"], fields["passed"], fields["project"]),
    )
    return [str(r) for r, *symptom in rows if short_hash(*map(str, symptom)) == fields["symptom"]]


def _note(project: str, what: str, whose: str, version: str, fields: dict[str, str]) -> Note:
    source = f"{what} {whose}".rstrip()
    named = {"project": project, "what": what, "source": source, "version": version}
    return Note("said", named | fields)
