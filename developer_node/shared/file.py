"""The replica on disk: one SQLite file, WAL, sealed (shared.db), owned by one thread.

entries     kind, scope, key; body: the entry as it travels
meta        vector: what was seen here; told: what the Coordinator has seen; pruned: what was
            forgotten; last: the newest stamp, kept with the edit that took it; me: the replica's
            name, made with the file; sent: how far it was ever sent; exchanged_ms
An edit is acknowledged after the fsync of its transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import apsw

from common.daemon.keys import sealing_key
from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from common.model.shared import Entry, Name
from common.sealed_sqlite import make_ready
from common.wire.shared import entry_from_bytes, entry_to_bytes
from developer_node.outbox.owned_file import OwnedFile
from developer_node.outbox.sql import Sql
from developer_node.shared.formats import SHARED

log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries(
    kind TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(kind, scope, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""
_TORN = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError)


class SharedFile(OwnedFile):
    """Opened once; every method runs on its thread."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "shared")

    async def open(self) -> tuple[list[Entry], dict[str, bytes]]:
        """What is there. A file that cannot be read is set aside and begun anew: the Coordinator
        has all of it but the edits that still waited, and `sentence` says so."""
        return await self._on_thread(self._open)

    async def read(self) -> tuple[list[Entry], dict[str, bytes]]:
        """As it lies there now."""
        return await self._on_thread(self._rows)

    async def save(
        self,
        entries: Iterable[Entry],
        meta: Mapping[str, bytes],
        gone: Iterable[Name] = (),
    ) -> None:
        """All of it or nothing, on disk when this returns. OverLimit when the disk is full."""
        rows = [(e.name.kind, e.name.scope, e.name.key, entry_to_bytes(e)) for e in entries]
        names = [(n.kind, n.scope, n.key) for n in gone]
        await self._on_thread(lambda: self._save(rows, names, dict(meta)))

    def _open(self) -> tuple[list[Entry], dict[str, bytes]]:
        try:
            return self._read()
        except (Corrupt, *_TORN) as error:
            why = error.message if isinstance(error, Corrupt) else str(error)
        log.warning("what is shared is set aside in %s: %s", self.aside, why)
        self._put_aside()
        self.sentence = (
            f"What was shared could not be read and was set aside as {self.aside.name}; it is"
            " fetched anew, but edits that still waited here are only there."
        )
        return self._read()

    def _read(self) -> tuple[list[Entry], dict[str, bytes]]:
        key = sealing_key(self.path.parent)
        make_ready(self.path, key, SHARED)
        self._sql = Sql(self.path, key)
        self.path.chmod(0o600)
        self._sql.pragma("journal_mode", "wal")
        self._sql.pragma("synchronous", 2)  # FULL: an edit is on disk when it is acknowledged
        with self._sql.transaction():
            self._sql.run(SCHEMA)
        return self._rows()

    def _rows(self) -> tuple[list[Entry], dict[str, bytes]]:
        if self._sql is None:
            raise Unavailable("this laptop is stopping")
        bodies = self._sql.rows("SELECT body FROM entries")
        meta = {str(k): bytes(v) for k, v in self._sql.rows("SELECT key, value FROM meta")}
        return [entry_from_bytes(body) for (body,) in bodies], meta

    def _save(
        self,
        rows: list[tuple[str, str, str, bytes]],
        names: list[tuple[str, str, str]],
        meta: dict[str, bytes],
    ) -> None:
        if self._sql is None:
            raise Unavailable("this laptop is stopping")
        try:
            with self._sql.transaction():
                self._sql.run_many("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)", rows)
                self._sql.run_many(
                    "DELETE FROM entries WHERE kind = ? AND scope = ? AND key = ?", names
                )
                self._sql.run_many("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        except apsw.FullError as error:
            raise OverLimit(
                f"the disk under {self.path.parent} is full; nothing was changed",
                hint="Free some space.",
            ) from error
        except apsw.BusyError as error:
            raise Conflict(f"{self.path} is open elsewhere") from error
        except apsw.Error as error:
            raise Corrupt(f"{self.path} cannot be written: {error}") from error
