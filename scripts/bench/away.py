"""What a laptop answers by itself, with Dragon and Coordinator killed, and how soon.

`python -m scripts.bench.away` prints the table alone.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import psutil

from common.daemon.home import Home
from common.errors import Unavailable
from common.model.answer import AskPart, AskRequest
from common.model.lake import HistoryQuery, SearchQuery
from developer_node.front.local_client import LocalClient
from scripts.bench.report import Figure, median, quantile, table
from scripts.bench.stage import ROOT, mesh
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository
from tests.support.runs import break_and_mend

ROUNDS = 200
RECALL_S = 0.2
FIRST_S = 1.0
PASTED = (
    "E   ValueError: invalid literal for int() with base 10: '2-3'\ncalculator.py:2: ValueError"
)


def measure() -> list[Figure]:
    """A mesh is started, taught one failure, and left without Dragon and Coordinator."""
    with mesh() as made, TemporaryDirectory(prefix="postdevai-bench-away-") as scratch:
        repository = Repository.make(Path(scratch) / "thing")
        code = Repository.make(Path(scratch) / "code")
        files = _with_code(code)
        made.up(repository.root, code.root)
        commit = break_and_mend(made, repository)
        made.recall_until_remedy(commit)
        _until_mirrored(made)
        hung = asyncio.run(_hung(made))
        made.kill("dragon")
        made.kill("coordinator")
        return [*asyncio.run(_measured(made, files)), hung, _typed(made)]


def _with_code(repository: Repository) -> int:
    """This repository's own Python files, to look through; how many."""
    found = subprocess.run(
        ["git", "ls-files", "--", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    for path in found:
        target = repository.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    repository.commit("code to look through")
    return len(found)


def _until_mirrored(made: Mesh) -> None:
    for _ in until(60):
        near = made.json("status", "--json")["near"]
        if near["symptoms"] and made.json("status", "--json")["outbox"]["waiting"] == 0:
            return
    raise AssertionError("the mirror was not filled")


async def _measured(made: Mesh, files: int) -> list[Figure]:
    async with await LocalClient.connect(Home.from_env(str(made.home))) as client:
        last = (await client.recall(last=True)).failure
        assert last is not None

        async def pasted() -> object:
            return await client.recall(text=PASTED)

        found: list[Figure] = []
        for what, ask, rounds, bar in (
            ("recall --last", lambda: client.recall(last=True), ROUNDS, RECALL_S),
            (
                "recall by fingerprint",
                lambda: client.recall(fingerprint=last.fingerprint),
                ROUNDS,
                RECALL_S,
            ),
            ("recall of a pasted text", pasted, ROUNDS, RECALL_S),
            ("history, 50 events", lambda: client.history(HistoryQuery()), ROUNDS, RECALL_S),
            (
                f"literal search through {files:,} files",
                lambda: client.search(SearchQuery("def total", "literal")),
                30,
                0.0,
            ),
            (
                f"search for words through {files:,} files",
                lambda: client.search(SearchQuery("where is the total computed")),
                30,
                0.0,
            ),
            ("first line of an answer", lambda: _first(client), 30, FIRST_S),
        ):
            found.append(await _timed(what, ask, rounds, bar))
        return found


async def _first(client: LocalClient) -> None:
    """The passages, the label, and that there is no local model."""
    asked = client.ask(AskRequest("where is the total computed?"))
    async with aclosing(cast("AsyncGenerator[AskPart]", asked)) as parts:
        await anext(parts)


async def _timed(
    what: str, ask: Callable[[], Awaitable[object]], rounds: int, bar_s: float
) -> Figure:
    took_s: list[float] = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        await ask()
        took_s.append(time.perf_counter() - began_s)
    said = f"median {median(took_s) * 1e3:.1f} ms, p95 {quantile(took_s, 0.95) * 1e3:.1f} ms"
    against = f"p95 <= {bar_s * 1e3:.0f} ms" if bar_s else ""
    return Figure(f"away: {what}", said, against, f"local API, {rounds} calls one by one")


async def _hung(made: Mesh) -> Figure:
    """How long the first waits for a Dragon that hangs, and the next."""
    process = psutil.Process(made.pid("dragon"))
    took_s: list[float] = []
    async with await LocalClient.connect(Home.from_env(str(made.home))) as client:
        await client.recall(last=True)
        process.send_signal(signal.SIGSTOP)
        try:
            for _ in range(20):
                began_s = time.perf_counter()
                await client.recall(last=True)
                took_s.append(time.perf_counter() - began_s)
        finally:
            process.send_signal(signal.SIGCONT)
        back_s = time.perf_counter()
        for _ in range(600):
            try:
                if (await client.recall(last=True)).freshness.away is None:
                    break
            except Unavailable:
                pass
            await asyncio.sleep(0.05)
        back_s = time.perf_counter() - back_s
    said = f"first {took_s[0]:.2f} s, then at most {max(took_s[1:]) * 1e3:.0f} ms"
    method = "SIGSTOP under recall --last; afterwards SIGCONT"
    return Figure(
        "away: a Dragon that hangs", f"{said}; noticed again after {back_s:.2f} s", "10 s", method
    )


def _typed(made: Mesh) -> Figure:
    took_s: list[float] = []
    for _ in range(20):
        began_s = time.perf_counter()
        made.recall_last()
        took_s.append(time.perf_counter() - began_s)
    said = f"median {median(took_s) * 1e3:.0f} ms, p95 {quantile(took_s, 0.95) * 1e3:.0f} ms"
    return Figure("away: recall --json --last, typed", said, "", "the whole process, 20 times")


if __name__ == "__main__":
    print(table(measure()))
