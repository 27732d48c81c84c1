"""From the prompt's return to the card in the feed, with 10,000 events in the lake."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from common.daemon.home import Home
from common.model.failure import Suggestion
from common.wire.nouns import event_to_pb
from developer_node.front.local_client import LocalClient
from scripts.bench.ingest import command, fill
from scripts.bench.report import Figure, quantile
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh
from tests.support.repository import Repository

EVENTS = 10_000
REPOSITORIES = 5
TESTS = 10
"""In each repository, each failing for a reason of its own: cards are limited to 12 an hour."""
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


def measure() -> list[Figure]:
    """p50 and p95 of the wait for a card."""
    with mesh() as made, TemporaryDirectory(prefix="postdevai-bench-code-") as scratch:
        repositories = [_broken_once(Path(scratch) / f"thing{i}") for i in range(REPOSITORIES)]
        made.up(*(r.root for r in repositories))
        for repository in repositories:
            _learn(made, repository)
        waits = asyncio.run(_waits(made, repositories))
    return [
        Figure(
            "failure to card",
            f"p50 {quantile(waits, 0.5) * 1000:.0f} ms, p95 {quantile(waits, 0.95) * 1000:.0f} ms "
            f"over {len(waits)} cards",
            "aim p95 < 300 ms",
            f"from the return of `postdevai run -- pytest` to the message in the feed; "
            f"{EVENTS:,} other events in the lake, three daemons on the same two cores",
        )
    ]


def _broken_once(root: Path) -> Repository:
    repository = Repository.make(root)
    # roots made alike in one second would be one root, and one project
    repository.git("commit", "-q", "--amend", "-m", root.name)
    for i in range(TESTS):
        part = _part(repository, i)
        repository.write(f"{part}.py", _fails(part))
        repository.write(
            f"test_{part}.py",
            f"import {part}\n\n\ndef test_{part}():\n    assert {part}.answer() == 1\n",
        )
    repository.commit("parts that do not answer")
    return repository


def _learn(made: Mesh, repository: Repository) -> None:
    made.postdevai("run", "--", *PYTEST, cwd=repository.root)
    for i in range(TESTS):
        repository.write(f"{_part(repository, i)}.py", "def answer():\n    return 1\n")
    passed = made.postdevai("run", "--", *PYTEST, cwd=repository.root)
    assert passed.returncode == 0, passed.stdout
    repository.commit("parts that answer")


async def _waits(made: Mesh, repositories: list[Repository]) -> list[float]:
    async with second_laptop(made) as membership:
        bodies = [event_to_pb(command(i)).SerializeToString() for i in range(EVENTS)]
        await fill(membership, bodies)
    waits: list[float] = []
    async with await LocalClient.connect(Home(made.home)) as client:
        cards: asyncio.Queue[tuple[float, Suggestion]] = asyncio.Queue()

        async def listen() -> None:
            async for item in client.feed():
                if isinstance(item.item, Suggestion):
                    cards.put_nowait((time.perf_counter(), item.item))

        listening = asyncio.ensure_future(listen())
        try:
            for repository in repositories:
                for i in range(TESTS):
                    waits.append(await _one(made, repository, i, cards))
        finally:
            listening.cancel()
    return waits


async def _one(
    made: Mesh, repository: Repository, i: int, cards: asyncio.Queue[tuple[float, Suggestion]]
) -> float:
    part = _part(repository, i)
    repository.write(f"{part}.py", "# again\n" + _fails(part))
    words = ("run", "--", *PYTEST, f"test_{part}.py")
    failed = await asyncio.to_thread(made.postdevai, *words, cwd=repository.root)
    returned = time.perf_counter()
    assert failed.returncode == 1, failed.stdout
    async with asyncio.timeout(30):
        arrived, card = await cards.get()
    failure = card.recollection.failure
    assert failure is not None and part in failure.test, f"a card about something else: {failure}"
    return arrived - returned


def _part(repository: Repository, i: int) -> str:
    """Of another name in each repository, or the symptom would be known from the others."""
    return f"{repository.root.name}_part{i}"


def _fails(part: str) -> str:
    return f"def answer():\n    return {{}}['{part}']\n"
