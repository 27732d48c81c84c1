"""Queues in SQLite: one row a job; a claim that has ended is a job that waits."""

from __future__ import annotations

import json
from collections.abc import Sequence

from common.errors import Conflict, Missing
from coordinator_node.engine.limits import check_id, check_job, check_name, check_term, new_token
from coordinator_node.engine.ports import Claimed, Job, Queued
from coordinator_node.engine.sqlite.store import Store

DONE_MS = 15 * 60_000
"""So long it is known that a job was done; the port promises ten minutes."""
VISIBLE_LEAST_S = 0.05


class SqliteQueue:
    """Named queues of one file."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def submit(self, queue: str, job: Job, *, delay_s: float = 0.0) -> bool:
        """False, and nothing happens, when a job of that id is there or was done lately."""
        check_name(queue, "queue")
        check_job(job)
        delay_ms = check_term(delay_s, "delay_s")
        return await self._store.write(lambda: self._submit(queue, job, delay_ms))

    async def claim(
        self, queue: str, worker: str, offered: Sequence[str], visible_s: float, limit: int = 1
    ) -> tuple[Claimed, ...]:
        """The next jobs whose topics are all offered; none when there is none."""
        check_name(queue, "queue")
        check_id(worker, "worker")
        visible_ms = check_term(visible_s, "visible_s", least_s=VISIBLE_LEAST_S)
        able = frozenset(offered)
        return await self._store.write(lambda: self._claim(queue, worker, able, visible_ms, limit))

    async def extend(self, queue: str, token: str, visible_s: float) -> int:
        """The new end of the claim, ms; Conflict when it has ended."""
        visible_ms = check_term(visible_s, "visible_s", least_s=VISIBLE_LEAST_S)
        return await self._store.write(lambda: self._extend(queue, token, visible_ms))

    async def ack(self, queue: str, token: str) -> None:
        """Done, also when it is said twice; Conflict when the claim has ended before."""
        await self._store.write(lambda: self._ack(queue, token))

    async def nak(
        self, queue: str, token: str, *, reason: str, delay_s: float = 0.0, dead: bool = False
    ) -> None:
        """Not done: given out again after the delay, or put aside for a person when `dead`."""
        delay_ms = check_term(delay_s, "delay_s")
        await self._store.write(lambda: self._nak(queue, token, reason, delay_ms, dead))

    async def remove(self, queue: str, job_id: str) -> bool:
        """Whatever its state; False when it is not there. Its claim ends."""
        return await self._store.write(lambda: self._remove(queue, job_id))

    async def revive(self, queue: str, job_id: str) -> None:
        """A dead one waits again, its attempts forgotten; Missing when there is none."""
        await self._store.write(lambda: self._revive(queue, job_id))

    async def listed(self, queue: str) -> tuple[Queued, ...]:
        """Every job that is not done, in the order of claims, the dead ones last."""
        check_name(queue, "queue")
        return await self._store.write(lambda: self._listed(queue))

    def _submit(self, queue: str, job: Job, delay_ms: int) -> bool:
        db, now_ms = self._store.db, self._store.clock.now_ms()
        db.execute("DELETE FROM done WHERE at_ms <= ?", (now_ms - DONE_MS,))
        for table in ("jobs", "done"):
            if db.execute(
                f"SELECT 1 FROM {table} WHERE queue = ? AND id = ?", (queue, job.id)
            ).fetchall():
                return False
        db.execute(
            "INSERT INTO jobs (queue, id, data, priority, topics, state, attempts, submitted_ms,"
            " ready_ms, delay_ms, worker, reason, token, ends_ms, visible_ms)"
            " VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?, ?, ?, '', '', '', 0, 0)",
            (
                *(queue, job.id, job.data, job.priority, json.dumps(job.topics)),
                *(now_ms, now_ms + delay_ms, delay_ms),
            ),
        )
        return True

    def _claim(
        self, queue: str, worker: str, able: frozenset[str], visible_ms: int, limit: int
    ) -> tuple[Claimed, ...]:
        now_ms = self._store.clock.now_ms()
        self._end_claims(queue)
        chosen: list[tuple[int, Claimed]] = []
        for row in self._store.db.execute(
            "SELECT number, id, data, priority, topics, attempts FROM jobs"
            " WHERE queue = ? AND state = 'waiting' AND ready_ms <= ?"
            " ORDER BY priority DESC, ready_ms, number",
            (queue, now_ms),
        ):
            if len(chosen) >= limit:
                break
            number, job_id, data, priority, said, attempts = row
            topics = tuple[str, ...](json.loads(said))
            if able.issuperset(topics):
                job = Job(job_id, data, priority, topics)
                token = new_token(job_id)
                chosen.append((number, Claimed(job, token, attempts + 1, now_ms + visible_ms)))
        for number, claimed in chosen:
            self._store.db.execute(
                "UPDATE jobs SET state = 'claimed', attempts = ?, worker = ?, token = ?,"
                " ends_ms = ?, visible_ms = ? WHERE number = ?",
                (claimed.attempt, worker, claimed.token, claimed.ends_ms, visible_ms, number),
            )
        return tuple(claimed for _, claimed in chosen)

    def _extend(self, queue: str, token: str, visible_ms: int) -> int:
        number, _ = self._held(queue, token)
        ends_ms = self._store.clock.now_ms() + visible_ms
        self._store.db.execute(
            "UPDATE jobs SET ends_ms = ?, visible_ms = ? WHERE number = ?",
            (ends_ms, visible_ms, number),
        )
        return ends_ms

    def _ack(self, queue: str, token: str) -> None:
        db = self._store.db
        if db.execute(
            "SELECT 1 FROM done WHERE queue = ? AND token = ?", (queue, token)
        ).fetchall():
            return
        number, job_id = self._held(queue, token)
        db.execute("DELETE FROM jobs WHERE number = ?", (number,))
        db.execute(
            "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?)",
            (queue, job_id, token, self._store.clock.now_ms()),
        )

    def _nak(self, queue: str, token: str, reason: str, delay_ms: int, dead: bool) -> None:
        number, _ = self._held(queue, token)
        now_ms = self._store.clock.now_ms()
        self._store.db.execute(
            "UPDATE jobs SET state = ?, reason = ?, ready_ms = ?, delay_ms = ?, worker = '',"
            " token = '', ends_ms = 0 WHERE number = ?",
            ("dead" if dead else "waiting", reason, now_ms + delay_ms, delay_ms, number),
        )

    def _remove(self, queue: str, job_id: str) -> bool:
        rows = self._store.db.execute(
            "DELETE FROM jobs WHERE queue = ? AND id = ? RETURNING number", (queue, job_id)
        ).fetchall()
        return bool(rows)

    def _revive(self, queue: str, job_id: str) -> None:
        rows = self._store.db.execute(
            "UPDATE jobs SET state = 'waiting', attempts = 0, ready_ms = ?, delay_ms = 0"
            " WHERE queue = ? AND id = ? AND state = 'dead' RETURNING number",
            (self._store.clock.now_ms(), queue, job_id),
        ).fetchall()
        if not rows:
            raise Missing(f"no job {job_id} of {queue} is dead")

    def _listed(self, queue: str) -> tuple[Queued, ...]:
        self._end_claims(queue)
        rows = self._store.db.execute(
            "SELECT id, data, priority, topics, state, attempts, submitted_ms, ready_ms, worker,"
            " reason FROM jobs WHERE queue = ?"
            " ORDER BY state = 'dead', priority DESC, ready_ms, number",
            (queue,),
        ).fetchall()
        return tuple(
            Queued(Job(row[0], row[1], row[2], tuple(json.loads(row[3]))), *row[4:]) for row in rows
        )

    def _held(self, queue: str, token: str) -> tuple[int, str]:
        self._end_claims(queue)
        rows = self._store.db.execute(
            "SELECT number, id FROM jobs WHERE queue = ? AND token = ? AND state = 'claimed'",
            (queue, token),
        ).fetchall()
        if not rows:
            raise Conflict("the claim has ended; another worker may have the job")
        return int(rows[0][0]), str(rows[0][1])

    def _end_claims(self, queue: str) -> None:
        """Those whose time has come; a clock that was set back makes none longer than its term."""
        db, now_ms = self._store.db, self._store.clock.now_ms()
        db.execute(
            "UPDATE jobs SET ends_ms = ? + visible_ms"
            " WHERE queue = ? AND state = 'claimed' AND ends_ms > ? + visible_ms",
            (now_ms, queue, now_ms),
        )
        db.execute(
            "UPDATE jobs SET state = 'waiting', worker = '', token = '', ends_ms = 0"
            " WHERE queue = ? AND state = 'claimed' AND ends_ms <= ?",
            (queue, now_ms),
        )
        db.execute(
            "UPDATE jobs SET ready_ms = ? + delay_ms"
            " WHERE queue = ? AND state = 'waiting' AND ready_ms > ? AND ready_ms > ? + delay_ms",
            (now_ms, queue, now_ms, now_ms),
        )
