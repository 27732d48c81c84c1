"""Logs in SQLite: lines by (log, seq), found again by their message id."""

from __future__ import annotations

from common.errors import Conflict, Invalid
from coordinator_node.engine.limits import check_id, check_name, check_value
from coordinator_node.engine.ports import Line
from coordinator_node.engine.sqlite.store import Store


class SqliteLog:
    """Named logs that only grow, and how far each reader is."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def append(
        self, log: str, message_id: str, data: bytes, *, expected_last: int | None = None
    ) -> int:
        """The sequence; of an id that is there already, the one that it has."""
        check_name(log, "log")
        check_id(message_id, "message_id")
        check_value(data, f"line {message_id}")
        return await self._store.write(lambda: self._append(log, message_id, data, expected_last))

    async def read(self, log: str, after: int, limit: int) -> tuple[Line, ...]:
        """Lines after a sequence, in order."""
        check_name(log, "log")
        rows = await self._store.read(
            lambda: self._store.db.execute(
                "SELECT seq, message_id, data, at_ms FROM lines WHERE log = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                (log, after, max(0, limit)),
            ).fetchall()
        )
        return tuple(Line(*row) for row in rows)

    async def last(self, log: str) -> int:
        """The highest sequence; 0 of a log that nobody wrote to."""
        check_name(log, "log")
        return await self._store.read(lambda: self._last(log))

    async def checkpoint(self, log: str, reader: str, seq: int) -> None:
        """The reader has done everything up to there; it never goes back."""
        check_name(log, "log")
        check_id(reader, "reader")
        await self._store.write(lambda: self._checkpoint(log, reader, seq))

    async def position(self, log: str, reader: str) -> int:
        """Where the reader is; 0 at first."""
        check_name(log, "log")
        check_id(reader, "reader")
        rows = await self._store.read(
            lambda: self._store.db.execute(
                "SELECT seq FROM readers WHERE log = ? AND reader = ?", (log, reader)
            ).fetchall()
        )
        return int(rows[0][0]) if rows else 0

    async def truncate(self, log: str, through: int) -> None:
        """Forgets lines up to there, and their ids; sequences go on."""
        check_name(log, "log")
        await self._store.write(
            lambda: self._store.db.execute(
                "DELETE FROM lines WHERE log = ? AND seq <= ?", (log, through)
            )
        )

    def _last(self, log: str) -> int:
        rows = self._store.db.execute("SELECT last FROM logs WHERE log = ?", (log,)).fetchall()
        return int(rows[0][0]) if rows else 0

    def _append(self, log: str, message_id: str, data: bytes, expected_last: int | None) -> int:
        db, last = self._store.db, self._last(log)
        known = db.execute(
            "SELECT seq FROM lines WHERE log = ? AND message_id = ?", (log, message_id)
        ).fetchall()
        if known:
            return int(known[0][0])
        if expected_last is not None and last != expected_last:
            raise Conflict(f"the log {log} ends at {last}, not at {expected_last}")
        db.execute("INSERT OR REPLACE INTO logs VALUES (?, ?)", (log, last + 1))
        db.execute(
            "INSERT INTO lines VALUES (?, ?, ?, ?, ?)",
            (log, last + 1, message_id, data, self._store.clock.now_ms()),
        )
        return last + 1

    def _checkpoint(self, log: str, reader: str, seq: int) -> None:
        last = self._last(log)
        if seq > last:
            raise Invalid(f"{reader} cannot be at {seq}: {log} ends at {last}", field="seq")
        self._store.db.execute(
            "INSERT INTO readers VALUES (?, ?, ?) ON CONFLICT (log, reader) DO UPDATE"
            " SET seq = max(seq, excluded.seq)",
            (log, reader, seq),
        )
