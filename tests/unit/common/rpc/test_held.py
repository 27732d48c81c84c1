"""Who floods waits for its refusals; nobody else does."""

from __future__ import annotations

import asyncio

import pytest

from common.errors import Denied, OverLimit
from common.rpc import held
from common.rpc.held import FLOODS, HELD_MAX, HELD_S, Held

TOO_MUCH = OverLimit("too much", field=FLOODS)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, each time; nobody waits."""
    every: list[float] = []

    async def sleep(delay_s: float) -> None:
        every.append(delay_s)

    monkeypatch.setattr(held.asyncio, "sleep", sleep)
    return every


async def test_only_who_is_over_its_limit_waits_and_never_past_its_own_deadline(
    slept: list[float],
) -> None:
    holds = Held()
    for other in (Denied("no"), OverLimit("the disk is full"), Denied("put out", field="put-out")):
        await holds.hold(other, None)
    assert slept == []
    for remaining_s in (None, 30.0, 0.1, -1.0):
        await holds.hold(TOO_MUCH, remaining_s)
    assert slept == [HELD_S, HELD_S, 0.05, 0.0]


async def test_more_than_so_many_do_not_wait() -> None:
    holds = Held()
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(holds.hold(TOO_MUCH, 3_600.0)) for _ in range(HELD_MAX)]
        await asyncio.sleep(0)
        await holds.hold(TOO_MUCH, 3_600.0)
        assert not any(each.done() for each in waiting), "it was refused before they were"
        for each in waiting:
            each.cancel()
