"""What the laptop's daemon costs: at rest, at 500 events a second, in 50,000 directories."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from scripts.bench.report import Figure
from scripts.bench.stage import mesh
from tests.support.flowing import Flow
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

REST_S = 60
LOAD_S = 20
EVENTS_A_SECOND = 500
DIRECTORIES = 50_000
SETTLE_S = 5


def measure() -> list[Figure]:
    """One repository; then commands; then saves; then a tree of many directories; then the end."""
    with mesh() as made, TemporaryDirectory(prefix="postdevai-bench-tree-") as scratch:
        repository = Repository.make(Path(scratch) / "thing")
        made.up(repository.root)
        daemon = psutil.Process(made.pid("developer"))
        time.sleep(SETTLE_S)
        rest, rss = _rest(daemon), daemon.memory_info().rss
        commands = _commands(made, daemon, Flow(made, repository.root))
        saves = _saves(daemon, repository)
        tree = _tree(made, daemon, Path(scratch))
        children = daemon.children(recursive=True)
        made.down()
        left = [p for p in [daemon, *children] if p.is_running()] + made.processes()
    return [
        Figure("CPU at rest", f"{rest:.2%} of a core", "aim < 1 %", f"{REST_S} s, one repository"),
        Figure("memory (RSS) at rest", f"{rss / 1e6:.0f} MB", "aim < 150 MB", "the same"),
        commands,
        saves,
        *tree,
        Figure("processes left after the stop", f"{len(left)}", "none", "children and daemons"),
    ]


def _rest(daemon: psutil.Process) -> float:
    with _cpu(daemon) as used:
        time.sleep(REST_S)
    return used[0]


def _commands(made: Mesh, daemon: psutil.Process, flow: Flow) -> Figure:
    """Recorded commands as the recorder writes them, with output, at a steady pace."""
    began, before = time.perf_counter(), flow.recorded()
    with _cpu(daemon) as used:
        _paced(lambda: flow.write(1))
        written_s = time.perf_counter() - began
        _until_recorded(flow, before + flow.written, made)
    taken_s = time.perf_counter() - began
    return Figure(
        f"CPU at {flow.written / written_s:.0f} commands a second",
        f"{used[0]:.0%} of a core",
        "",
        f"through the spool, {written_s:.0f} s; all {flow.written:,} were in the outbox "
        f"{taken_s - written_s:.1f} s after the last; RSS {daemon.memory_info().rss / 1e6:.0f} MB",
    )


def _saves(daemon: psutil.Process, repository: Repository) -> Figure:
    """Files that are saved one after the other in a watched repository."""
    saved = 0

    def save() -> None:
        nonlocal saved
        saved += 1
        repository.write(f"s{saved % 50}/f{saved % 997}.py", f"value = {saved}\n" * 20)

    began = time.perf_counter()
    with _cpu(daemon) as used:
        _paced(save)
        paced_s = time.perf_counter() - began
        time.sleep(1)  # the last burst is looked at
    return Figure(
        f"CPU at {saved / paced_s:.0f} saves a second",
        f"{used[0]:.0%} of a core",
        "",
        f"997 files in 50 directories, {paced_s:.0f} s; saves of one path within 80 ms are one",
    )


def _tree(made: Mesh, daemon: psutil.Process, scratch: Path) -> list[Figure]:
    """A repository of many directories, from the command to the state "watching", and at rest."""
    root = scratch / "many"
    wide = Repository.make(root)
    for number in range(DIRECTORIES):
        directory = root / f"a{number % 50}" / f"b{number % 1_000}" / f"c{number}"
        directory.mkdir(parents=True)
        if number % 10 == 0:
            (directory / "f.py").write_text(f"value = {number}\n")
    wide.commit("many directories")
    began = time.perf_counter()
    done = made.postdevai("watch", str(root))
    assert done.returncode == 0, done.stdout + done.stderr
    state = _until_watched(made, root)
    scanned_s = time.perf_counter() - began
    time.sleep(SETTLE_S)
    with _cpu(daemon) as used:
        time.sleep(REST_S)
    return [
        Figure(
            f"{DIRECTORIES:,} directories, until all are watched",
            f"{scanned_s:.1f} s",
            "",
            f"{DIRECTORIES // 10:,} files; state: {state}",
        ),
        Figure(
            "the same at rest",
            f"{used[0]:.2%} of a core, {daemon.memory_info().rss / 1e6:.0f} MB",
            "aim < 1 %, < 150 MB",
            f"{REST_S} s",
        ),
    ]


def _until_watched(made: Mesh, root: Path) -> str:
    state = ""
    for _ in until(300):
        repositories = made.json("status", "--json")["repositories"]
        found = next(r for r in repositories if r["path"] == str(root.resolve()))
        state = str(found["state"])
        if state.startswith("watching"):
            return state
    raise AssertionError(f"{state}\n{made.logs()}")


def _until_recorded(flow: Flow, wanted: int, made: Mesh) -> None:
    for _ in until(120):
        if flow.recorded() >= wanted:
            return
    raise AssertionError(f"{flow.recorded()} of {wanted}\n{made.logs()}")


def _paced(act: Callable[[], None]) -> None:
    """So many a second, or as many as can be."""
    began = time.perf_counter()
    for number in range(EVENTS_A_SECOND * LOAD_S):
        wait_s = began + number / EVENTS_A_SECOND - time.perf_counter()
        if wait_s > 0:
            time.sleep(wait_s)
        act()


@contextmanager
def _cpu(daemon: psutil.Process) -> Generator[list[float]]:
    """The share of a core that the daemon took, once the block has ended."""
    used: list[float] = []
    before, began = daemon.cpu_times(), time.perf_counter()
    yield used
    after = daemon.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system
    used.append(cpu_s / (time.perf_counter() - began))
