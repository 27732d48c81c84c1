"""The one thread that owns the outbox's database; jobs that wait together share one fsync."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

import apsw

from common.daemon.keys import SealingKey
from common.errors import Corrupt, OverLimit, PostDevAIError, Unavailable
from common.sealed_sqlite import FileFormat, make_ready
from developer_node.outbox.sql import Sql

T = TypeVar("T")

GROUP_JOBS_MAX = 256


@dataclass(frozen=True, slots=True)
class _Job(Generic[T]):
    run: Callable[[Sql], T]
    done: asyncio.Future[T]
    loop: asyncio.AbstractEventLoop
    alone: bool
    """Outside any transaction, as SQLite wants it for some work on a whole file."""


class Writer:
    """A database and its owner thread. Its queue is as long as there are callers who wait."""

    def __init__(
        self,
        path: Path,
        schema: str,
        key: SealingKey,
        file_format: FileFormat,
        relieve: Callable[[Sql], bool] = lambda sql: False,
    ) -> None:
        """Seals the file and brings it into today's format first. `relieve` is asked to make room
        when the disk is full, and says whether it did."""
        self._relieve = relieve
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._path = path
        self._sql = _open(path, schema, key, file_format)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name=f"writer-{path.name}", daemon=True)
        self._thread.start()

    async def write(self, job: Callable[[Sql], T]) -> T:
        """Runs `job` on the owner thread; returns once what it wrote is on disk."""
        return await self._submit(job, alone=False)

    async def _submit(self, job: Callable[[Sql], T], *, alone: bool) -> T:
        if self._closed:
            raise Unavailable("the outbox is closed")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.put(cast("_Job[object]", _Job(job, done, loop, alone)))
        return await done

    async def scrub(self) -> None:
        """Writes the file anew, so that no free page holds what was removed."""
        await self.write(lambda sql: None)  # what was asked for before is on disk
        await self._submit(_scrub, alone=True)

    async def close(self) -> None:
        """Ends after the jobs that already wait."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        running = True
        while running:
            group = [self._jobs.get()]
            with contextlib.suppress(queue.Empty):
                while len(group) < GROUP_JOBS_MAX:
                    group.append(self._jobs.get_nowait())
            running = None not in group
            jobs = [job for job in group if job is not None]
            self._run_group([job for job in jobs if not job.alone])
            for job in jobs:
                if job.alone:
                    self._run_alone(job)
        self._sql.close()

    def _run_alone(self, job: _Job[object]) -> None:
        try:
            outcome: object = job.run(self._sql)
        except apsw.Error as error:
            outcome = self._meaning(error)
        _tell(job, outcome)

    def _run_group(self, group: list[_Job[object]]) -> None:
        if not group:
            return
        try:
            outcomes = self._together(group)
        except apsw.Error as error:
            if isinstance(_grave(error), apsw.FullError) and self._relieve(self._sql):
                outcomes = [self._by_itself(job) for job in group]
            else:
                refusal = self._meaning(error)
                outcomes = [refusal for _ in group]
        for job, outcome in zip(group, outcomes, strict=True):
            _tell(job, outcome)

    def _together(self, group: list[_Job[object]]) -> list[object]:
        with self._sql.transaction():
            return [self._run(job) for job in group]

    def _by_itself(self, job: _Job[object]) -> object:
        """On a disk that was full a moment ago a small transaction fits where no large one does."""
        try:
            return self._together([job])[0]
        except apsw.Error as error:
            return self._meaning(error)
        finally:
            with contextlib.suppress(apsw.Error):  # what was written is in the log all the same
                self._sql.pragma("wal_checkpoint", "RESTART")

    def _run(self, job: _Job[object]) -> object:
        """In a savepoint of its own, so that one job's failure is not another's."""
        try:
            with self._sql.transaction():
                return job.run(self._sql)
        except Exception as error:  # carried to the caller, who awaits it
            if (grave := _grave(error)) is not None:
                raise grave from error  # not this job's fault: the whole group fails
            return error

    def _meaning(self, error: apsw.Error) -> PostDevAIError:
        if isinstance(_grave(error), apsw.FullError):
            return OverLimit(
                f"The disk under {self._path.parent} is full: nothing more can be recorded.",
                hint="Free some space; recording goes on by itself.",
            )
        return _damaged(self._path, error)


def _grave(error: BaseException | None) -> apsw.Error | None:
    """What ended the whole transaction: SQLite rolls all of it back, and apsw then complains only
    that a savepoint is gone."""
    while error is not None:
        if isinstance(error, apsw.FullError | apsw.IOError | apsw.CorruptError | apsw.NotADBError):
            return error
        error = error.__context__
    return None


def _tell(job: _Job[object], outcome: object) -> None:
    # the loop is gone when the daemon was torn down without waiting
    with contextlib.suppress(RuntimeError):
        job.loop.call_soon_threadsafe(_settle, job.done, outcome)


def _scrub(sql: Sql) -> None:
    sql.run("VACUUM")
    sql.pragma("wal_checkpoint", "TRUNCATE")


def _settle(done: asyncio.Future[object], outcome: object) -> None:
    if done.done():
        return
    if isinstance(outcome, BaseException):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


def _open(path: Path, schema: str, key: SealingKey, file_format: FileFormat) -> Sql:
    try:
        make_ready(path, key, file_format)
        sql = Sql(path, key)
        path.chmod(0o600)
        sql.pragma("journal_mode", "wal")
        sql.pragma("synchronous", 2)  # FULL: an fsync at each group, not at each job
        with sql.transaction():
            sql.run(schema)
    except apsw.Error as error:
        raise _damaged(path, error) from error
    return sql


def _damaged(path: Path, error: apsw.Error) -> Corrupt:
    return Corrupt(
        f"The outbox {path} cannot be used: {error}.",
        hint=f"Move {path} away: a new one is made and everything is scanned again.",
    )
