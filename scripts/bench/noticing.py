"""How soon it is noticed that a node died, stands still, or is behind a cut link.

`python -m scripts.bench.noticing` prints the table alone. Five machines, each a network namespace
with its daemon; a link is cut without a word, as by a switch that lost its power.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from common.errors import PostDevAIError, Unavailable
from common.model.lake import HistoryQuery
from coordinator_node.registry.roster import LEASE_S
from developer_node.front.local_client import LocalClient
from scripts.bench.report import Figure, table
from tests.support.five_machines import PATIENCE_S, FiveMachines, Node, five_machines

ROUNDS = 5
LOOK_S = 0.02
DEATH_S = LEASE_S + 0.5
LINK_S = 3.0

Sees = Callable[[LocalClient], Awaitable[bool]]


def measure() -> list[Figure]:
    """Each fault befalls a node five times; who looks is a laptop that nothing befalls."""
    with (
        TemporaryDirectory(prefix="postdevai-bench-noticing-") as scratch,
        five_machines(Path(scratch)) as machines,
    ):
        return asyncio.run(_measured(machines))


async def _measured(machines: FiveMachines) -> list[Figure]:
    hub, _, west, desk, sofa = machines.nodes
    found: list[Figure] = []
    for victim, who in ((desk, "a laptop"), (west, "a Dragon")):
        for how, said in ((signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "SIGSTOP")):
            took = [await _of_death(machines, victim, how, sofa) for _ in range(ROUNDS)]
            found.append(_figure(f"death of {who}, {said}", took, DEATH_S, "its lease has ended"))
    for how, said in ((signal.SIGKILL, "SIGKILL"), (signal.SIGSTOP, "SIGSTOP")):
        took = [await _of_coordinator(machines, hub, how, sofa) for _ in range(ROUNDS)]
        seen = "a laptop says that it does without"
        found.append(_figure(f"death of the Coordinator, {said}", took, DEATH_S, seen))
    took = [await _of_cut(machines, sofa, sofa, _without_coordinator) for _ in range(ROUNDS)]
    seen = "the laptop behind it says that it does without a Coordinator"
    found.append(_figure("half-open link, idle", took, LINK_S, seen))
    took = [await _of_cut(machines, sofa, sofa, _ends_a_call) for _ in range(ROUNDS)]
    seen = "a call that is made at once, over the connection that was there, ends as Unavailable"
    found.append(_figure("half-open link, in use", took, LINK_S, seen))
    took = [await _of_cut(machines, sofa, sofa, _answers_alone) for _ in range(ROUNDS)]
    seen = (
        "a question to the Dragon that is asked at once is answered by the laptop alone: the link"
    )
    seen += " is noticed, and another connection is not to be had"
    found.append(_figure("half-open link, a question", took, 0.0, seen))
    took = [await _of_cut(machines, desk, sofa, await _is_gone(desk)) for _ in range(ROUNDS)]
    seen = "the lease of the laptop behind it has ended"
    found.append(_figure("half-open link, for the Coordinator", took, DEATH_S, seen))
    return found


def _figure(what: str, took: list[float], bar_s: float, seen: str) -> Figure:
    value = f"{min(took):.2f} to {max(took):.2f} s"
    method = f"{len(took)} times, until {seen}, looked at each {LOOK_S * 1000:.0f} ms"
    return Figure(what, value, f"<= {bar_s:g} s" if bar_s else "reported", method)


async def _of_death(
    machines: FiveMachines, victim: Node, how: signal.Signals, watcher: Node
) -> float:
    gone = await _is_gone(victim)
    async with _well(machines, watcher, victim) as client:
        try:
            began = time.monotonic()
            await asyncio.to_thread(victim.send, how)
            return await _until(client, gone) - began
        finally:
            _back(victim)


async def _of_coordinator(
    machines: FiveMachines, hub: Node, how: signal.Signals, watcher: Node
) -> float:
    async with _well(machines, watcher, hub) as client:
        try:
            began = time.monotonic()
            await asyncio.to_thread(hub.send, how)
            return await _until(client, _without_coordinator) - began
        finally:
            _back(hub)


async def _of_cut(machines: FiveMachines, behind: Node, watcher: Node, sees: Sees) -> float:
    async with _well(machines, watcher, behind) as client:
        with machines.island((behind.name,)):
            began = time.monotonic()
            return await _until(client, sees) - began


def _back(victim: Node) -> None:
    if victim.process is None:
        victim.start()
    else:
        victim.send(signal.SIGCONT)


@asynccontextmanager
async def _well(machines: FiveMachines, watcher: Node, victim: Node) -> AsyncGenerator[LocalClient]:
    """A client of the laptop that looks, once all is well again and seen by it."""
    end = time.monotonic() + PATIENCE_S
    while True:
        machines.look_after()
        try:
            async with await LocalClient.connect(watcher.home) as client:
                if all(node.serves() for node in machines.nodes) and await _is_well(client):
                    yield client
                    return
        except PostDevAIError as error:
            assert time.monotonic() < end, f"{victim.name} did not come back: {error.message}"
        await asyncio.sleep(LOOK_S)


async def _is_well(client: LocalClient) -> bool:
    nodes = await client.nodes()
    serving = [node for node in nodes if node.state == "serving"]
    both = [node for node in serving if node.role == "dragon"]
    named = any(node.followers for node in both)
    status = await client.status()
    without = status.coordinator_unavailable or status.dragon_unavailable
    return len(serving) == len(nodes) and len(both) == 2 and named and not without


async def _is_gone(victim: Node) -> Sees:
    """Whether its lease has ended, as the Coordinator tells a laptop."""
    from common.rpc.certificates import read_leaf

    leaf = victim.home.identity_directory(victim.role) / "leaf.pem"  # pyright: ignore[reportArgumentType]
    its_id = read_leaf(leaf.read_bytes()).identity.id

    async def sees(client: LocalClient) -> bool:
        return any(n.id == its_id and n.state == "gone" for n in await client.nodes())

    return sees


async def _without_coordinator(client: LocalClient) -> bool:
    return bool((await client.status()).coordinator_unavailable)


async def _ends_a_call(client: LocalClient) -> bool:
    try:
        await client.tasks.list()
    except Unavailable:
        return True
    return False


async def _answers_alone(client: LocalClient) -> bool:
    return (await client.history(HistoryQuery(limit=1))).freshness.away is not None


async def _until(client: LocalClient, sees: Sees) -> float:
    while not await sees(client):  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)
    return time.monotonic()


if __name__ == "__main__":
    print(table(measure()))
