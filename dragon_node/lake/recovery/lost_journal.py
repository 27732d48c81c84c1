"""When journal.db is gone: a new one goes on where the files of the old one have come to.

What only the old one knew is lost, and the new one says so in its first record. Everything else is
still true: a lake is not emptied because its journal is. The new one holds nothing of what the
files have, so nobody is served before a generation has all of it: until then each start begins
anew with what is there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from common.daemon.keys import SealingKey
from common.errors import Corrupt
from dragon_node.lake import journal_file
from dragon_node.lake.database import Owned, said_plainly, transaction, unlock
from dragon_node.lake.failpoints import reach
from dragon_node.lake.recovery import documents
from dragon_node.lake.recovery.asleep import Asleep
from dragon_node.lake.recovery.generations import Generations, Manifest
from dragon_node.lake.recovery.shelf import Shelved

log = logging.getLogger(__name__)

LOST = "lost_journal"
"""Kind of the note that the new journal begins with."""


@dataclass(frozen=True, slots=True)
class Left:
    """What is there of the lake besides its journal."""

    journal: str
    """The id of the one that made it; empty when nothing is left."""
    reached: int
    """The newest position that a file has."""
    generation: int
    """The number of the newest; 0 without one."""
    covered: int
    """Everything up to here is in the newest generation."""


def go_on(directory: Path, ram: Path, key: SealingKey | None) -> bool:
    """Before the journal is opened, and once its file is made ready. True when it begins where the
    files have come to: then it holds nothing of what they have, and a generation must, before
    anybody is served."""
    journal = Owned(directory / "journal.db", synchronous="FULL", key=key)
    try:
        if not _may_be_new(journal.connection):
            return False
        return _begin(journal.connection, _left(directory, ram, key))
    finally:
        journal.close()


def _may_be_new(db: apsw.Connection) -> bool:
    """It holds one record at most. Looked at first: what is left is many files to open."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='records'").fetchone():
        return True
    found: int = db.execute("SELECT count(*) FROM (SELECT 1 FROM records LIMIT 2)").get
    return found < 2


def _begin(db: apsw.Connection, left: Left) -> bool:
    if not left.journal:
        return False
    with transaction(db, "IMMEDIATE"):
        db.execute(journal_file.SCHEMA)
        begun = _begun(db)
        at = journal_file.position(db)
        if begun is None and (at.last_lsn or at.id == left.journal):
            return False
        if begun is not None and left.covered >= begun:
            return False
        if not left.reached and not left.generation:
            return False
        _begin_after(db, left)
    reach("journal.begun")
    return True


def _begin_after(db: apsw.Connection, left: Left) -> None:
    log.warning(
        "journal.db was lost: the lake goes on after record %d; what was recorded since "
        "generation %d and is not in memory is missing",
        left.reached,
        left.generation,
    )
    lsn = left.reached + 1
    db.execute("DELETE FROM records")  # one that was begun, and that nobody was served from
    db.execute("UPDATE meta SET value=? WHERE name='id'", (left.journal,))
    db.execute("UPDATE meta SET value=? WHERE name='first_lsn'", (str(lsn),))
    fields = {"generation": str(left.generation), "after": str(left.reached)}
    body = json.dumps({"kind": LOST, "fields": fields}).encode()
    row = (lsn, "", lsn, "note", "", "", "", 0, body)
    db.execute(f"INSERT INTO records VALUES({','.join('?' * len(row))})", row)


def _begun(db: apsw.Connection) -> int | None:
    """The position of the note, when the journal holds that and nothing else."""
    found = db.execute("SELECT lsn, kind, body FROM records LIMIT 2").fetchall()
    if len(found) != 1 or found[0][1] != "note" or json.loads(found[0][2])["kind"] != LOST:
        return None
    return found[0][0]


# -- what is left -----------------------------------------------------------------------------


def _left(directory: Path, ram: Path, key: SealingKey | None) -> Left:
    generations = Generations(directory / "generations").all()
    asleep = _asleep(directory / "asleep.json")
    files = [p for p in (ram / "memory.db", *(ram / "projects").glob("*.db")) if p.is_file()]
    found = [_stamp(path, None) for path in files]
    ids = (m.journal for m in generations)
    copies = (_stamp(directory / "shelf" / each.file, key)[0] for each in asleep)
    journal = next(filter(None, (*ids, *(made_by for made_by, _ in found))), "") or next(
        filter(None, copies), ""
    )
    own = [m for m in generations if m.journal == journal]
    reached = [applied for made_by, applied in found if made_by == journal]
    reached += _copied(own, asleep)
    newest = own[0] if own else None
    return Left(
        journal,
        max(reached, default=0),
        newest.number if newest else 0,
        newest.lsn if newest else 0,
    )


def _asleep(path: Path) -> list[Shelved]:
    if not path.exists():
        return []
    try:
        documents.read(path)
    except Corrupt:
        return []  # whoever opens the lake puts it aside, and says so
    return list(Asleep(path).all().values())


def _copied(generations: Iterable[Manifest], asleep: Iterable[Shelved]) -> Iterator[int]:
    """How far each copy has come: one may be ahead of what its generation promises."""
    for manifest in generations:
        yield manifest.lsn
        yield from (each.lsn for each in manifest.files.values())
    yield from (each.lsn for each in asleep)


def _stamp(path: Path, key: SealingKey | None) -> tuple[str, int]:
    """The journal that made a file, and how far it has come; nothing for one that cannot be read:
    it is made anew."""
    try:
        with said_plainly(path), closing(_opened(path, key)) as db:
            known = dict(db.execute("SELECT name, value FROM meta").fetchall())
    except (apsw.Error, Corrupt) as error:
        log.warning("%s cannot be read: %s", path, error)
        return "", 0
    return str(known.get("stamp", "")).partition(" ")[0], int(known.get("applied", 0))


def _opened(path: Path, key: SealingKey | None) -> apsw.Connection:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    if key is not None:
        unlock(db, path, key)
    return db
