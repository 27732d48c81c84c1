"""Everything in a SQLite file, read and written for a move."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from common.errors import Conflict
from coordinator_node.engine.moving import JobRow, KeyRow, LeaseRow, LogRow
from coordinator_node.engine.ports import Job, Line, Queued
from coordinator_node.engine.sqlite.queue import DONE_MS
from coordinator_node.engine.sqlite.store import Store

LINES_AT_ONCE = 500
FULL = ("kv", "leases", "logs", "lines", "readers", "jobs", "done")


class SqliteMoving:
    """One file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def floor(self) -> int:
        """The highest revision or epoch that was ever given."""
        rows = await self._rows(
            "SELECT max(revision, ifnull((SELECT value FROM counters WHERE name = 'epoch'), 0))"
            " FROM last"
        )
        return int(rows[0][0])

    async def keys(self) -> tuple[KeyRow, ...]:
        """Every key, by name."""
        rows = await self._rows(
            "SELECT kv.key, kv.value, ifnull(terms.ends_ms, 0) FROM kv LEFT JOIN terms"
            " ON terms.key = kv.key AND terms.revision = kv.revision"
            " WHERE terms.ends_ms IS NULL OR terms.ends_ms > ? ORDER BY kv.key",
            self._store.clock.now_ms(),
        )
        return tuple(KeyRow(*row) for row in rows)

    async def leases(self) -> tuple[LeaseRow, ...]:
        """Every lease that is held, by name."""
        rows = await self._rows(
            "SELECT name, holder, epoch, ends_ms FROM leases WHERE ends_ms > ? ORDER BY name",
            self._store.clock.now_ms(),
        )
        return tuple(LeaseRow(*row) for row in rows)

    async def logs(self) -> tuple[LogRow, ...]:
        """Every log, by name."""
        rows = await self._rows(
            "SELECT log, ifnull((SELECT min(seq) FROM lines WHERE lines.log = logs.log), last + 1),"
            " last FROM logs ORDER BY log"
        )
        readers = await self._rows("SELECT log, reader, seq FROM readers ORDER BY log, reader")
        return tuple(
            LogRow(log, first, last, tuple((r, s) for of, r, s in readers if of == log))
            for log, first, last in rows
        )

    async def lines(self, row: LogRow) -> AsyncGenerator[Line]:
        """Its lines in order."""
        after = 0
        while True:
            rows = await self._rows(
                "SELECT seq, message_id, data, at_ms FROM lines WHERE log = ? AND seq > ?"
                " ORDER BY seq LIMIT ?",
                *(row.log, after, LINES_AT_ONCE),
            )
            for each in rows:
                yield Line(*each)
            if not rows:
                return
            after = rows[-1][0]

    async def jobs(self) -> tuple[JobRow, ...]:
        """Every job, by queue and id."""
        there = await self._rows(
            "SELECT queue, id, data, priority, topics, state, attempts, submitted_ms, ready_ms,"
            " worker, reason, number, token, ends_ms FROM jobs"
        )
        done = await self._rows("SELECT queue, id, token, at_ms FROM done")
        rows = [
            JobRow(
                row[0],
                Queued(Job(row[1], row[2], row[3], tuple(json.loads(row[4]))), *row[5:11]),
                *row[11:],
            )
            for row in there
        ]
        rows.extend(
            JobRow(row[0], Queued(Job(row[1], b""), "done", 0, 0, 0, "", ""), 0, row[2], ends_ms)
            for row in done
            if (ends_ms := row[3] + DONE_MS) > self._store.clock.now_ms()
        )
        return tuple(sorted(rows, key=lambda row: (row.queue, row.queued.job.id)))

    async def begin(self, floor: int) -> None:
        """Makes the place, which must be empty; all numbers given later are higher."""

        def begun() -> None:
            for table in FULL:
                if self._store.db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchall():
                    raise Conflict(f"the file is not empty: it has {table}")
            self._store.db.execute("UPDATE last SET revision = ?", (floor,))
            self._store.db.execute("INSERT OR REPLACE INTO counters VALUES ('epoch', ?)", (floor,))

        await self._store.write(begun)

    async def leap(self, by: int) -> None:
        """All numbers given later are so much higher."""

        def leapt() -> None:
            db = self._store.db
            db.execute("UPDATE last SET revision = revision + ?", (by,))
            db.execute("INSERT OR IGNORE INTO counters VALUES ('epoch', 0)")
            db.execute("UPDATE counters SET value = value + ? WHERE name = 'epoch'", (by,))

        await self._store.write(leapt)

    async def cluster(self) -> dict[str, bool]:
        """A file has no servers."""
        return {}

    async def put_key(self, row: KeyRow) -> None:
        """Writes it."""

        def put() -> None:
            db = self._store.db
            db.execute("UPDATE last SET revision = revision + 1")
            revision = db.execute("SELECT revision FROM last").fetchall()[0][0]
            db.execute("INSERT INTO kv VALUES (?, ?, ?)", (row.key, row.value, revision))
            if row.ends_ms:
                term_ms = max(1, row.ends_ms - self._store.clock.now_ms())
                db.execute(
                    "INSERT INTO terms VALUES (?, ?, ?, ?)",
                    (row.key, revision, row.ends_ms, term_ms),
                )

        await self._store.write(put)

    async def put_lease(self, row: LeaseRow) -> None:
        """Writes it, under the same epoch."""
        term_ms = max(1, row.ends_ms - self._store.clock.now_ms())
        said = (row.name, row.holder, row.epoch, row.ends_ms, term_ms)
        await self._write("INSERT INTO leases VALUES (?, ?, ?, ?, ?)", said)

    async def put_log(self, row: LogRow) -> None:
        """Makes it with its readers; the lines follow."""
        await self._write("INSERT INTO logs VALUES (?, ?)", (row.log, row.last))
        readers = [(row.log, reader, seq) for reader, seq in row.readers]
        await self._write("INSERT INTO readers VALUES (?, ?, ?)", *readers)

    async def put_lines(self, row: LogRow, lines: Sequence[Line]) -> None:
        """Writes the next lines, with the sequences that they have."""
        rows = [(row.log, each.seq, each.message_id, each.data, each.at_ms) for each in lines]
        await self._write("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", *rows)

    async def put_job(self, row: JobRow) -> None:
        """Writes it, with its claim."""
        said, job, now_ms = row.queued, row.queued.job, self._store.clock.now_ms()
        if said.state == "done":
            done = (row.queue, job.id, row.token, row.ends_ms - DONE_MS)
            await self._write("INSERT INTO done VALUES (?, ?, ?, ?)", done)
            return
        await self._write(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(row.number, row.queue, job.id, job.data, job.priority, json.dumps(job.topics)),
                *(said.state, said.attempts, said.submitted_ms, said.ready_ms),
                *(max(0, said.ready_ms - now_ms), said.worker, said.reason, row.token),
                *(row.ends_ms, max(0, row.ends_ms - now_ms)),
            ),
        )

    async def _rows(self, sql: str, *bound: str | int) -> list[tuple[Any, ...]]:
        return await self._store.read(lambda: self._store.db.execute(sql, bound).fetchall())

    async def _write(self, sql: str, *rows: tuple[str | bytes | int, ...]) -> None:
        await self._store.write(lambda: self._store.db.executemany(sql, rows))
