"""`make soak`: a mesh under steady work for hours; do its memory and descriptors stay flat?

    python -m scripts.soak [--minutes 120]

Each round saves a file, runs a failing and a passing command, commits now and then, and asks:
search, recall, history, status. Every half minute each daemon's resident memory, descriptors and
threads are written down. The first fifth is warming up; then the first and the last quarter of what
is left are compared. Exit code 0 when nothing grew beyond its bound and nothing was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from common.daemon.home import Home
from common.errors import PostDevAIError
from common.model.lake import HistoryQuery, SearchQuery
from common.model.node import Role
from developer_node.front.local_client import LocalClient

ROLES: tuple[Role, ...] = ("coordinator", "dragon", "developer")
SAMPLE_S = 30.0
ROUND_S = 2.0
COMMIT_ROUNDS = 10
STATE = "NUMBER = {}\n\n\ndef value():\n    return NUMBER\n"
RSS_GROWTH_MAX = 0.10
RSS_GROWTH_BYTES_MIN = 24 << 20
"""Below this much a growth is the allocator's."""
FILES_GROWTH_MAX = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """One daemon at one moment."""

    at_s: float
    rss_bytes: int
    files: int
    threads: int


@dataclass
class Soak:
    """What was done and seen."""

    samples: dict[Role, list[Sample]] = field(default_factory=dict[Role, list[Sample]])
    rounds: int = 0
    asked: int = 0
    refused: list[str] = field(default_factory=list[str])


def main() -> int:
    """0 when everything stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="postdevai-soak-") as scratch:
        os.environ["POSTDEVAI_HOME"] = str(Path(scratch) / "home")
        repository = _repository(Path(scratch) / "repository")
        _postdevai("up", "--repo", str(repository), "--detach", "--wait", "words", check=True)
        try:
            soak = asyncio.run(_soaked(repository, minutes * 60))
            lost = asyncio.run(_lost(soak))
        finally:
            _postdevai("down", "--free")
    return _told(soak, lost)


async def _soaked(repository: Path, for_s: float) -> Soak:
    soak = Soak({role: [] for role in ROLES})
    begun = time.monotonic()
    sampled = -SAMPLE_S
    while (now := time.monotonic() - begun) < for_s:
        if now - sampled >= SAMPLE_S:
            sampled = now
            for role in ROLES:
                soak.samples[role].append(_sample(role, now))
            print(f"{now / 60:6.1f} min  {_line(soak)}", flush=True)
        await asyncio.to_thread(_work, repository, soak.rounds)
        soak.rounds += 1
        await _ask(soak)
        await asyncio.sleep(max(0.0, ROUND_S - (time.monotonic() - begun - now)))
    return soak


def _work(repository: Path, number: int) -> None:
    """A save, a failing and a passing command, a commit now and then."""
    (repository / "state.py").write_text(
        f"NUMBER = {number}\n\n\ndef value():\n    return NUMBER\n"
    )
    failing = f"import state; assert state.value() == {number + 1}, 'value {number}'"
    for code in (failing, "import state; print(state.value())"):
        _postdevai("run", "--", sys.executable, "-c", code, cwd=repository)
    if number % COMMIT_ROUNDS == COMMIT_ROUNDS - 1:
        _git(repository, "commit", "-qam", f"state {number}")


async def _ask(soak: Soak) -> None:
    try:
        async with await LocalClient.connect(Home.from_env("")) as client:
            await client.search(SearchQuery(query="def value", k=5))
            await client.history(HistoryQuery(limit=20))
            await client.recall(last=True)
            await client.status()
    except PostDevAIError as error:
        soak.refused.append(error.message)
    soak.asked += 4


async def _lost(soak: Soak) -> int:
    """Commands that were run and are not remembered, once the outbox is empty."""
    async with await LocalClient.connect(Home.from_env("")) as client:
        async with asyncio.timeout(120):
            while (await client.status()).outbox.waiting:  # noqa: ASYNC110 - another process's
                await asyncio.sleep(0.5)
        known, before = 0, 0
        while True:
            page = await client.history(
                HistoryQuery(limit=1_000, kind="command", before_cursor=before)
            )
            known += len(page.entries)
            if len(page.entries) < 1_000:
                return soak.rounds * 2 - known
            before = page.entries[-1].cursor


def _sample(role: Role, at_s: float) -> Sample:
    ready = Home.from_env("").ready(role)
    assert ready is not None, f"the {role} node is gone"
    process = psutil.Process(ready.pid)
    with process.oneshot():
        rss, threads = process.memory_info().rss, process.num_threads()
    return Sample(at_s, rss, process.num_fds(), threads)


def _line(soak: Soak) -> str:
    last = {role: samples[-1] for role, samples in soak.samples.items()}
    told = (f"{role} {s.rss_bytes >> 20} MB {s.files} files" for role, s in last.items())
    return "  ".join((*told, f"{soak.rounds} rounds"))


def _told(soak: Soak, lost: int) -> int:
    """Prints the table; the exit code."""
    print("\n| node | memory at first | at last | files at first | at last | threads | flat |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    flat = True
    for role, samples in soak.samples.items():
        first, last = _ends(samples)
        rss = [int(_median(each, lambda s: s.rss_bytes)) for each in (first, last)]
        files = [int(_median(each, lambda s: s.files)) for each in (first, last)]
        grown = rss[1] - rss[0]
        ok = grown <= max(rss[0] * RSS_GROWTH_MAX, RSS_GROWTH_BYTES_MIN)
        ok &= files[1] - files[0] <= FILES_GROWTH_MAX
        flat &= ok
        print(
            f"| {role} | {rss[0] >> 20} MB | {rss[1] >> 20} MB | {files[0]} | {files[1]} | "
            f"{last[-1].threads} | {'yes' if ok else 'NO'} |"
        )
    minutes = soak.samples["dragon"][-1].at_s / 60
    print(f"\n{minutes:.0f} min, {soak.rounds:,} rounds, {soak.asked:,} questions,", end=" ")
    print(f"{len(soak.refused)} refused, {lost} of {soak.rounds * 2:,} commands lost")
    for sentence in sorted(set(soak.refused))[:5]:
        print(f"  refused: {sentence}")
    return 0 if flat and not lost and not soak.refused else 1


def _ends(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    warm = samples[len(samples) // 5 :]
    quarter = max(1, len(warm) // 4)
    return warm[:quarter], warm[-quarter:]


def _median(samples: Sequence[Sample], of: Callable[[Sample], int]) -> float:
    return statistics.median(of(each) for each in samples)


def _repository(root: Path) -> Path:
    root.mkdir()
    _git(root, "init", "-q", "-b", "main")
    for number in range(50):
        text = f'"""Module {number}."""\n\n\ndef work_{number}(items):\n    return sum(items)\n'
        (root / f"module_{number}.py").write_text(text)
    (root / "state.py").write_text("NUMBER = 0\n")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "begin")
    return root


def _git(root: Path, *words: str) -> None:
    own = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *own, *words], cwd=root, check=True, capture_output=True)


def _postdevai(*words: str, cwd: Path | None = None, check: bool = False) -> None:
    subprocess.run(
        [sys.executable, "-m", "developer_node.front.cli", *words],
        cwd=cwd,
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=None if check else subprocess.DEVNULL,
        stderr=None if check else subprocess.DEVNULL,
    )


if __name__ == "__main__":
    sys.exit(main())
