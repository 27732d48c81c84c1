"""One laptop writes a project's session, and whoever was before it is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.errors import Conflict, OverLimit
from common.model.ids import NodeId
from common.model.shared import SharedSession
from coordinator_node.engine.ports import Engine
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.sync.sessions import LINES_MAX, Sessions
from tests.support.small_mesh import ShiftedClock

A, B = NodeId("a" * 16), NodeId("b" * 16)
SCOPE = "github.com/ada/thing"


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def engine(tmp_path: Path, clock: ShiftedClock) -> AsyncGenerator[Engine]:
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        yield engine


@pytest.fixture
def sessions(engine: Engine, clock: ShiftedClock) -> Sessions:
    return Sessions(engine, clock)


def said(epoch: int, branch: str = "main") -> SharedSession:
    return SharedSession(SCOPE, epoch=epoch, machine="laptop", branch=branch)


async def test_readers_follow_by_sequence(sessions: Sessions) -> None:
    epoch = (await sessions.take(SCOPE, A)).epoch
    first = await sessions.append(said(epoch, "one"), A)
    await sessions.append(said(epoch, "two"), A)
    heard = await sessions.read(SCOPE, 0)
    assert [each.branch for each in heard] == ["one", "two"]
    assert [each.branch for each in await sessions.read(SCOPE, first)] == ["two"]
    assert {each.node for each in heard} == {A}


async def test_another_is_refused_by_name_while_one_writes(sessions: Sessions) -> None:
    await sessions.take(SCOPE, A)
    with pytest.raises(Conflict, match=A):
        await sessions.take(SCOPE, B)


async def test_who_has_it_keeps_its_epoch(sessions: Sessions) -> None:
    epoch = (await sessions.take(SCOPE, A)).epoch
    assert (await sessions.take(SCOPE, A, epoch)).epoch == epoch


async def test_after_a_hand_over_the_old_writers_lines_are_refused(sessions: Sessions) -> None:
    old = (await sessions.take(SCOPE, A)).epoch
    await sessions.append(said(old, "before"), A)
    new = (await sessions.take(SCOPE, B, hand_over=True)).epoch
    assert new > old
    with pytest.raises(Conflict, match="was left"):
        await sessions.append(said(old, "late"), A)
    await sessions.append(said(new, "after"), B)
    assert [each.branch for each in await sessions.read(SCOPE, 0)] == ["before", "after"]


async def test_a_line_that_passed_the_lease_before_the_hand_over_is_stopped_by_the_log(
    engine: Engine, clock: ShiftedClock
) -> None:
    """The lease was asked for, then the other took over, then the line was to be written."""
    sessions, other = Sessions(engine, clock), Sessions(engine, clock)
    old = (await sessions.take(SCOPE, A)).epoch
    held = engine.leases.held
    taken = asyncio.Event()

    async def held_then_handed_over(name: str):
        lease = await held(name)
        if not taken.is_set():
            taken.set()
            await other.take(SCOPE, B, hand_over=True)
        return lease

    engine.leases.held = held_then_handed_over  # type: ignore[method-assign]
    with pytest.raises(Conflict, match=f"handed over to {B}"):
        await sessions.append(said(old, "late"), A)
    assert await sessions.read(SCOPE, 0) == ()


async def test_a_lease_that_ended_ends_the_right_to_write(
    sessions: Sessions, clock: ShiftedClock
) -> None:
    old = (await sessions.take(SCOPE, A)).epoch
    clock.shift_ms += 31_000
    with pytest.raises(Conflict, match="its lease ended"):
        await sessions.append(said(old), A)
    assert (await sessions.take(SCOPE, B)).epoch > old


async def test_who_has_left_lets_another_write(sessions: Sessions) -> None:
    await sessions.leave(SCOPE, A, (await sessions.take(SCOPE, A)).epoch)
    assert (await sessions.take(SCOPE, B)).holder == B


async def test_the_newest_of_each_project_is_told(sessions: Sessions) -> None:
    for scope, branch in (("p", "one"), ("q", "two"), ("p", "three")):
        epoch = (await sessions.take(scope, A)).epoch
        line = SharedSession(scope, epoch=epoch, machine="laptop", branch=branch)
        await sessions.append(line, A)
    newest = await sessions.newest()
    assert [(each.scope, each.branch) for each in newest] == [("p", "three"), ("q", "two")]


async def test_a_long_log_loses_its_older_half(sessions: Sessions, engine: Engine) -> None:
    epoch = (await sessions.take(SCOPE, A)).epoch
    for n in range(LINES_MAX):
        await sessions.append(said(epoch, str(n)), A)
    heard = await sessions.read(SCOPE, 0)
    assert len(heard) == 100
    assert (await sessions.newest())[0].branch == str(LINES_MAX - 1)


async def test_so_many_projects_have_a_session_and_no_more(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordinator_node.sync.sessions.SESSIONS_MAX", 1)
    await sessions.take(SCOPE, A)
    with pytest.raises(OverLimit):
        await sessions.take("github.com/ada/other", A)
    await sessions.take(SCOPE, B, hand_over=True)
