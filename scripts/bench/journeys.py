"""What the journeys of an event and of a question cost: CPU of each process and stage, and bytes
on the wire; beside an earlier tree of the product where POSTDEVAI_BENCH_BEFORE names one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.bench.cards_repositories import break_again, learn, mend, printed, repository_of
from scripts.bench.cards_stages import TRACING, length, read
from scripts.bench.journeys_costs import Cost, Journey, Meter, shown
from scripts.bench.report import Figure
from scripts.bench.stage import ROOT
from tests.support.machines import Lan, Machine, open_lan
from tests.support.mesh import until
from tests.support.repository import Repository

BEFORE = "POSTDEVAI_BENCH_BEFORE"
"""The root of the earlier tree; its common/pb has to lie there."""
ROUNDS, EVENTS, QUESTIONS, PARTS = 5, 12, 12, 10
IDLE_S, SETTLE_S = 5.0, 2.0
PACKAGES = ("common", "coordinator_node", "developer_node", "dragon_node")

JOURNEYS: Mapping[str, Sequence[str]] = {
    "recall --json --last": ("recall", "--json", "--last"),
    "search --json": ("search", "--json", "total of two numbers"),
    "ask --json, no model": ("ask", "--json", "how is the total of two numbers made?"),
}


@dataclass
class _Side:
    """One tree of the product, serving, in a network of its own."""

    name: str
    machine: Machine
    repository: Repository
    trace: Path
    broken: Repository
    meter: Meter
    journeys: dict[str, list[Journey]] = field(default_factory=dict[str, list[Journey]])
    idle: list[Cost] = field(default_factory=list[Cost])

    def note(self, what: str, count: int, work: Callable[[int], None]) -> None:
        """So many of one kind, until nothing of them moves any more; less what rest costs."""
        at_rest = self.meter.rest(IDLE_S)
        begun = length(self.trace)
        before = self.meter.now()
        for n in range(count):
            work(n)
        time.sleep(SETTLE_S)
        cost = self.meter.now() - before
        spans = read(self.trace, begun)
        self.idle.append(at_rest)
        found = self.journeys.setdefault(what, [])
        found.append(Journey(cost.beyond(at_rest), count, spans, self.meter.roles()))


def measure(rounds: int = ROUNDS, events: int = EVENTS, questions: int = QUESTIONS) -> list[Figure]:
    """Sides take turns, and who begins too, so that other work on the machine hits both alike."""
    trees = {"now": ROOT}
    if before := os.environ.get(BEFORE, ""):
        trees = {"before": Path(before), **trees}
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory(prefix="postdevai-bench-journeys-")))
        for tree in trees.values():  # a mesh of the tests writes no bytecode
            compiled = (sys.executable, "-m", "compileall", "-q", *PACKAGES)
            subprocess.run(compiled, cwd=tree, check=True)
        said = printed(place / "pattern", PARTS)
        lan = stack.enter_context(open_lan())
        sides: list[_Side] = []
        for name, tree in trees.items():
            broken = repository_of(place / f"{name}-parts", said, PARTS)
            machine = _machine(lan, name, place, tree)
            stack.callback(machine.close)
            sides.append(_served(name, machine, place, broken))
        for turn in range(rounds):
            for side in sides if turn % 2 else sides[::-1]:
                _once(side, turn, rounds, events, questions)
        return shown({side.name: (side.journeys, side.idle) for side in sides})


def _machine(lan: Lan, name: str, place: Path, tree: Path) -> Machine:
    machine = Machine(
        lan,
        name,
        place / name,
        POSTDEVAI_MODELS=str(place / "no-models"),
        POSTDEVAI_BENCH_TRACE=str(place / f"{name}.trace"),
        PYTHONPATH=f"{TRACING}{os.pathsep}{tree}",
        PYTHONSAFEPATH="1",  # the tree that is named, not the one that this runs in
    )
    cable = ("ip", "link", "set", "lo", "mtu", "1500")
    subprocess.run([*machine.inside, *cable], check=True)
    return machine


def _served(name: str, machine: Machine, place: Path, broken: Repository) -> _Side:
    repository = Repository.make(place / f"{name}-calculator")
    trace = place / f"{name}.trace"
    trace.touch()
    machine.up(repository.root, broken.root)
    learn(machine, broken, PARTS)
    machine.recall_until_failure()
    return _Side(name, machine, repository, trace, broken, Meter(machine))


def _once(side: _Side, turn: int, rounds: int, events: int, questions: int) -> None:
    def command(n: int) -> None:
        words = ("run", "--", "sh", "-c", f"echo {turn} {n}")
        done = side.machine.postdevai(*words, cwd=side.repository.root)
        assert done.returncode == 0, done.stderr

    def failure(n: int) -> None:
        part = f"{side.broken.root.name}_part{n + turn * (PARTS // rounds)}"
        break_again(side.broken, part)
        begun = length(side.trace)
        done = side.machine.postdevai("run", "--", "./check", part, cwd=side.broken.root)
        assert done.returncode == 1, done.stdout + done.stderr
        seen = any("suggesting._shown" in _names(side, begun) for _ in until(30))
        assert seen, f"no card\n{side.machine.logs()}"
        mend(side.broken, part)

    side.note("a command", events, command)
    side.note("a failure with its card", PARTS // rounds, failure)
    for what, words in JOURNEYS.items():
        side.note(f"`{what}`", questions, lambda _, words=words: _ask(side, words))


def _ask(side: _Side, words: Sequence[str]) -> None:
    done = side.machine.postdevai(*words, cwd=side.repository.root)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert done.stdout, done.stderr


def _names(side: _Side, begun: int) -> set[str]:
    return {span.name for span in read(side.trace, begun)}
