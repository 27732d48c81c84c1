"""The laptop's mirror of the failure memory: how long it takes to answer, to open and to fill."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from common.model.event import CommandFinished, Event, Output
from common.model.failure import Failure, Frame, Occurrence, Recollection, Remedy
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryQuery
from common.model.near import MemoryComplete, MemoryReset, MirroredSymptom, Told
from developer_node.near.follow import TOGETHER_MAX
from developer_node.near.mirror import Mirror
from scripts.bench.report import Figure, quantile

SYMPTOMS, EVENTS, QUESTIONS = 5_000, 2_000, 200
DIFF_LINES, OCCURRENCES, WORDS = 40, 5, 5_000
PASTED_LINES = (40, 400)
BAR = "200 ms at p95"


def measure(symptoms: int = SYMPTOMS, questions: int = QUESTIONS) -> list[Figure]:
    """A sealed file on the disk that temporary files lie on."""
    with tempfile.TemporaryDirectory() as directory:
        return asyncio.run(_measure(Path(directory) / "near.db", symptoms, questions))


async def _measure(path: Path, symptoms: int, questions: int) -> list[Figure]:
    chance = random.Random(5)
    told = [_symptom(chance, n) for n in range(1, symptoms + 1)]
    events = [_entry(chance, n) for n in range(1, EVENTS + 1)]
    method = f"{symptoms:,} symptoms, {EVENTS:,} events, {questions} questions, wall time"
    async with Mirror.open(path) as mirror:
        began = time.perf_counter()
        await _fill(mirror, [MemoryReset("bench"), *told, *events, MemoryComplete("bench", EVENTS)])
        filled_s = time.perf_counter() - began
        size = mirror.status().bytes
    began = time.perf_counter()
    async with Mirror.open(path) as mirror:
        opened_s = time.perf_counter() - began
        some = [chance.choice(told) for _ in range(questions)]
        figures = [
            await _asked("recall by fingerprint", mirror, method, [_same(mirror, s) for s in some]),
            await _asked(
                "recall of the last failure",
                mirror,
                method,
                [lambda: mirror.recall(last=True)] * questions,
            ),
        ]
        began = time.perf_counter()
        await mirror.warm()
        warm_s = time.perf_counter() - began
        for lines in PASTED_LINES:
            pasted = [_pasted(mirror, chance, s, lines, known=n % 2) for n, s in enumerate(some)]
            what = f"recall of a pasted text of {lines} lines"
            figures.append(await _asked(what, mirror, method, pasted))
        listed = [lambda: mirror.history(HistoryQuery(text="pytest w7"))] * questions
        figures.append(await _asked("history by words", mirror, method, listed))
    return [
        *figures,
        Figure("made ready for texts", f"{warm_s * 1e3:.0f} ms", "", method),
        Figure("opening", f"{opened_s * 1e3:.0f} ms", "", method),
        Figure("filling", f"{filled_s:.1f} s", "", method),
        Figure("on disk", f"{size / (1 << 20):.1f} MiB", "64 MiB at most", method),
    ]


async def _fill(mirror: Mirror, told: list[Told]) -> None:
    life, _ = await mirror.request()
    for first in range(0, len(told), TOGETHER_MAX):
        await mirror.take(life, told[first : first + TOGETHER_MAX])


async def _asked(
    what: str, mirror: Mirror, method: str, questions: Sequence[Callable[[], Awaitable[object]]]
) -> Figure:
    took: list[float] = []
    for ask in questions:
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1e3)
    shown = f"p50 {quantile(took, 0.5):.1f} ms, p95 {quantile(took, 0.95):.1f} ms"
    return Figure(what, shown, BAR, method)


def _same(mirror: Mirror, told: MirroredSymptom) -> Callable[[], Awaitable[object]]:
    return lambda: mirror.recall(fingerprint=told.fingerprint)


def _pasted(
    mirror: Mirror, chance: random.Random, told: MirroredSymptom, lines: int, *, known: int
) -> Callable[[], Awaitable[object]]:
    """Half of them hold a line that a failure printed, half are only words."""
    said = [_words(chance, 12) for _ in range(lines)]
    if known and told.recollection.failure:
        said[lines // 2] = f"E   {told.recollection.failure.message}"
    return lambda: mirror.recall(text="\n".join(said))


def _symptom(chance: random.Random, number: int) -> MirroredSymptom:
    message = f"{_words(chance, 9)} {number}"
    of = Failure(
        *("pytest", "AssertionError", "test", message, message),
        test=f"tests/test_f{number}.py::test_it",
        frames=tuple(Frame(f"src/f{number + n}.py", "call", 9, True) for n in range(6)),
        fingerprint=Fingerprint(f"{number:032x}"),
        values="v",
    )
    at_ms = number * 60_000
    seen = tuple(
        Occurrence(_id(number), at_ms - n, "bench", "/bench", "c" * 40, "pytest -x", message)
        for n in range(OCCURRENCES)
    )
    diff = "".join(f"+{_words(chance, 7)}\n" for _ in range(DIFF_LINES))
    remedy = Remedy(f"{number:032x}", "observed", "code", diff=diff, why="it passed with this")
    known = Recollection("same", of, seen, (remedy,))
    return MirroredSymptom(of.fingerprint, "v", f"{number:016x}", number * 64, at_ms, known)


def _entry(chance: random.Random, number: int) -> HistoryEntry:
    body = CommandFinished(f"pytest {_words(chance, 4)}", "/bench", (0,), 9, Output("", 400))
    event = Event(_id(number), number * 60_000, WorkingCopyId("2" * 16), body)
    return HistoryEntry(number, event, "bench")


def _id(number: int) -> EventId:
    return EventId(f"{number:032x}")


def _words(chance: random.Random, many: int) -> str:
    """Common words are common."""
    named = (_letters(int(WORDS * chance.random() ** 3)) for _ in range(many))
    return " ".join(named)


def _letters(number: int) -> str:
    found = "w"
    while number:
        number, digit = divmod(number, 26)
        found += chr(ord("a") + digit)
    return found
