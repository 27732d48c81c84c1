"""Kv in SQLite; what has a term is hidden when it ends and taken out at the next look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator

from common.errors import Conflict, Unavailable
from coordinator_node.engine.limits import check_name, check_prefix, check_term, check_value
from coordinator_node.engine.ports import Change, Entry
from coordinator_node.engine.sqlite.store import LOOKS_S, Store

log = logging.getLogger(__name__)

LIVE = """
SELECT kv.key, kv.value, kv.revision FROM kv LEFT JOIN terms
ON terms.key = kv.key AND terms.revision = kv.revision
WHERE (terms.ends_ms IS NULL OR terms.ends_ms > ?)
"""
AFTER_ALL = chr(0x10FFFF)


class SqliteKv:
    """Keys and values of one file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, key: str) -> Entry | None:
        """The entry, or None."""
        check_name(key, "key")
        return await self._store.read(lambda: self._find(key))

    async def put(
        self, key: str, value: bytes, *, expected: int | None = None, term_s: float = 0.0
    ) -> int:
        """Writes and returns the new revision; Conflict when it is not the expected one."""
        check_name(key, "key")
        check_value(value, f"key {key}")
        term_ms = check_term(term_s, "term_s")
        return await self._store.write(lambda: self._put(key, value, expected, term_ms))

    async def remove(self, key: str, *, expected: int | None = None) -> None:
        """Nothing when it is not there; Conflict when it has another revision than expected."""
        check_name(key, "key")
        await self._store.write(lambda: self._remove(key, expected))

    async def entries(self, prefix: str) -> tuple[Entry, ...]:
        """All entries whose key begins so, by key."""
        check_prefix(prefix)
        return await self._store.read(lambda: self._entries(prefix))

    async def watch(self, prefix: str) -> AsyncGenerator[Change]:
        """What is there now, then each change; the other processes' within a quarter second.

        Once it has begun it waits while the file is held, and tells then what has changed.
        """
        check_prefix(prefix)
        known: dict[str, int] = {}
        looked = False
        async for _ in self._store.moments(self._next_end_ms):
            while True:
                try:
                    revision, found = await self._store.write(lambda: self._swept(prefix))
                    break
                except Unavailable as error:
                    if not looked:
                        raise
                    log.warning("a watcher waits for the file: %s", error.message)
                    await asyncio.sleep(LOOKS_S)
            looked = True
            for key in known.keys() - {entry.key for entry in found}:
                del known[key]
                yield Change(key, None, revision)
            for entry in sorted(found, key=lambda entry: entry.revision):
                if known.get(entry.key) != entry.revision:
                    known[entry.key] = entry.revision
                    yield Change(entry.key, entry.value, entry.revision)

    def _find(self, key: str) -> Entry | None:
        rows = self._store.db.execute(
            LIVE + "AND kv.key = ?", (self._store.clock.now_ms(), key)
        ).fetchall()
        return Entry(*rows[0]) if rows else None

    def _entries(self, prefix: str) -> tuple[Entry, ...]:
        rows = self._store.db.execute(
            LIVE + "AND kv.key >= ? AND kv.key < ? ORDER BY kv.key",
            (self._store.clock.now_ms(), prefix, prefix + AFTER_ALL),
        ).fetchall()
        return tuple(Entry(*row) for row in rows)

    def _expect(self, key: str, expected: int | None) -> Entry | None:
        entry = self._find(key)
        found = entry.revision if entry else 0
        if expected is not None and found != expected:
            raise Conflict(f"{key} has changed meanwhile (revision {found}, not {expected})")
        return entry

    def _put(self, key: str, value: bytes, expected: int | None, term_ms: int) -> int:
        self._expect(key, expected)
        db, revision = self._store.db, self._next_revision()
        db.execute(
            "INSERT INTO kv VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE"
            " SET value = excluded.value, revision = excluded.revision",
            (key, value, revision),
        )
        db.execute("DELETE FROM terms WHERE key = ?", (key,))
        if term_ms:
            ends_ms = self._store.clock.now_ms() + term_ms
            db.execute("INSERT INTO terms VALUES (?, ?, ?, ?)", (key, revision, ends_ms, term_ms))
        return revision

    def _remove(self, key: str, expected: int | None) -> None:
        if self._expect(key, expected) is not None:
            self._take_out(key)

    def _take_out(self, key: str) -> None:
        self._next_revision()
        self._store.db.execute("DELETE FROM kv WHERE key = ?", (key,))
        self._store.db.execute("DELETE FROM terms WHERE key = ?", (key,))

    def _swept(self, prefix: str) -> tuple[int, tuple[Entry, ...]]:
        """The last revision, once everything is taken out whose time has come, and the rest."""
        db, now_ms = self._store.db, self._store.clock.now_ms()
        db.execute(
            "UPDATE terms SET ends_ms = ? + term_ms WHERE ends_ms > ? + term_ms", (now_ms,) * 2
        )
        ended = db.execute(
            "SELECT key, revision FROM terms WHERE ends_ms <= ?", (now_ms,)
        ).fetchall()
        for key, revision in ended:
            if db.execute(
                "SELECT 1 FROM kv WHERE key = ? AND revision = ?", (key, revision)
            ).fetchall():
                self._take_out(key)
            else:
                db.execute("DELETE FROM terms WHERE key = ?", (key,))
        return self._last_revision(), self._entries(prefix)

    def _next_revision(self) -> int:
        self._store.db.execute("UPDATE last SET revision = revision + 1")
        return self._last_revision()

    def _last_revision(self) -> int:
        return int(self._store.db.execute("SELECT revision FROM last").fetchall()[0][0])

    def _next_end_ms(self) -> int:
        return int(
            self._store.db.execute("SELECT ifnull(min(ends_ms), 0) FROM terms").fetchall()[0][0]
        )
