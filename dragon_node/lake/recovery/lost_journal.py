"""When journal.db is gone: a new one goes on where generations and the RAM disk have come to.

What only the old one knew is lost, and the new one says so in its first record. Everything else is
still true: a lake is not emptied because its journal is.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import apsw

from common.daemon.keys import SealingKey
from dragon_node.lake import journal_file
from dragon_node.lake.database import Owned, transaction
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations, Manifest

log = logging.getLogger(__name__)

LOST = "lost_journal"
"""Kind of the note that the new journal begins with."""


def go_on(directory: Path, ram: Path, key: SealingKey | None) -> None:
    """Before the journal is opened. Does nothing where it holds a record, or where no generation
    says what it should hold."""
    generations = Generations(directory / "generations").all()
    if not generations:
        return
    journal = Owned(directory / "journal.db", synchronous="FULL", key=key)
    try:
        _begin(journal.connection, generations, directory, ram)
    finally:
        journal.close()


def _begin(db: apsw.Connection, generations: list[Manifest], directory: Path, ram: Path) -> None:
    with transaction(db, "IMMEDIATE"):
        db.execute(journal_file.SCHEMA)
        at = journal_file.position(db)
        newest, oldest = generations[0], generations[-1]
        if at.last_lsn or at.id == newest.journal:
            return
        reached = max(_reached(newest, directory, ram))
        log.warning(
            "journal.db was lost: the lake goes on after record %d; what was recorded since "
            "generation %d and is not in memory is missing",
            reached,
            newest.number,
        )
        db.execute("UPDATE meta SET value=? WHERE name='id'", (newest.journal,))
        db.execute("UPDATE meta SET value=? WHERE name='first_lsn'", (str(oldest.lsn + 1),))
        fields = {"generation": str(newest.number), "after": str(reached)}
        body = json.dumps({"kind": LOST, "fields": fields}).encode()
        lsn = reached + 1
        row = (lsn, "", lsn, "note", "", "", "", 0, body)
        db.execute(f"INSERT INTO records VALUES({','.join('?' * len(row))})", row)


def _reached(newest: Manifest, directory: Path, ram: Path) -> Iterator[int]:
    """How far each file has come that the old journal made."""
    yield newest.lsn
    yield from (each.lsn for each in Asleep(directory / "asleep.json").all().values())
    for path in (ram / "memory.db", *(ram / "projects").glob("*.db")):
        if path.is_file():
            yield _applied(path, newest.journal)


def _applied(path: Path, journal: str) -> int:
    """0 for a file of another journal, and for one that cannot be read: it is made anew."""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            known = dict(db.execute("SELECT name, value FROM meta").fetchall())
        finally:
            db.close()
    except apsw.Error as error:
        log.warning("%s cannot be read: %s", path, error)
        return 0
    mine = str(known.get("stamp", "")).partition(" ")[0] == journal
    return int(known.get("applied", 0)) if mine else 0
