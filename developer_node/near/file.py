"""The mirror's file and the one thread that owns it; a file that cannot be read is set aside."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import apsw

from common.daemon.keys import SealingKey, sealing_key
from common.errors import Conflict, Corrupt, OverLimit, Unavailable
from common.sealed_sqlite import make_ready
from developer_node.near.schema import MIRROR, SCHEMA
from developer_node.outbox.owned_file import OwnedFile
from developer_node.outbox.sql import Sql

log = logging.getLogger(__name__)

T = TypeVar("T")

_TORN = (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.SQLError)
"""SQLError: a table is not as it was made."""


class MirrorFile(OwnedFile):
    """A sealed file that may be lost: all of it can be fetched again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "mirror")
        self.renewed = 0
        """How often an empty file took the place of one that could not be read."""

    async def open(self) -> None:
        """Makes it, or reads what is there."""
        await self._on_thread(self._open_or_anew)

    async def run(self, job: Callable[[Sql], T]) -> T:
        """Runs `job` in a transaction on the owner thread. A file that turns out to be damaged is
        set aside, and the job runs on an empty one. OverLimit when the disk is full."""
        return await self._on_thread(lambda: self._run(job))

    async def scrub(self) -> None:
        """Writes the file anew, so that no free page holds what was removed, and removes what was
        set aside."""
        await self._on_thread(self._scrub)

    def _run(self, job: Callable[[Sql], T]) -> T:
        if self._sql is None:
            raise Unavailable("the mirror is closed")
        try:
            return _within(self._sql, job)
        except apsw.FullError as error:
            raise OverLimit(
                f"the disk under {self.path.parent} is full", hint="Free some space."
            ) from error
        except _TORN as error:
            self._anew(str(error))
        except apsw.Error as error:
            raise self._useless(error) from error
        try:
            return _within(self._sql, job)
        except apsw.Error as error:
            raise self._useless(error) from error

    def _useless(self, error: apsw.Error) -> Corrupt:
        return Corrupt(
            f"the mirror {self.path} cannot be used: {error}",
            hint="Move it away: the Dragon tells again what was in it.",
        )

    def _open_or_anew(self) -> None:
        key = sealing_key(self.path.parent)
        try:
            self._sql = _opened(self.path, key)
        except (Corrupt, Conflict) as error:
            self._anew(error.message)
        except _TORN as error:
            self._anew(str(error))

    def _anew(self, why: str) -> None:
        log.warning("the mirror is set aside: %s", why)
        self._put_aside()
        self.sentence = (
            f"The mirror could not be read: it was set aside as {self.aside.name} and is "
            "fetched anew."
        )
        self._sql = _opened(self.path, sealing_key(self.path.parent))
        self.renewed += 1

    def _scrub(self) -> None:
        self.aside.unlink(missing_ok=True)
        if self._sql is not None:
            self._sql.run("VACUUM")
            self._sql.pragma("wal_checkpoint", "TRUNCATE")


def _within(sql: Sql, job: Callable[[Sql], T]) -> T:
    with sql.transaction():
        return job(sql)


def _opened(path: Path, key: SealingKey) -> Sql:
    make_ready(path, key, MIRROR)
    sql = Sql(path, key)
    try:
        path.chmod(0o600)
        sql.pragma("journal_mode", "wal")
        sql.pragma("synchronous", 1)  # NORMAL: what a power failure takes is fetched again
        with sql.transaction():
            sql.run(SCHEMA)
            sql.rows("SELECT fingerprint, stamp, newest, face FROM symptoms LIMIT 1")
    except apsw.Error:
        sql.close()
        raise
    return sql
