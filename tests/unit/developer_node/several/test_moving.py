"""A working copy follows its project when nothing older of it can come any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.alongside import alongside
from common.errors import Missing, Unavailable
from common.model.event import CommandFinished, Event, WorkingCopySeen
from common.model.ids import NodeId, WorkingCopyId, new_event_id
from common.model.node import Node
from common.placing import evident_project
from developer_node.outbox.outbox import Outbox
from developer_node.several.moving import Moving
from developer_node.several.placing import Placing
from tests.support.waiting import until

COPY = WorkingCopyId("1" * 16)
SEEN = WorkingCopySeen(path="/code", machine="laptop", remotes=("host/a/thing",))
PROJECT = evident_project(COPY, SEEN)
HOME, FAR = "a" * 16, "f" * 16


@dataclass
class Mesh:
    """Two Dragons and a Coordinator that count."""

    at: str = ""
    holders: tuple[str, ...] = (HOME,)
    states: dict[str, str] = field(default_factory=dict[str, str])
    successors: dict[str, str] = field(default_factory=dict[str, str])
    knows: bool = True
    several: bool = True
    asked: int = 0
    refreshed: int = 0
    told_who_leads: asyncio.Event = field(default_factory=asyncio.Event)
    brought: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    pinned: list[str] = field(default_factory=list[str])
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def nodes(self) -> tuple[Node, ...]:
        def node(each: str) -> Node:
            held = (PROJECT,) if each in self.holders else ()
            state = "gone" if self.states.get(each) == "gone" else "serving"
            return Node("dragon", NodeId(each), "", state, 3.0, projects=held)

        return tuple(map(node, (HOME, FAR)))

    async def home(self) -> str:
        return HOME

    async def ask(self, project: str) -> str:
        self.asked += 1
        return self.at

    async def bring(
        self, target: str, project: str, holder: str
    ) -> AsyncGenerator[tuple[int, int]]:
        async with self.moved:
            self.brought.append((target, holder))
            self.moved.notify_all()
        if not self.knows:
            raise Missing("there is no such project")
        yield 1, 1

    async def leading(self, dragon: str) -> str:
        self.told_who_leads.set()
        return self.successors.get(dragon, dragon)

    async def refresh(self) -> bool:
        self.refreshed += 1
        return self.several

    async def pin(self, project: str, dragon: str) -> None:
        self.pinned.append(dragon)
        self.at = dragon

    async def until_brought(self, times: int) -> None:
        async with asyncio.timeout(60), self.moved:
            await self.moved.wait_for(lambda: len(self.brought) >= times)


def ran() -> Event:
    return Event(new_event_id(), 1_000, COPY, CommandFinished("make", "/code", (0,), 1))


@asynccontextmanager
async def recording(tmp_path: Path, mesh: Mesh) -> AsyncGenerator[tuple[Outbox, Placing, Moving]]:
    """One record of a project at home waits."""
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        placing = Placing(outbox, mesh.ask)
        await placing.open()
        seen = Event(new_event_id(), 1_000, COPY, SEEN)
        await outbox.append([(seen, {})], await placing.decide([seen]))
        yield outbox, placing, Moving(mesh, outbox, placing)


async def until_at(placing: Placing, dragon: str) -> None:
    async with asyncio.timeout(60):
        while True:
            async with placing.turn:
                if placing.placements[COPY].dragon == dragon:
                    return
            await asyncio.sleep(0.02)


async def test_it_changes_its_lane_only_when_nothing_waits_in_the_old_one(tmp_path: Path) -> None:
    mesh = Mesh()
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        mesh.at = FAR
        async with alongside(moving.run()):
            await mesh.until_brought(1)
            async with placing.turn:
                await outbox.append([(ran(), {})])
            assert placing.placements[COPY].dragon == ""
            assert (await outbox.position()).last == 2
            await outbox.acknowledge(2)
            await until_at(placing, FAR)
        assert mesh.brought[-1] == (FAR, HOME) and len(mesh.brought) >= 2
        await outbox.append([(ran(), {})])
        assert (await outbox.lanes[FAR].position()).last == 1
        assert (await outbox.position()).last == 2


async def test_where_one_dragon_is_all_nobody_is_asked_for_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("developer_node.several.moving.LOOK_S", 0.01)
    mesh = Mesh(several=False)
    async with recording(tmp_path, mesh) as (_, _, moving):
        asked = mesh.asked
        async with alongside(moving.run()):
            await until(lambda: mesh.refreshed >= 3)
            assert mesh.asked == asked
            mesh.several = True
            await until(lambda: mesh.asked > asked)


async def test_what_is_asked_for_is_copied_and_then_placed(tmp_path: Path) -> None:
    mesh = Mesh()
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        await outbox.acknowledge(1)
        async with alongside(moving.run()):
            assert await moving.move(PROJECT, FAR)
            assert mesh.brought[0] == (FAR, HOME) and mesh.pinned == [FAR]
            await until_at(placing, FAR)


async def test_a_dragon_that_holds_it_copies_nothing(tmp_path: Path) -> None:
    mesh = Mesh(holders=(HOME, FAR))
    async with recording(tmp_path, mesh) as (_, _, moving):
        assert not await moving.move(PROJECT, FAR)
        assert mesh.brought == [] and mesh.pinned == []


async def test_while_a_holder_is_away_nothing_is_moved(tmp_path: Path) -> None:
    mesh = Mesh(states={HOME: "gone"})
    async with recording(tmp_path, mesh) as (_, _, moving):
        with pytest.raises(Unavailable, match="holds the project and is away"):
            await moving.move(PROJECT, FAR)
        assert mesh.pinned == []


async def test_a_copy_that_breaks_places_nothing(tmp_path: Path) -> None:
    mesh = Mesh(knows=False)
    async with recording(tmp_path, mesh) as (_, _, moving):
        with pytest.raises(Missing):
            await moving.move(PROJECT, FAR)
        assert mesh.pinned == []


async def test_a_project_that_its_dragon_names_otherwise_stays_where_it_is(tmp_path: Path) -> None:
    mesh = Mesh(knows=False)
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        await outbox.acknowledge(1)
        mesh.at = FAR
        async with alongside(moving.run()):
            await mesh.until_brought(1)
        assert placing.placements[COPY].dragon == "" and len(mesh.brought) == 1


async def test_a_follower_that_took_the_place_gets_what_is_in_the_lane_already(
    tmp_path: Path,
) -> None:
    follower = "b" * 16
    mesh = Mesh(successors={HOME: follower})
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        await outbox.acknowledge(1)
        mesh.at = follower
        async with alongside(moving.run()):
            async with asyncio.timeout(60):
                await mesh.told_who_leads.wait()
        assert placing.placements[COPY].dragon == "" and mesh.brought == []


async def test_what_waits_for_a_dragon_that_left_with_nothing_goes_to_another(
    tmp_path: Path,
) -> None:
    mesh = Mesh(at=FAR, holders=(), states={FAR: "gone"})
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        assert placing.placements[COPY].dragon == FAR
        mesh.at = ""  # it is no longer welcome, so the project was placed anew
        async with alongside(moving.run()):
            await until_at(placing, "")
        assert (await outbox.position()).last == 1 and mesh.brought == []
        assert (await outbox.lanes[FAR].position()).last == 0


async def test_what_was_sent_to_a_dragon_stays_in_its_lane(tmp_path: Path) -> None:
    mesh = Mesh(at=FAR, holders=(), states={FAR: "gone"}, knows=False)
    async with recording(tmp_path, mesh) as (outbox, placing, moving):
        await outbox.lanes[FAR].will_send(1)
        mesh.at = ""
        async with alongside(moving.run()):
            await mesh.until_brought(1)
        assert placing.placements[COPY].dragon == FAR
        assert (await outbox.lanes[FAR].position()).last == 1
