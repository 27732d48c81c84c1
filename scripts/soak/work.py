"""What is done to the two machines while they are watched, and whether all of it is there after."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from common.daemon.home import Home
from common.model.lake import HistoryQuery, SearchQuery
from common.model.shared import ItemKind
from common.model.task import TaskWish
from developer_node.front.local_client import LocalClient
from scripts.soak.mesh import Node, Sample, git, postdevai

COMMIT_ROUNDS = 10
NOTE_LINES = 50
NOTE_ROUNDS = 500
"""The history of one note has a limit; a person begins another."""
SETTLED_S = 180.0


@dataclass
class Soak:
    """What was done and seen."""

    samples: dict[Node, list[Sample]]
    rounds: int = 0
    edits: int = 0
    note: str = ""
    tasks: list[str] = field(default_factory=list[str])
    asked: int = 0
    refused: list[str] = field(default_factory=list[str])


def work(home: Home, repository: Path, number: int) -> None:
    """A save, a failing and a passing command, a commit now and then."""
    (repository / "state.py").write_text(
        f"NUMBER = {number}\n\n\ndef value():\n    return NUMBER\n"
    )
    failing = f"import state; assert state.value() == {number + 1}, 'value {number}'"
    for code in (failing, "import state; print(state.value())"):
        postdevai(home, "run", "--", sys.executable, "-c", code, cwd=repository)
    if number % COMMIT_ROUNDS == COMMIT_ROUNDS - 1:
        git(repository, "commit", "-qam", f"state {number}")


async def ask(soak: Soak, home: Home) -> None:
    """Five questions."""
    soak.asked += 5
    async with await LocalClient.connect(home) as client:
        await client.search(SearchQuery(query="def value", k=5))
        await client.history(HistoryQuery(limit=20))
        await client.recall(last=True)
        await client.nodes()
        await client.status()


async def edit(soak: Soak, home: Home) -> None:
    """A setting, and a line of the one note."""
    async with await LocalClient.connect(home) as client:
        await client.shared.put("setting", "", "answers.note", f"round {soak.rounds}")
        if soak.rounds % NOTE_ROUNDS == 1:
            soak.note = (await client.shared.put("note", "", "", "a new page")).key
        elif any(each.key == soak.note for each in await client.shared.items("note", every=True)):
            note = await client.shared.item("note", "", soak.note)
            lines = [*note.value.splitlines()[-NOTE_LINES:], f"round {soak.rounds}"]
            await client.shared.put("note", "", note.key, "\n".join(lines), note.version)
    soak.edits += 2


async def submit(soak: Soak, home: Home) -> None:
    """One task for either Dragon."""
    async with await LocalClient.connect(home) as client:
        task, _ = await client.tasks.submit(TaskWish("compact", f"soak {soak.rounds}"))
    soak.tasks.append(task.id)


async def wrong_at_the_end(soak: Soak, first: Home, second: Home) -> list[str]:
    """What was lost or is not the same at both, once nothing waits any more."""
    wrong: list[str] = []
    async with (
        await LocalClient.connect(first) as one,
        await LocalClient.connect(second) as other,
    ):
        if lost := soak.rounds * 2 - await _known(one):
            wrong.append(f"{lost} commands are lost")
        for kind in ("setting", "note"):
            if not await _settled(partial(_same, one, other, kind)):
                wrong.append(f"the laptops do not agree in their {kind}s")
        if not await _settled(partial(_ended, one, soak.tasks)):
            wrong.append("tasks have not ended well")
        if not await _settled(partial(_caught_up, one)):
            wrong.append("the follower lacks something")
    return wrong


async def _settled(test: Callable[[], Awaitable[bool]]) -> bool:
    end = time.monotonic() + SETTLED_S
    while not (good := await test()) and time.monotonic() < end:  # noqa: ASYNC110 - another's
        await asyncio.sleep(0.5)
    return good


async def _same(one: LocalClient, other: LocalClient, kind: ItemKind) -> bool:
    told: list[list[tuple[str, str, str]]] = []
    for client in (one, other):
        found = await client.shared.items(kind, every=True)
        whole = [await client.shared.item(kind, each.scope, each.key) for each in found]
        told.append([(each.scope, each.key, each.value) for each in whole])
    return bool(told[0]) and told[0] == told[1]


async def _ended(client: LocalClient, tasks: Sequence[str]) -> bool:
    states = [(await client.tasks.get(task)).state for task in tasks]
    return all(state == "done" for state in states)


async def _caught_up(client: LocalClient) -> bool:
    followers = [node for node in await client.nodes() if node.follows]
    return bool(followers) and not any(node.behind for node in followers)


async def _known(client: LocalClient) -> int:
    """Commands that are remembered, once the outbox is empty."""

    async def empty() -> bool:
        return not (await client.status()).outbox.waiting

    await _settled(empty)
    known, before = 0, 0
    while True:
        page = await client.history(HistoryQuery(limit=1_000, kind="command", before_cursor=before))
        known += len(page.entries)
        if len(page.entries) < 1_000:
            return known
        before = page.entries[-1].cursor
