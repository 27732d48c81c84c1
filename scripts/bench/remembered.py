"""History and relations of one large project: lists, words, likeness and hops, in CPU time."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import apsw

from common.model.event import (
    CommandFinished,
    Commit,
    Event,
    GitOperation,
    Output,
    PathChange,
)
from common.model.failure import Failure
from common.model.ids import Fingerprint, Origin, ProjectId, WorkingCopyId, new_event_id
from common.model.lake import HistoryQuery, RelatedQuery
from common.wire.nouns import event_to_bytes
from dragon_node.lake import history, project
from dragon_node.lake.history.paging import like
from dragon_node.lake.records import Pieces
from dragon_node.lake.relations import neighbours
from dragon_node.lake.relations.neighbours import Node, Row
from dragon_node.lake.relations.walking import walked
from dragon_node.lake.shards import Step
from scripts.bench.report import Figure, quantile

EVENTS, QUERIES, ROUNDS = 100_000, 100, 3
COMMITS_A_HUNDRED = 30
FILES, FILES_A_COMMIT = 10_000, 12
LINES, WORDS = 20, 20_000
BATCH = 1_000
COPY, ORIGIN = WorkingCopyId("2" * 16), Origin("a" * 32)
_CTE = """WITH RECURSIVE near(id, hops) AS (
    SELECT id, 0 FROM things WHERE kind=? AND name=?
    UNION SELECT e.target, hops+1 FROM near JOIN edges e ON e.source=near.id WHERE hops<?
    UNION SELECT e.source, hops+1 FROM near JOIN edges e ON e.target=near.id WHERE hops<?)
  SELECT id, min(hops) FROM near GROUP BY id LIMIT ?"""


def measure(events: int = EVENTS, queries: int = QUERIES, rounds: int = ROUNDS) -> list[Figure]:
    """One project's file on a RAM disk where there is one."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as directory:
        db = apsw.Connection(str(Path(directory) / "project.db"))
        began = time.process_time()
        _fill(db, events)
        filled_s = time.process_time() - began
        edges: int = db.execute("SELECT count(*) FROM edges").get
        size = (Path(directory) / "project.db").stat().st_size
        asked = _questions(db, queries)
        times = _interleaved(db, asked, rounds)
    method = f"{events:,} events, {edges:,} edges, {queries} questions, {rounds} rounds, CPU time"
    shown = [
        Figure(
            what,
            f"p50 {quantile(took, 0.5):.2f} ms, p99 {quantile(took, 0.99):.2f} ms",
            peer,
            method,
        )
        for (what, peer), took in times.items()
    ]
    return [
        *shown,
        Figure("applying an event", f"{filled_s / events * 1e6:,.0f} µs CPU", "", method),
        Figure("bytes of an event in its project's file", f"{size / events:,.0f}", "", method),
    ]


def _fill(db: apsw.Connection, events: int) -> None:
    db.execute(project.SCHEMA)
    for first in range(0, events, BATCH):
        steps = list(_steps(first, min(BATCH, events - first)))
        with db:
            project.apply(db, steps, {}, lambda _: {}, lambda path, text: Pieces())


def _steps(first: int, many: int) -> Iterator[Step]:
    chance = random.Random(first)
    for n in range(first, first + many):
        commits = n % 100 < COMMITS_A_HUNDRED
        body = _commit(chance, n) if commits else _command(chance, n)
        event = Event(new_event_id(), n * 60_000, COPY, body)
        raw = event_to_bytes(event)
        yield Step(n + 1, ORIGIN, n + 1, ProjectId("b" * 16), "bench", event.at_ms, raw, event)


def _commit(chance: random.Random, n: int) -> GitOperation:
    # Files that lie near each other change together.
    near = chance.randrange(FILES)
    paths = {f"src/f{(near + chance.randrange(40)) % FILES}.py" for _ in range(FILES_A_COMMIT)}
    changes = tuple(PathChange(path, "a", "b") for path in sorted(paths))
    made = Commit(f"{n:040x}", (), n, _words(chance, 6), changes)
    return GitOperation("commit", new=made.sha, commits=(made,))


def _command(chance: random.Random, n: int) -> CommandFinished:
    text = "\n".join(_words(chance, 10) for _ in range(chance.randrange(2 * LINES)))
    failures = ()
    if n % 7 == 0:
        fingerprint = Fingerprint(f"{chance.randrange(500):032x}")
        failures = (Failure("pytest", "E", "test", "m", "m", fingerprint=fingerprint),)
    command = f"{chance.choice(['pytest', 'make', 'npm test'])} {_words(chance, 2)}"
    return CommandFinished(command, "/", (0,), 1, Output(text, len(text)), None, failures)


def _words(chance: random.Random, many: int) -> str:
    """Common words are common: the rank's square root of a uniform number."""
    return " ".join(f"w{int(WORDS * chance.random() ** 3)}" for _ in range(many))


def _questions(db: apsw.Connection, queries: int) -> list[tuple[Event, str, str]]:
    """An event, words of it, and a file."""
    chance = random.Random(1)
    newest: int = db.execute("SELECT max(lsn) FROM events").get
    asked: list[tuple[Event, str, str]] = []
    while len(asked) < queries:
        event = history.at(db, chance.randrange(1, newest + 1))
        if event is not None and isinstance(event.body, CommandFinished):
            words = event.body.command.split()[-2:]
            asked.append((event, " ".join(words), f"src/f{chance.randrange(FILES)}.py"))
    return asked


def _interleaved(
    db: apsw.Connection, asked: Sequence[tuple[Event, str, str]], rounds: int
) -> dict[tuple[str, str], list[float]]:
    async def ask(frontier: Sequence[Node], limit: int) -> list[Row]:
        return neighbours.in_project(db, frontier, neighbours.IN_PROJECT_VERBS, limit)

    loop = asyncio.new_event_loop()
    day_ms = 86_400_000

    def hops(path: str, many: int) -> object:
        return loop.run_until_complete(
            walked(RelatedQuery("file", path, hops=many, limit=100), ask)
        )

    kinds: dict[tuple[str, str], Callable[[Event, str, str], object]] = {
        ("history, newest 100", "0.04 ms of SQLite alone"): lambda e, w, p: history.page(
            db, HistoryQuery(limit=100)
        ),
        ("history, a day", ""): lambda e, w, p: history.page(
            db, HistoryQuery(limit=100, since_ms=e.at_ms - day_ms, until_ms=e.at_ms)
        ),
        ("history, two words", ""): lambda e, w, p: history.page(db, HistoryQuery(text=w)),
        ("history, like an event", ""): lambda e, w, p: like(db, e, HistoryQuery()),
        ("related, 1 hop", ""): lambda e, w, p: hops(p, 1),
        ("related, 3 hops, the nearest 100", ""): lambda e, w, p: hops(p, 3),
        ("3 hops by a recursive statement, the nearest 100, no labels", "the peer"): (
            lambda e, w, p: db.execute(_CTE, ("file", p, 3, 3, 100)).fetchall()
        ),
    }
    took: dict[tuple[str, str], list[float]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for question in asked:
            for kind, run in kinds.items():
                began = time.thread_time()
                run(*question)
                took[kind].append((time.thread_time() - began) * 1e3)
    loop.close()
    return took
