"""From the prompt's return to the card in the feed, with a long past in the lake."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from common.daemon.home import Home
from common.model.failure import Suggestion
from developer_node.front.local_client import LocalClient
from scripts.bench.cards_lake import EVENTS_A_FAILURE, fill_lake
from scripts.bench.cards_repositories import break_again, learn, mend, printed, repository_of
from scripts.bench.cards_stages import TRACING, length, read, said, stages
from scripts.bench.cards_terminal import READY, terminal
from scripts.bench.report import Figure, quantile
from scripts.bench.stage import ROOT, mesh, second_laptop
from tests.support.mesh import Mesh
from tests.support.repository import Repository

EVENTS, EVENTS_LONG = 10_000, 1_000_000
REPOSITORIES = 7
"""For each of the two recorders."""
PARTS = 10
"""In each repository, each failing for a reason of its own: cards are limited to 12 an hour."""
THINKING_S = 1.0
"""From a saved file to the command, as fast as somebody types."""
SHELL, RUN = "postdevai shell", "postdevai run"
POSTDEVAI = (sys.executable, "-m", "developer_node.front.cli")


@dataclass(slots=True)
class _Measured:
    waits: list[float] = field(default_factory=list[float])
    """Milliseconds."""
    stages: list[Mapping[str, float]] = field(default_factory=list[Mapping[str, float]])


def measure() -> list[Figure]:
    """With a short past."""
    return measure_in(EVENTS)


def measure_long() -> list[Figure]:
    """With the past that the bar names."""
    return measure_in(EVENTS_LONG)


def measure_in(events: int, repositories: int = REPOSITORIES, parts: int = PARTS) -> list[Figure]:
    """p50 and p95 of the wait for a card, for a recorded shell and for `postdevai run`."""
    with TemporaryDirectory(prefix="postdevai-bench-code-") as scratch:
        place = Path(scratch)
        trace = place / "trace"
        names = [f"thing{i:02}" for i in range(2 * repositories)]
        said_of = printed(place / "pattern", parts)
        made_of = [repository_of(place / name, said_of, parts) for name in names]
        with mesh(PYTHONPATH=f"{TRACING}", POSTDEVAI_BENCH_TRACE=str(trace)) as made:
            made.up(*(r.root for r in made_of))
            for repository in made_of:
                learn(made, repository, parts)
            env = made.env | {"PYTHONPATH": f"{TRACING}{os.pathsep}{ROOT}"}
            with ExitStack() as stack:  # before gRPC has threads, which no fork takes along
                terminals = {
                    name: stack.enter_context(terminal(argv, env, place))
                    for name, argv in _shells(place).items()
                }
                took, found = asyncio.run(_measured(made, made_of, parts, terminals, trace, events))
    failures = events // EVENTS_A_FAILURE
    return [
        line
        for name, one in found.items()
        for line in _figures(name, one, f"{events:,} events and {failures:,} failures", took)
    ]


def _figures(name: str, found: _Measured, held: str, took: float) -> list[Figure]:
    p50, p95 = (quantile(found.waits, share) for share in (0.5, 0.95))
    return [
        Figure(
            f"failure to card, {name}",
            f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {max(found.waits):.0f} ms "
            f"over {len(found.waits)} cards",
            "bar p50 <= 150 ms, p95 <= 500 ms",
            f"from the prompt's bytes on the terminal to the card in the laptop's feed; {held} "
            f"in the lake, each with a remedy, sent through the ingest stream in {took:.0f} s; "
            "the command prints a real pytest failure and ends; three daemons on the same machine",
        ),
        Figure(f"stages, {name}, ms: p50 (p95)", said(found.stages), "reported", "the same cards"),
    ]


async def _measured(
    made: Mesh,
    repositories: Sequence[Repository],
    parts: int,
    terminals: Mapping[str, Callable[[str], int]],
    trace: Path,
    events: int,
) -> tuple[float, dict[str, _Measured]]:
    async with second_laptop(made) as membership:
        took = await fill_lake(membership, events)
    found = {name: _Measured() for name in terminals}
    cards: asyncio.Queue[tuple[int, Suggestion]] = asyncio.Queue()
    async with await LocalClient.connect(Home(made.home)) as client:

        async def listen() -> None:
            async for item in client.feed():
                if isinstance(item.item, Suggestion):
                    cards.put_nowait((time.perf_counter_ns(), item.item))

        listening = asyncio.ensure_future(listen())
        for turn in range(0, len(repositories), len(terminals)):
            places = dict(zip(terminals, repositories[turn:], strict=False))
            for name, type_ in terminals.items():
                type_(f"cd {places[name].root}")
            for i in range(parts):
                for name, type_ in terminals.items():
                    await _once(found[name], places[name], i, name, type_, cards, trace)
        listening.cancel()
    return took, found


async def _once(
    found: _Measured,
    repository: Repository,
    i: int,
    name: str,
    type_: Callable[[str], int],
    cards: asyncio.Queue[tuple[int, Suggestion]],
    trace: Path,
) -> None:
    """Broken again, run again, told; and mended for the next one."""
    part = f"{repository.root.name}_part{i}"
    command = shlex.join((*POSTDEVAI, "run", "--", "./check") if name == RUN else ("./check",))
    break_again(repository, part)
    await asyncio.sleep(THINKING_S)
    before = length(trace)
    returned = await asyncio.to_thread(type_, f"{command} {part}")
    async with asyncio.timeout(30):
        arrived, card = await cards.get()
    failure = card.recollection.failure
    assert failure is not None and part in failure.test, f"a card about something else: {failure}"
    assert card.recollection.remedies, card.why
    mend(repository, part)
    found.waits.append((arrived - returned) / 1_000_000)
    found.stages.append(stages(read(trace, before), returned, arrived))


def _shells(place: Path) -> dict[str, tuple[str, ...]]:
    (place / ".bashrc").write_text(f"PS1='{READY.decode()}'\nunset HISTFILE\n")
    return {
        SHELL: (*POSTDEVAI, "shell", "--shell", "bash"),
        RUN: ("bash", "--rcfile", str(place / ".bashrc"), "-i"),
    }
