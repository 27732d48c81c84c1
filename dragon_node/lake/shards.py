"""A file on the RAM disk that is rebuilt from the journal: it knows how far it has come.

Each file is applied for itself. Its applied lsn is written in the transaction that applies, so a
file is never half a record ahead of what it says, whatever happens in between.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from common.errors import Corrupt
from common.model.event import Event
from common.model.ids import Origin, ProjectId
from common.wire.nouns import event_from_bytes
from dragon_node.lake.database import BUSY_MS, Database, Readers
from dragon_node.lake.records import Note, Refusal, Row

T = TypeVar("T")

FORMAT_VERSION = 3
"""Of everything on the RAM disk. A file of an older one is rebuilt from the journal while that
reaches back to its beginning, and migrated from then on."""

Migrate = Callable[[Path, int], None]
"""Brings a closed file from the format given to the present one, or raises Corrupt."""

LOG_PAGES = 64
"""Pages that the log of a file may keep after a commit."""

META = """
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES('applied', '0');
INSERT OR IGNORE INTO meta VALUES('generation', lower(hex(randomblob(8))));
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A durable record on its way into a store."""

    lsn: int
    origin: Origin
    seq: int
    project: ProjectId
    project_name: str
    at_ms: int
    raw: bytes
    """As it lies in the journal."""
    body: Event | Note | Refusal


class Shard:
    """One such file."""

    def __init__(self, database: Database, applied: int, generation: str) -> None:
        self.database = database
        self.applied = applied
        """The newest lsn in it."""
        self.generation = generation
        """Drawn when the file was made: what is derived from another file is worthless."""

    @classmethod
    async def open(
        cls,
        path: Path,
        readers: Readers,
        *,
        schema: str,
        journal: str,
        last_lsn: int,
        migrate: Migrate | None = None,
    ) -> Shard:
        """The file as it is, or a new one where there is none.

        Corrupt when it is damaged, comes from elsewhere or is ahead of the journal. One of an
        older format is handed to `migrate`, and Corrupt without it.
        """
        if _is_there(path):
            await _admit(path, readers, journal, migrate)
        database = await Database.open(path, readers, schema=schema)
        try:
            await database.write(lambda db: db.set_wal_hook(_fold_back))
            applied, generation = await database.write(lambda db: _stamped(db, journal))
            if applied > last_lsn:
                raise Corrupt(f"{path} has {applied} records and the journal {last_lsn}")
        except BaseException:
            await database.close()
            raise
        return cls(database, applied, generation)

    async def apply(
        self, steps: Sequence[Step], fn: Callable[[apsw.Connection, Sequence[Step]], T]
    ) -> T | None:
        """`fn` with those that are new here, in one transaction; None when none is."""
        if steps[-1].lsn <= self.applied:
            return None

        def write(db: apsw.Connection) -> T | None:
            # Looked at here, where the file is awake: waking may have brought it further.
            new = [step for step in steps if step.lsn > self.applied]
            if not new:
                return None
            result = fn(db, new)
            db.execute("UPDATE meta SET value=? WHERE name='applied'", (str(new[-1].lsn),))
            return result

        result = await self.database.write(write)
        self.applied = max(self.applied, steps[-1].lsn)
        return result


def _is_there(path: Path) -> bool:
    return path.exists()


async def _admit(path: Path, readers: Readers, journal: str, migrate: Migrate | None) -> None:
    made_for, version = await readers.run(path, _stamp)
    if made_for != journal:
        raise Corrupt(f"{path} was made for another journal")
    if version == FORMAT_VERSION:
        return
    if version > FORMAT_VERSION or migrate is None:
        raise Corrupt(f"{path} has format {version} and this version makes {FORMAT_VERSION}")
    await readers.release(path)
    await asyncio.to_thread(migrate, path, version)


def _fold_back(db: apsw.Connection, name: str, pages: int) -> int:
    """After a commit: a log that has grown takes no more memory than the next one needs."""
    if pages > LOG_PAGES:
        db.wal_checkpoint(name, apsw.SQLITE_CHECKPOINT_PASSIVE)
        db.set_busy_timeout(0)
        try:
            db.wal_checkpoint(name, apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            pass  # somebody reads by it: the next commit tries again
        finally:
            db.set_busy_timeout(BUSY_MS)
    return 0


def _stamp(db: apsw.Connection) -> tuple[str, int]:
    """The journal that the file was made for, and its format; 0 when it does not say."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
        return "", 0
    row = db.execute("SELECT value FROM meta WHERE name='stamp'").fetchone()
    journal, _, version = (row[0] if row else "").partition(" ")
    return journal, int(version) if version.isdigit() and len(version) < 9 else 0


def _stamped(db: apsw.Connection, journal: str) -> tuple[int, str]:
    stamp = f"{journal} {FORMAT_VERSION}"
    db.execute("INSERT OR REPLACE INTO meta VALUES('stamp', ?)", (stamp,))
    applied: str = db.execute("SELECT value FROM meta WHERE name='applied'").get
    generation: str = db.execute("SELECT value FROM meta WHERE name='generation'").get
    return int(applied), generation


def discard(path: Path) -> None:
    """Removes a SQLite file and what lies beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def step_of(row: Row) -> Step:
    """A journalled record as a store takes it. Corrupt when it cannot be read back."""
    body: Event | Note | Refusal
    match row.kind:
        case "event":
            body = event_from_bytes(row.body)
        case "note":
            fields = json.loads(row.body)
            body = Note(fields["kind"], fields["fields"])
        case "refusal":
            fields = json.loads(row.body)
            body = Refusal(row.seq, fields["field"], fields["reason"])
    return Step(
        row.lsn, row.origin, row.seq, row.project, row.project_name, row.at_ms, row.body, body
    )
