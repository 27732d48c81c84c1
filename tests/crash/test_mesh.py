"""kill -9 of the real daemons while events flow in: every event arrives, once, in order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from tests.support.flowing import Flow, emptied, everything, is_numbered, laptop
from tests.support.mesh import ROLES, Mesh, until
from tests.support.repository import Repository

EVENTS_A_ROUND = 40


@pytest.fixture
def mesh(tmp_path: Path) -> Iterator[Mesh]:
    """Not started yet; nothing of it is left at the end."""
    made = Mesh(tmp_path / "home")
    yield made
    made.close()


@pytest.mark.timeout(240)
async def test_five_kills_of_daemons_lose_no_event(mesh: Mesh, tmp_path: Path) -> None:
    await _rounds(mesh, tmp_path, 5, seed=4)


@pytest.mark.crash
@pytest.mark.timeout(1800)
async def test_fifty_kills_of_daemons_lose_no_event(mesh: Mesh, tmp_path: Path) -> None:
    await _rounds(mesh, tmp_path, 50, seed=5)


async def _rounds(mesh: Mesh, tmp_path: Path, rounds: int, seed: int) -> None:
    """Each round kills one or two daemons once the dice's number of events is seen somewhere."""
    dice = random.Random(seed)
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    with ThreadPoolExecutor(1) as beside:
        for number, victims in enumerate(_victims(dice, rounds)):
            moment = dice.choice((flow.recorded, flow.journalled))
            wanted = moment() + 1 + dice.randrange(EVENTS_A_ROUND)
            written = beside.submit(_flow_in, flow, number)
            _wait_for(moment, wanted, mesh)
            for role in victims:
                mesh.kill(role)
            mesh.up()
            written.result()
    emptied(mesh)
    await _check(mesh, flow)


def _victims(dice: random.Random, rounds: int) -> Iterator[list[str]]:
    """Every role in the first rounds; then any one, or two at once."""
    yield from ([role] for role in dice.sample(ROLES, len(ROLES)))
    for _ in range(rounds - len(ROLES)):
        yield dice.sample(ROLES, dice.choice((1, 2)))


def _flow_in(flow: Flow, number: int) -> None:
    flow.write(EVENTS_A_ROUND // 2)
    flow.run(f"print({number})")
    flow.write(EVENTS_A_ROUND // 2)


def _wait_for(count: Callable[[], int], wanted: int, mesh: Mesh) -> None:
    for _ in until(60):
        if count() >= wanted:
            return
    raise AssertionError(f"{count()} of {wanted}\n{mesh.logs()}")


async def _check(mesh: Mesh, flow: Flow) -> None:
    async with laptop(mesh) as client:
        entries = [e for e in await everything(client) if e.event.body.__class__ is CommandFinished]
        numbers = [int(entry.event.id, 16) for entry in entries if is_numbered(entry)]
        assert numbers == list(range(1, flow.written + 1))
        ran = [entry.event.body for entry in entries if not is_numbered(entry)]
        words = [body.command for body in ran if isinstance(body, CommandFinished)]
        assert [word.split("-c ")[1].strip("'\"") for word in words] == flow.runs
        for number in numbers:
            event, blobs = flow.numbered(number)
            if blobs:
                assert (await client.event(event.id))[0] == event
                assert {h: await client.blob(h) for h in blobs} == blobs
        assert (await client.status()).outbox.gaps == 0
