"""Which laptop says what is being worked on: the one where something happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.model.ids import NodeId
from common.model.laptop import OpenFile, WorkContext
from common.model.shared import SharedSession
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.sync.sessions import Sessions
from developer_node.shared.sessions import ACTIVE_MS, SILENT_MS, SessionWriter
from tests.support.small_mesh import ShiftedClock

P = "github.com/ada/thing"


class Coordinator:
    """The Coordinator's own sessions, asked by one laptop."""

    def __init__(self, sessions: Sessions, node: str) -> None:
        self._sessions = sessions
        self._node = NodeId(node)

    async def take(self, scope: str, epoch: int, *, hand_over: bool) -> int:
        return (await self._sessions.take(scope, self._node, epoch, hand_over=hand_over)).epoch

    async def leave(self, scope: str, epoch: int) -> None:
        await self._sessions.leave(scope, self._node, epoch)

    async def append(self, session: SharedSession) -> int:
        return await self._sessions.append(session, self._node)

    async def sessions(self) -> tuple[SharedSession, ...]:
        return await self._sessions.newest()


class Laptop:
    """Somebody may work on it."""

    def __init__(self, sessions: Sessions, name: str, clock: ShiftedClock) -> None:
        self.clock = clock
        self.context = WorkContext()
        self.writer = SessionWriter(
            Coordinator(sessions, name), self.works, lambda path: P, name, clock
        )

    async def works(self) -> WorkContext:
        return self.context

    def touch(self, path: str) -> None:
        file = OpenFile(path, "saved", self.clock.now_ms())
        self.context = WorkContext("/w/thing", "thing", "main", files=(file,))


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


@pytest.fixture
async def sessions(tmp_path: Path, clock: ShiftedClock) -> AsyncGenerator[Sessions]:
    async with open_sqlite(tmp_path / "state.db", clock) as engine:
        yield Sessions(engine, clock)


async def machines(sessions: Sessions) -> list[str]:
    return [each.machine for each in await sessions.read(P, 0)]


async def test_nothing_is_told_where_nobody_works(sessions: Sessions, clock: ShiftedClock) -> None:
    desk = Laptop(sessions, "desk", clock)
    await desk.writer.look()
    assert await machines(sessions) == []


async def test_only_what_has_changed_is_told_again(sessions: Sessions, clock: ShiftedClock) -> None:
    desk = Laptop(sessions, "desk", clock)
    desk.touch("a.py")
    await desk.writer.look()
    await desk.writer.look()
    desk.touch("b.py")
    await desk.writer.look()
    heard = await sessions.read(P, 0)
    assert [each.files for each in heard] == [("a.py",), ("b.py",)]


async def test_while_one_works_another_does_not_take_over(
    sessions: Sessions, clock: ShiftedClock
) -> None:
    desk, sofa = Laptop(sessions, "desk", clock), Laptop(sessions, "sofa", clock)
    desk.touch("a.py")
    await desk.writer.look()
    sofa.touch("b.py")
    await sofa.writer.look()
    assert await machines(sessions) == ["desk"]
    assert [each.machine for each in sofa.writer.known] == ["desk"]


async def test_a_silent_writer_is_taken_over_from_and_told_so(
    sessions: Sessions, clock: ShiftedClock
) -> None:
    desk, sofa = Laptop(sessions, "desk", clock), Laptop(sessions, "sofa", clock)
    desk.touch("a.py")
    await desk.writer.look()
    clock.shift_ms += SILENT_MS + 1_000
    sofa.touch("b.py")
    await sofa.writer.look()
    desk.touch("late.py")
    await desk.writer.look()
    assert await machines(sessions) == ["desk", "sofa"]


async def test_who_has_stopped_working_leaves(sessions: Sessions, clock: ShiftedClock) -> None:
    desk, sofa = Laptop(sessions, "desk", clock), Laptop(sessions, "sofa", clock)
    desk.touch("a.py")
    await desk.writer.look()
    desk.context = WorkContext()
    await desk.writer.look()
    sofa.touch("b.py")
    await sofa.writer.look()
    assert await machines(sessions) == ["desk", "sofa"]


async def test_what_was_touched_long_ago_is_no_work(
    sessions: Sessions, clock: ShiftedClock
) -> None:
    desk = Laptop(sessions, "desk", clock)
    desk.touch("a.py")
    clock.shift_ms += ACTIVE_MS + 1_000
    await desk.writer.look()
    assert await machines(sessions) == []
