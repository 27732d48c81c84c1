"""Nodes of a mesh die, stand still and are cut off, while laptops record, edit and submit.

Each round the dice choose a fault, whom it befalls and for how long. Histories of what was asked,
acknowledged and read are kept, and looked at when all is whole again.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from common.errors import PostDevAIError
from common.model.event import CommandFinished
from common.model.ids import NodeId
from common.model.lake import HistoryEntry
from common.model.node import Node
from developer_node.front.local_client import LocalClient
from tests.support.five_clients import Clients
from tests.support.five_machines import (
    DRAGONS,
    LAPTOPS,
    PATIENCE_S,
    FiveMachines,
    five_machines,
    journal_of,
)
from tests.support.five_shared import Shared, shared_on, wrong_shared
from tests.support.flowing import everything, is_numbered
from tests.support.history import (
    History,
    apart,
    invented,
    lost,
    out_of_order,
    twice,
    two_holders,
)
from tests.support.machines import allowed

pytestmark = pytest.mark.skipif(not allowed(), reason="network namespaces cannot be made here")

How = Literal["killed", "stopped", "cut"]
SINGLE = ("hub", *DRAGONS, *LAPTOPS)
ISLANDS = (("east", "desk"), ("west", "sofa"), ("east", "west"), ("hub", "desk"), LAPTOPS)
"""Groups that may be cut off together: a Dragon with a laptop that goes on sending to it, ..."""
SOME_S = (0.3, 2.0, 5.0, 9.0)
"""Below and above a lease of 3 s and the 5 s for which a follower is waited for."""
LOOKED_AT_EVERY = 5
LONG_S = 10.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One round."""

    how: How
    whom: tuple[str, ...]
    seconds: float
    settled: bool = False
    """It befalls a mesh that is well, where it may befall one that has not got over the last."""

    def __str__(self) -> str:
        return f"{' and '.join(self.whom)} {self.how} for {self.seconds:g} s"


FIRST = (
    Fault("cut", ("east", "desk"), 7.0, settled=True),
    Fault("killed", ("west",), 4.0),
    Fault("killed", ("desk", "hub"), 0.3),
)
"""Those of the default run: the leader is on an island with a laptop that goes on sending to it,
the Dragon that took its place dies, a laptop and the Coordinator die."""


def faults(dice: random.Random) -> Fault:
    """Any one node, two at once, or an island."""
    how: How = dice.choice(("killed", "stopped", "cut"))
    whom = (dice.choice(SINGLE),)
    if dice.random() < 0.3:
        whom = dice.choice(ISLANDS) if how == "cut" else tuple(dice.sample(SINGLE, 2))
    return Fault(how, whom, dice.choice(SOME_S), settled=dice.random() < 0.5)


@pytest.mark.timeout(900)
async def test_three_faults_lose_nothing_and_all_replicas_converge(tmp_path: Path) -> None:
    await _rounds(tmp_path, list(FIRST), seed=11)


@pytest.mark.crash
@pytest.mark.timeout(7200)
async def test_three_hundred_faults_lose_nothing_and_all_replicas_converge(
    tmp_path: Path,
) -> None:
    dice = random.Random(12)
    await _rounds(tmp_path, [faults(dice) for _ in range(300)], seed=13)


async def _rounds(root: Path, befalls: list[Fault], seed: int) -> None:
    history = History()
    with five_machines(root) as machines:
        clients = Clients(machines, history, random.Random(seed))
        try:
            async with clients.working():
                for number, fault in enumerate(befalls, 1):
                    began = time.monotonic()
                    if fault.settled:
                        await _well(machines, _is_led)
                    clients.settings += 1
                    async with _befallen(machines, fault, history):
                        await asyncio.sleep(fault.seconds)
                        clients.settings += 1
                    if number % LOOKED_AT_EVERY == 0 or number == len(befalls):
                        async with clients.quiet():
                            await _well(machines, _waits)
                            await _look(machines, history, await _same(machines))
                    print(f"{number}: {fault}; {time.monotonic() - began:.1f} s", flush=True)
        except BaseException:
            history.write(root / "history.jsonl")
            (root / "logs").write_text(machines.logs())
            raise
        kinds = ("event", "pin", "line", "task")
        print({kind: len(history.names("acknowledged", kind)) for kind in kinds})


@asynccontextmanager
async def _befallen(machines: FiveMachines, fault: Fault, history: History) -> AsyncGenerator[None]:
    """Until the block ends; those that were killed are started then."""
    hit = [machines[name] for name in fault.whom]
    if fault.how == "cut":
        with machines.island(fault.whom), _heard(history, fault):
            yield
        return
    how = signal.SIGKILL if fault.how == "killed" else signal.SIGSTOP
    for node in hit:
        node.look_after()
        await asyncio.to_thread(node.send, how)
    try:
        with _heard(history, fault):
            yield
    finally:
        for node in hit:
            if fault.how == "killed":
                node.start()
            else:
                node.send(signal.SIGCONT)


def _heard(history: History, fault: Fault) -> AbstractContextManager[None]:
    """What laptops share goes by way of the Coordinator: whether either can hear the other."""
    away = {name in fault.whom for name in ("hub", *LAPTOPS)}
    silent = len(away) == 2 if fault.how == "cut" else fault.how == "killed" and "hub" in fault.whom
    return history.edits.silence() if silent else nullcontext()


async def _well(
    machines: FiveMachines, lacks: Callable[[LocalClient], Awaitable[list[str]]]
) -> None:
    """Every node serves, and each laptop lacks nothing. What was waited for is printed."""
    end, why = time.monotonic() + PATIENCE_S, ["not looked yet"]
    began, told = time.monotonic(), ""
    while why:
        assert time.monotonic() < end, f"{why}\n{machines.logs()}"
        await asyncio.sleep(0.1)
        if time.monotonic() - began > LONG_S and why[0] != told:
            told = why[0]
            print(f"  after {time.monotonic() - began:.0f} s: {told}", flush=True)
        machines.look_after()
        why = [f"{node.name} does not serve" for node in machines.nodes if not node.serves()]
        for laptop in machines.laptops if not why else ():
            try:
                async with await LocalClient.connect(laptop.home) as client:
                    why += [f"{laptop.name}: {each}" for each in await lacks(client)]
            except PostDevAIError as error:
                why.append(f"{laptop.name}: {error.message}")


async def _is_led(client: LocalClient) -> list[str]:
    """One Dragon leads, and the other could take its place."""
    dragons = {node.id: node for node in await client.nodes() if node.role == "dragon"}
    leaders = [node for node in dragons.values() if not node.follows and node.state == "serving"]
    if len(leaders) != 1 or set(leaders[0].followers) != set(dragons) - {leaders[0].id}:
        return ["; ".join(map(_place, dragons.values()))]
    if any(dragons[NodeId(name)].behind for name in leaders[0].followers):
        return ["the follower lacks something"]
    return []


def _place(dragon: Node) -> str:
    followers = ", ".join(dragon.followers) or "nobody"
    follows = f"follows {dragon.follows} behind {dragon.behind}" if dragon.follows else "leads"
    return f"{dragon.machine} {dragon.state} {follows}, {followers} could take its place"


async def _waits(client: LocalClient) -> list[str]:
    """What is not done yet, once nobody writes any more."""
    status, sync = await client.status(), await client.shared.sync()
    tasks = [task for task in (await client.tasks.list()).tasks if not task.ended]
    outbox = status.outbox
    assert outbox.refused == outbox.gaps == 0, outbox
    why = await _is_led(client)
    why += [str(outbox)] if outbox.waiting or outbox.spooled else []
    why += [str(sync)] if sync.waiting or sync.sentence else []
    return [*why, *map(str, tasks)]


async def _same(machines: FiveMachines) -> Shared:
    """What laptops share, once each has heard all that the other told the Coordinator."""
    end, held = time.monotonic() + PATIENCE_S, list[Shared]()
    while len(held) < 2 or held[0] != held[1]:
        assert time.monotonic() < end, f"the laptops hold different things: {held}"
        await asyncio.sleep(0.1)
        with suppress(PostDevAIError):
            held = [await shared_on(laptop.home) for laptop in machines.laptops]
    return held[0]


async def _look(machines: FiveMachines, history: History, shared: Shared) -> None:
    """What must hold now, on both laptops and on both Dragons' disks."""
    wrong = two_holders(history) + wrong_shared(history, shared)
    two = sum(1 for each in shared.settings if each.lost)
    print(f"  {len(shared.settings)} settings, {two} of two laptops", flush=True)
    for laptop in machines.laptops:
        async with await LocalClient.connect(laptop.home) as client:
            held = [each.event.id for each in await everything(client) if _is_ours(each)]
            tasks = {name: await client.tasks.get(id_) for name, id_ in _tasks(history).items()}
        wrong += lost(history, "event", held) + twice("event", held)
        wrong += invented(history, "event", held) + out_of_order(history, "event", held)
        wrong += [f"{task} is not {name}" for name, task in tasks.items() if task.key != name]
    wrong += apart(_journals(machines))
    assert not wrong, "\n".join(wrong[:20])


def _is_ours(entry: HistoryEntry) -> bool:
    return is_numbered(entry) and isinstance(entry.event.body, CommandFinished)


def _tasks(history: History) -> dict[str, str]:
    """The id under which each task was acknowledged."""
    return {
        line.name: line.value
        for line in history.lines
        if (line.did, line.kind) == ("acknowledged", "task")
    }


def _journals(machines: FiveMachines) -> dict[str, object]:
    """Whose lake, and the records that both Dragons have to have."""
    found = {node.name: journal_of(node) for node in machines.dragons}
    first = max(min(rows) for _, rows in found.values())
    last = min(max(rows) for _, rows in found.values())
    return {
        name: (whose, [row for lsn, row in sorted(rows.items()) if first <= lsn <= last])
        for name, (whose, rows) in found.items()
    }
