"""`make soak`: a mesh under steady work for hours; do its memory and descriptors stay flat?

    python -m scripts.soak [--minutes 120]

Two machines in two homes: Coordinator, Dragon and laptop, and a Dragon that follows with a second
laptop. Each round saves a file, runs a failing and a passing command, commits now and then,
edits a setting and a note on either laptop, and asks: search, recall, history, nodes, status. Now
and then a task is submitted. Every half minute each daemon's resident memory, descriptors and
threads are written down. The first fifth is warming up; then the first and the last quarter of what
is left are compared. Exit code 0 when nothing grew beyond its bound, nothing was lost, the laptops
agree and the follower has what its leader has.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from common.daemon.home import Home
from common.errors import PostDevAIError
from scripts.soak.mesh import FIRST, SECOND, Node, Sample, begin, postdevai, repository_in, sample
from scripts.soak.work import Soak, ask, edit, submit, work, wrong_at_the_end

SAMPLE_S = 30.0
ROUND_S = 2.0
TASK_ROUNDS = 50
RSS_GROWTH_MAX = 0.10
RSS_GROWTH_BYTES_MIN = 24 << 20
"""Below this much a growth is the allocator's."""
FILES_GROWTH_MAX = 6


def main() -> int:
    """0 when everything stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="postdevai-soak-") as scratch:
        first, second = (Home(Path(scratch) / name) for name in ("first", "second"))
        repository = repository_in(Path(scratch) / "repository")
        try:
            begin(first, second, repository)
            soak = asyncio.run(_soaked(first, second, repository, minutes * 60))
            wrong = asyncio.run(wrong_at_the_end(soak, first, second))
        finally:
            for home in (second, first):
                postdevai(home, "down", "--free")
    return _told(soak, wrong)


async def _soaked(first: Home, second: Home, repository: Path, for_s: float) -> Soak:
    nodes = [Node(first, role) for role in FIRST] + [Node(second, role) for role in SECOND]
    soak = Soak({node: [] for node in nodes})
    begun = time.monotonic()
    sampled = -SAMPLE_S
    while (now := time.monotonic() - begun) < for_s:
        if now - sampled >= SAMPLE_S:
            sampled = now
            for node in nodes:
                soak.samples[node].append(sample(node, now))
            print(f"{now / 60:6.1f} min  {_line(soak)}", flush=True)
        await asyncio.to_thread(work, first, repository, soak.rounds)
        soak.rounds += 1
        try:
            await ask(soak, first)
            await edit(soak, (first, second)[soak.rounds % 2])
            if soak.rounds % TASK_ROUNDS == 0:
                await submit(soak, second)
        except PostDevAIError as error:
            soak.refused.append(error.message)
        await asyncio.sleep(max(0.0, ROUND_S - (time.monotonic() - begun - now)))
    return soak


def _line(soak: Soak) -> str:
    last = {node: samples[-1] for node, samples in soak.samples.items()}
    told = (f"{node} {s.rss_bytes >> 20} MB {s.files} files" for node, s in last.items())
    return "  ".join((*told, f"{soak.rounds} rounds"))


def _told(soak: Soak, wrong: Sequence[str]) -> int:
    """Prints the table; the exit code."""
    print("\n| node | memory at first | at last | files at first | at last | threads | flat |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    flat = True
    for node, samples in soak.samples.items():
        first, last = _ends(samples)
        rss = [int(_median(each, lambda s: s.rss_bytes)) for each in (first, last)]
        files = [int(_median(each, lambda s: s.files)) for each in (first, last)]
        grown = rss[1] - rss[0]
        ok = grown <= max(rss[0] * RSS_GROWTH_MAX, RSS_GROWTH_BYTES_MIN)
        ok &= files[1] - files[0] <= FILES_GROWTH_MAX
        flat &= ok
        print(
            f"| {node} | {rss[0] >> 20} MB | {rss[1] >> 20} MB | {files[0]} | {files[1]} | "
            f"{last[-1].threads} | {'yes' if ok else 'NO'} |"
        )
    minutes = next(iter(soak.samples.values()))[-1].at_s / 60
    print(f"\n{minutes:.0f} min, {soak.rounds:,} rounds, {soak.rounds * 2:,} commands,", end=" ")
    print(f"{soak.asked:,} questions, {soak.edits:,} edits, {len(soak.tasks)} tasks,", end=" ")
    print(f"{len(soak.refused)} refused")
    for sentence in sorted(set(soak.refused))[:5]:
        print(f"  refused: {sentence}")
    for sentence in wrong or ("nothing is lost, and both agree",):
        print(f"  {sentence}")
    return 0 if flat and not wrong and not soak.refused else 1


def _ends(samples: Sequence[Sample]) -> tuple[Sequence[Sample], Sequence[Sample]]:
    warm = samples[len(samples) // 5 :]
    quarter = max(1, len(warm) // 4)
    return warm[:quarter], warm[-quarter:]


def _median(samples: Sequence[Sample], of: Callable[[Sample], int]) -> float:
    return statistics.median(of(each) for each in samples)


if __name__ == "__main__":
    sys.exit(main())
