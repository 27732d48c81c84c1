"""From the prompt's return to the card in the feed, with a long past in the lake."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from common.daemon.home import Home
from common.model.failure import Suggestion
from developer_node.front.local_client import LocalClient
from scripts.bench.cards_lake import EVENTS_A_FAILURE, fill_lake
from scripts.bench.cards_stages import TRACING, length, read, said, stages
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
READY = b"ready> "
SHELL, RUN = "postdevai shell", "postdevai run"
POSTDEVAI = (sys.executable, "-m", "developer_node.front.cli")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
CHECK = """\
#!/bin/sh
# Says what pytest said when it ran here, at once.
fails=$(grep -l '{}' $1.py 2>/dev/null || grep -l '{}' *_part*.py | head -1)
[ -z "$fails" ] && cat .said/passed && exit 0
cat .said/$1
exit 1
"""


@dataclass(frozen=True, slots=True)
class _Said:
    """What pytest printed, of the part that `STAND_IN` names."""

    one: str
    all: str
    passed: str


@dataclass(slots=True)
class _Measured:
    waits: list[float] = field(default_factory=list[float])
    """Milliseconds."""
    stages: list[Mapping[str, float]] = field(default_factory=list[Mapping[str, float]])


STAND_IN = "thing00"


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
        printed = _printed(place / "pattern", parts)
        made_of = [_repository(place / name, printed, parts) for name in names]
        with mesh(PYTHONPATH=f"{TRACING}", POSTDEVAI_BENCH_TRACE=str(trace)) as made:
            made.up(*(r.root for r in made_of))
            for repository in made_of:
                _learn(made, repository, parts)
            with ExitStack() as stack:  # before gRPC has threads, which no fork takes along
                terminals = {
                    name: stack.enter_context(_terminal(argv, made, place))
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


def _printed(root: Path, parts: int) -> _Said:
    """Real runs, once; what they say of others differs in a name of the same length."""
    repository = _broken(root.parent / STAND_IN, parts)

    def ran(*words: str) -> str:
        done = subprocess.run(
            [*PYTEST, *words], cwd=repository.root, capture_output=True, text=True, check=False
        )
        return done.stdout

    one, every = ran(f"test_{STAND_IN}_part0.py"), ran()
    for i in range(parts):
        repository.write(f"{STAND_IN}_part{i}.py", _answers())
    passed = ran()
    assert f"{parts} failed" in every and f"{parts + 1} passed" in passed, every + passed
    repository.root.rename(root)
    return _Said(one, every, passed)


def _broken(root: Path, parts: int) -> Repository:
    repository = Repository.make(root)
    # roots made alike in one second would be one root, and one project
    repository.git("commit", "-q", "--amend", "-m", root.name)
    for i in range(parts):
        part = f"{root.name}_part{i}"
        repository.write(f"{part}.py", _fails(part))
        test = f"import {part}\n\n\ndef test_{part}():\n    assert {part}.answer() == 1\n"
        repository.write(f"test_{part}.py", test)
    repository.commit("parts that do not answer")
    return repository


def _repository(root: Path, printed: _Said, parts: int) -> Repository:
    repository = _broken(root, parts)
    name = root.name
    repository.write(".said/all", printed.all.replace(STAND_IN, name))
    repository.write(".said/passed", printed.passed.replace(STAND_IN, name))
    for i in range(parts):
        part = f"{name}_part{i}"
        repository.write(f".said/{part}", printed.one.replace(f"{STAND_IN}_part0", part))
    repository.write("check", CHECK)
    (repository.root / "check").chmod(0o755)
    repository.commit("a check")
    return repository


def _learn(made: Mesh, repository: Repository, parts: int) -> None:
    run = ("run", "--", "./check", "all")
    failed = made.postdevai(*run, cwd=repository.root)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    for i in range(parts):
        repository.write(f"{repository.root.name}_part{i}.py", _answers())
    passed = made.postdevai(*run, cwd=repository.root)
    assert passed.returncode == 0, passed.stdout
    repository.commit("parts that answer")


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
    repository.write(f"{part}.py", "# again\n" + _fails(part))
    await asyncio.sleep(THINKING_S)
    before = length(trace)
    returned = await asyncio.to_thread(type_, f"{command} {part}")
    async with asyncio.timeout(30):
        arrived, card = await cards.get()
    failure = card.recollection.failure
    assert failure is not None and part in failure.test, f"a card about something else: {failure}"
    assert card.recollection.remedies, card.why
    repository.write(f"{part}.py", _answers())
    found.waits.append((arrived - returned) / 1_000_000)
    found.stages.append(stages(read(trace, before), returned, arrived))


def _shells(place: Path) -> dict[str, tuple[str, ...]]:
    (place / ".bashrc").write_text(f"PS1='{READY.decode()}'\nunset HISTFILE\n")
    return {
        SHELL: (*POSTDEVAI, "shell", "--shell", "bash"),
        RUN: ("bash", "--rcfile", str(place / ".bashrc"), "-i"),
    }


@contextmanager
def _terminal(argv: Sequence[str], made: Mesh, home: Path) -> Generator[Callable[[str], int]]:
    """A shell on a PTY; types a line and says when the prompt was back."""
    env = made.env | {"HOME": str(home), "TERM": "xterm-256color"}
    env["PYTHONPATH"] = f"{TRACING}{os.pathsep}{ROOT}"
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execvpe(argv[0], list(argv), env)

    def typed(line: str) -> int:
        os.write(screen, line.encode() + b"\r")
        return _until_ready(screen)

    try:
        _until_ready(screen)
        typed("true")
        yield typed
        os.write(screen, b"exit\r")
        _until_closed(screen)
    finally:
        os.close(screen)
        os.waitpid(pid, 0)


def _until_ready(screen: int) -> int:
    seen = b""
    while READY not in seen:
        if not select.select([screen], [], [], 60)[0]:
            raise TimeoutError(f"no prompt came: {seen[-200:]!r}")
        seen = seen[-200:] + os.read(screen, 65536)
    return time.perf_counter_ns()


def _until_closed(screen: int) -> None:
    try:
        while os.read(screen, 65536):
            continue
    except OSError:  # how Linux says that nobody writes any more
        return


def _fails(part: str) -> str:
    return f"def answer():\n    return {{}}['{part}']\n"


def _answers() -> str:
    return "def answer():\n    return 1\n"
