"""The one thread that writes journal.db, and what waits for it.

It takes everything that waits, up to a limit, into one transaction: streams share the fsync of
its commit, and nobody is told before it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from common.daemon.keys import SealingKey
from common.errors import Invalid, OverLimit, Unavailable
from dragon_node.lake import journal_file
from dragon_node.lake.database import Owned, said_plainly, transaction
from dragon_node.lake.journal_file import SCHEMA, Draft, Position
from dragon_node.lake.records import Blobs

T = TypeVar("T")

GROUP_RECORDS_MAX = 2_000
"""Records in one commit."""


@dataclass(frozen=True, slots=True)
class Written:
    """Records that have become durable together, in order, and the raw content they came with."""

    first_lsn: int
    drafts: Sequence[Draft]
    blobs: Blobs

    @property
    def last_lsn(self) -> int:
        """Of the last record; first_lsn - 1 when there is none."""
        return self.first_lsn + len(self.drafts) - 1


@dataclass(slots=True)
class Submission:
    """Records that wait to be written."""

    drafts: Sequence[Draft]
    blobs: Blobs
    done: asyncio.Future[Written]


@dataclass(slots=True)
class Work:
    """Something else that needs the writing connection, between two groups."""

    run: Callable[[apsw.Connection], None]
    fail: Callable[[BaseException], None]


class Writer:
    """Owns the writing connection. Everything here is called on the loop but `_write_loop`."""

    def __init__(
        self, path: Path, on_written: Callable[[Written], None], key: SealingKey | None
    ) -> None:
        self.live_bytes = 0
        """Of pages in use, after the newest commit."""
        self.commits = 0
        """Of records: each costs a sync."""
        self.failed: BaseException | None = None
        """Why nothing is written any more."""
        self._path = path
        self._on_written = on_written
        self._key = key
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[Submission | Work | None] = queue.SimpleQueue()
        self._next: Submission | Work | None = None
        self._thread = threading.Thread(target=self._write_loop, name="journal-write", daemon=True)
        self._closing = False
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._opened: asyncio.Future[Position] = self._loop.create_future()

    async def open(self) -> Position:
        """Makes the file where it is missing."""
        self._thread.start()
        return await self._opened

    def submit(self, drafts: Sequence[Draft], blobs: Blobs) -> asyncio.Future[Written]:
        """In the order of asking. Unavailable when nothing is written any more."""
        self.check()
        done = Outcome[Written](loop=self._loop)
        self._waiting.put(Submission(drafts, blobs, done))
        return done

    async def do(self, fn: Callable[[apsw.Connection], T], *, alone: bool = False) -> T:
        """`fn` in a transaction of its own, or `alone` outside any, in the order of asking."""
        self.check()
        done = Outcome[T](loop=self._loop)

        def run(db: apsw.Connection) -> None:
            if alone:
                result = fn(db)
            else:
                with transaction(db, "IMMEDIATE"):
                    result = fn(db)
            self._tell(done, result)

        self._waiting.put(Work(run, lambda error: self._tell(done, error)))
        return await done

    def check(self) -> None:
        """Unavailable when nothing is written any more."""
        if self.failed is not None:
            raise Unavailable(
                f"the journal stopped: {self.failed}", hint="Start the Dragon again."
            ) from self.failed
        if self._closing:
            raise Unavailable("the journal is closed", hint="The Dragon is ending.")

    async def close(self) -> None:
        """Writes what waits, and closes; once is enough."""
        if not self._closing:
            self._closing = True
            self._waiting.put(None)
        await asyncio.shield(self._closed)

    # -- on the thread -----------------------------------------------------------------------

    def _write_loop(self) -> None:
        try:
            with said_plainly(self._path):
                owned = Owned(self._path, synchronous="FULL", key=self._key)
                found = _prepared(owned.connection)
        except BaseException as error:
            self._tell(self._opened, error)
            return
        self.live_bytes = found.live_bytes
        self._tell(self._opened, found)
        last = found.last_lsn
        try:
            while (item := self._take()) is not None:
                if isinstance(item, Work):
                    self._work(owned.connection, item)
                else:
                    last = self._commit(owned.connection, self._group(item), last)
        finally:
            owned.close()
            self._tell(self._closed, None)

    def _take(self) -> Submission | Work | None:
        """The next thing to do; None at the end, which comes last."""
        held, self._next = self._next, None
        return held if held is not None else self._waiting.get()

    def _group(self, first: Submission) -> list[Submission]:
        """What waits, as much of it as one commit may hold."""
        group, records = [first], len(first.drafts)
        while records < GROUP_RECORDS_MAX:
            try:
                following = self._waiting.get_nowait()
            except queue.Empty:
                break
            if not isinstance(following, Submission):
                self._next = following
                if following is None:
                    self._waiting.put(None)
                break
            group.append(following)
            records += len(following.drafts)
        return group

    def _commit(self, db: apsw.Connection, group: list[Submission], last: int) -> int:
        """One transaction for the group; returns the newest lsn."""
        if self.failed is not None:
            self._refuse(group, self.failed)
            return last
        taken: list[tuple[Submission, Written]] = []
        first = last + 1
        try:
            with said_plainly(self._path), transaction(db, "IMMEDIATE"):
                for each in group:
                    if lost := journal_file.keep(db, each.drafts, each.blobs, first):
                        self._tell(each.done, _not_held(lost))
                        continue
                    taken.append((each, Written(first, each.drafts, each.blobs)))
                    first += len(each.drafts)
                journal_file.insert(db, [d for each, _ in taken for d in each.drafts], last + 1)
                self.live_bytes = journal_file.live_bytes(db)
        except (OverflowError, TypeError, ValueError) as error:
            # Said by what binds a value, before SQLite has it: the file is as it was.
            if len(group) == 1:
                self._tell(group[0].done, Invalid(f"it cannot be written: {error}", field="record"))
                return last
            for each in group:  # the others must not suffer for it
                last = self._commit(db, [each], last)
            return last
        except BaseException as error:
            # After a failed sync nobody knows what is on disk: only opening again finds out.
            if not isinstance(error, OverLimit):
                self.failed = error
            self._refuse(group, error)
            return last
        self.commits += 1
        self._loop.call_soon_threadsafe(self._finish, taken)
        return first - 1

    def _work(self, db: apsw.Connection, work: Work) -> None:
        if self.failed is not None:
            work.fail(self.failed)
            return
        try:
            with said_plainly(self._path):
                work.run(db)
                self.live_bytes = journal_file.live_bytes(db)
        except BaseException as error:
            work.fail(error)

    def _refuse(self, group: Sequence[Submission], error: BaseException) -> None:
        for submission in group:
            self._tell(submission.done, error)

    def _finish(self, taken: Sequence[tuple[Submission, Written]]) -> None:
        for submission, written in taken:
            self._on_written(written)
            if not submission.done.done():
                submission.done.set_result(written)

    def _tell(self, future: asyncio.Future[T], outcome: T | BaseException) -> None:
        def settle() -> None:
            if future.done():
                return
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self._loop.call_soon_threadsafe(settle)


class Outcome(asyncio.Future[T]):
    """Of something that the thread does. Who waits for it and is cancelled is so only when it is
    there: by then it is known whether anything was written."""

    def cancel(self, msg: object | None = None) -> bool:
        """Refused; the task that waits is cancelled as soon as it goes on."""
        return False


def _not_held(key: bytes) -> Invalid:
    """A cut has taken it since somebody looked."""
    return Invalid(
        f"content {key.hex()} is not held; offer it before the record", field="record.event"
    )


def _prepared(db: apsw.Connection) -> Position:
    db.pragma("secure_delete", "on")
    fresh = not db.execute("SELECT count(*) FROM sqlite_schema").get
    if fresh:  # only a file without tables takes it at no cost
        db.pragma("auto_vacuum", "incremental")
        db.execute("VACUUM")
    with transaction(db, "IMMEDIATE"):
        db.execute(SCHEMA)
        return journal_file.position(db)
