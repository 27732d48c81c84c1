"""A lake with a long past: a year of commands in many projects, one in a hundred a failure."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from itertools import islice

from common.clients.membership import Membership
from common.fingerprint import RULES_VERSION
from common.model.event import (
    Body,
    CommandFinished,
    Commit,
    Event,
    GitOperation,
    Ground,
    Output,
    PathChange,
    WorkingCopySeen,
)
from common.model.failure import Failure, Frame, TestReport
from common.model.ids import Fingerprint, WorkingCopyId, new_event_id, short_hash
from common.wire.nouns import event_to_bytes
from scripts.bench.ingest import fill

PROJECTS = 50
EVENTS_A_FAILURE = 100
"""A run that fails, its remedy, the run that passes, a commit; the others are plain commands."""
SENT_AT_ONCE = 20_000
_WORDS = ("make", "git status", "ls -la src", "python -m tool build", "npm run dev", "cat notes.md")


async def fill_lake(membership: Membership, events: int) -> float:
    """Through the ingest stream, as a laptop sends; seconds until all of it is acknowledged."""
    began = time.perf_counter()
    told = past(events)
    while bodies := [event_to_bytes(event) for event in islice(told, SENT_AT_ONCE)]:
        await fill(membership, bodies)
        await asyncio.sleep(0)
    return time.perf_counter() - began


def past(events: int) -> Iterator[Event]:
    """So many events, the newest a day ago; of projects that take turns."""
    dice = random.Random(5)
    projects = [_Project(n, dice) for n in range(PROJECTS)]
    at_ms = time.time_ns() // 1_000_000 - 86_400_000 - events * 30_000
    for n in range(events):
        at_ms += 30_000
        yield projects[n // EVENTS_A_FAILURE % PROJECTS].next(n, at_ms)


class _Project:
    """A working copy whose ground is known from one run to the next."""

    def __init__(self, number: int, dice: random.Random) -> None:
        self._name = f"firm{number}"
        self._path = f"/home/ada/{self._name}"
        self._copy = WorkingCopyId(short_hash("bench", self._name))
        self._dice = dice
        self._tree = self._before = short_hash("tree", self._name)
        self._blobs: dict[str, str] = {}
        self._head = short_hash("commit", self._name)
        self._told = False

    def next(self, n: int, at_ms: int) -> Event:
        """Each hundred has one failure with its remedy."""
        return Event(new_event_id(), at_ms, self._copy, self._body(n, at_ms))

    def _body(self, n: int, at_ms: int) -> Body:
        if not self._told:
            self._told = True
            return WorkingCopySeen(self._path, "bench", (f"git.example/{self._name}",), ("r",))
        number = n // EVENTS_A_FAILURE
        path = f"src/module_{number % 400}.py"
        match n % EVENTS_A_FAILURE:
            case 20:
                return self._ran("pytest -q", 1, self._failure(number, path), self._edit(path))
            case 30:
                return self._ran("pytest -q", 0, self._failure(number, path), self._edit(path))
            case 31:
                return self._commit(number, path, at_ms)
            case _:
                return self._ran(f"{self._dice.choice(_WORDS)} {self._dice.randrange(999)}", 0)

    def _edit(self, path: str) -> PathChange:
        old = self._blobs.get(path, short_hash(self._name, path))
        new = self._blobs[path] = short_hash(old, str(self._dice.random()))
        self._tree = short_hash(self._tree, new)
        return PathChange(path, old, new)

    def _ran(
        self, command: str, code: int, failure: Failure | None = None, *changes: PathChange
    ) -> CommandFinished:
        text = "".join(f"line {self._dice.randrange(9_999)} of {command}\n" for _ in range(6))
        ground = Ground(self._head, "main", self._tree, self._tree, self._before, changes)
        self._before = self._tree
        tests = None
        if failure is not None:
            test = (failure.test,)
            tests = TestReport((), test, passed_count=9, failed_count=1)
            tests = tests if code else TestReport(test, passed_count=10)
        return CommandFinished(
            *(command, self._path, (code,), 900, Output(text, len(text), 0), ground),
            failures=(failure,) if failure is not None and code else (),
            tests=tests,
            recorder="shell",
        )

    def _failure(self, number: int, path: str) -> Failure:
        test = f"tests/test_{number}.py::test_{number}"
        frames = (Frame(test.partition("::")[0], f"test_{number}", 9, True),)
        return Failure(
            *("pytest", "KeyError", "test", f"'pear {number}'", "<value>", test),
            frames=(*frames, Frame(path, f"price_{number}", 12, True)),
            fingerprint=Fingerprint(short_hash("symptom", str(number))),
            values=short_hash("values", str(number)),
            rules_version=RULES_VERSION,
            headlines=(f"'pear {number}'",),
        )

    def _commit(self, number: int, path: str, at_ms: int) -> GitOperation:
        old, self._head = self._head, short_hash(self._head, str(number))
        change = PathChange(path, short_hash(path), self._blobs[path])
        made = Commit(self._head, (old,), at_ms, f"mend {number}", (change,), "+ return 1\n")
        return GitOperation("commit", old, self._head, "refs/heads/main", "commit", (made,))
