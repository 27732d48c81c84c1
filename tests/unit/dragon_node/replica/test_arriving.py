"""A project that is asked for arrives whole, is placed, and only then handed on by its holder."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.alongside import alongside
from common.errors import Conflict, Missing, Unavailable
from common.model.ids import NodeId, ProjectId
from common.model.lake import HistoryQuery, Oblivion, SearchQuery
from common.model.replica import JournalRows, ProjectHolding
from dragon_node.lake.lake import Lake
from dragon_node.replica.arriving import Arriving
from dragon_node.replica.telling import Telling
from tests.support.lake import Laptop, contents, event, opened, ran, saved, seen

A, B, C = NodeId("a" * 16), NodeId("b" * 16), NodeId("c" * 16)


@dataclass
class Wire:
    """Dragons by their ids, where the Coordinator says that projects are, and what breaks."""

    lakes: dict[NodeId, Lake] = field(default_factory=dict[NodeId, Lake])
    placed: dict[str, str] = field(default_factory=dict[str, str])
    messages_left: int = 1 << 30

    async def where(self, project: str) -> str:
        return self.placed.get(project, "")

    def arriving(self, node: NodeId) -> Arriving:
        async def tell(
            holder: NodeId, project: str, after: int, *, handed: bool
        ) -> AsyncGenerator[ProjectHolding | JournalRows]:
            if holder not in self.lakes:
                raise Unavailable(f"{holder} does not answer")
            telling = Telling(self.lakes[holder].moving, self.where)
            async for each in telling.tell(node, ProjectId(project), after, handed=handed):
                self.messages_left -= 1
                if self.messages_left < 0:
                    raise Unavailable("the connection broke")
                yield each

        return Arriving(node, self.lakes[node].moving, tell, self.where)


@asynccontextmanager
async def dragons(tmp_path: Path, *nodes: NodeId) -> AsyncGenerator[Wire]:
    async with AsyncExitStack() as stack:
        wire = Wire()
        for node in nodes:
            wire.lakes[node] = await stack.enter_async_context(opened(tmp_path / node))
        yield wire


async def commands(lake: Lake) -> list[str]:
    page = await lake.history(HistoryQuery(kind="command", limit=1_000))
    return [getattr(each.event.body, "command", "") for each in reversed(page.entries)]


async def until(lake: Lake, wanted: list[str]) -> None:
    at = lake.applied
    async with asyncio.timeout(60):
        while await commands(lake) != wanted:
            at = await lake.wait_applied(at)


async def brought(arriving: Arriving, project: ProjectId, holder: NodeId) -> None:
    async for _ in arriving.bring(project, holder):
        pass


def held(lake: Lake) -> ProjectId:
    return ProjectId(lake.project_ids()[0])


async def test_it_is_in_sight_at_one_dragon_before_and_after_it_is_placed(tmp_path: Path) -> None:
    async with dragons(tmp_path, A, B) as wire:
        old, new = wire.lakes[A], wire.lakes[B]
        laptop = Laptop(old)
        await laptop.send(seen(), ran("one"))
        project, arriving = held(old), wire.arriving(B)
        await brought(arriving, project, A)
        async with alongside(arriving.run()):
            assert await commands(old) == ["one"] and await commands(new) == []
            wire.placed[project] = B
            await until(new, ["one"])
            await until(old, [])
            await laptop.send(ran("late"))
            await until(new, ["one", "late"])


async def test_a_copy_that_broke_goes_on_and_nothing_is_there_twice(tmp_path: Path) -> None:
    texts = [f"def f{n}(): return {'x' * 200_000!r}" for n in range(12)]
    names = [f"make {n}" for n in range(12)]
    async with dragons(tmp_path, A) as wire:
        laptop = Laptop(wire.lakes[A])
        await laptop.send(seen())
        for n, text in enumerate(texts):
            await laptop.send(saved(f"{n}.py", text), ran(names[n]), blobs=contents(text))
        project = held(wire.lakes[A])
        ended = False
        while not ended:  # opened anew each time, as after a kill
            async with opened(tmp_path / "new") as new:
                wire.lakes[B] = new
                wire.messages_left = 4
                try:
                    await brought(wire.arriving(B), project, A)
                    ended = True
                except Unavailable:
                    assert await commands(new) == []
        async with opened(tmp_path / "new") as new:
            wire.lakes[B], wire.messages_left, wire.placed[project] = new, 1 << 30, B
            async with alongside(wire.arriving(B).run()):
                await until(new, names)
                await until(wire.lakes[A], [])
            assert (await new.stats()).files == 12


async def test_one_that_was_never_placed_here_stays_with_its_holder(tmp_path: Path) -> None:
    async with dragons(tmp_path, A, B, C) as wire:
        await Laptop(wire.lakes[A]).send(seen(), ran("one"))
        project = held(wire.lakes[A])
        first, second = wire.arriving(B), wire.arriving(C)
        await brought(first, project, A)
        await brought(second, project, A)
        wire.placed[project] = C
        async with alongside(first.run(), second.run()):
            await until(wire.lakes[C], ["one"])
            await until(wire.lakes[A], [])
            assert await commands(wire.lakes[B]) == []


async def test_what_comes_late_finds_its_way_through_two_moves(tmp_path: Path) -> None:
    async with dragons(tmp_path, A, B, C) as wire:
        laptop = Laptop(wire.lakes[A])
        await laptop.send(seen(), ran("one"))
        project = held(wire.lakes[A])
        second, third = wire.arriving(B), wire.arriving(C)
        async with alongside(second.run(), third.run()):
            await brought(second, project, A)
            wire.placed[project] = B
            await until(wire.lakes[A], [])
            await brought(third, project, B)
            wire.placed[project] = C
            await until(wire.lakes[B], [])
            for late in (["late"], ["late", "later"], ["late", "later", "last"]):
                await laptop.send(ran(late[-1]))
                await until(wire.lakes[C], ["one", *late])


async def test_back_where_it_was_it_is_in_sight_there_alone(tmp_path: Path) -> None:
    async with dragons(tmp_path, A, B) as wire:
        await Laptop(wire.lakes[A]).send(seen(), ran("one"))
        project = held(wire.lakes[A])
        first, second = wire.arriving(A), wire.arriving(B)
        async with alongside(first.run(), second.run()):
            await brought(second, project, A)
            wire.placed[project] = B
            await until(wire.lakes[A], [])
            await brought(first, project, B)
            wire.placed[project] = A
            await until(wire.lakes[A], ["one"])
            await until(wire.lakes[B], [])
            assert await commands(wire.lakes[A]) == ["one"]


async def test_a_holder_that_believes_nobody_but_the_coordinator_stays_in_sight(
    tmp_path: Path,
) -> None:
    async with dragons(tmp_path, A, B) as wire:
        await Laptop(wire.lakes[A]).send(seen(), ran("one"))
        project = held(wire.lakes[A])
        telling = Telling(wire.lakes[A].moving, wire.where)
        told = [each async for each in telling.tell(B, project, 0, handed=True)]
        assert len(told) == 1 and await commands(wire.lakes[A]) == ["one"]


async def test_what_nobody_holds_and_what_is_here_are_refused(tmp_path: Path) -> None:
    async with dragons(tmp_path, A, B) as wire:
        arriving = wire.arriving(B)
        with pytest.raises(Missing, match="there is no project"):
            await brought(arriving, ProjectId("9" * 16), A)
        with pytest.raises(Conflict, match="at this Dragon already"):
            await brought(arriving, ProjectId("9" * 16), B)
        assert wire.lakes[B].moving.moves.arrivals == ()


async def test_what_was_forgotten_there_is_not_taken_in_here_either(tmp_path: Path) -> None:
    secret = "token = 'hunter2'"
    async with dragons(tmp_path, A, B) as wire:
        laptop = Laptop(wire.lakes[A])
        said = event(ran("echo hunter2"))
        await laptop.send(seen(), said, ran("one"))
        await laptop.send(saved("a.py", secret), blobs=contents(secret))
        project = held(wire.lakes[A])
        async for _ in wire.lakes[A].forget(Oblivion(text="hunter2")):
            pass
        arriving = wire.arriving(B)
        await brought(arriving, project, A)
        wire.placed[project] = B
        async with alongside(arriving.run()):
            await until(wire.lakes[B], ["one"])
            here = Laptop(wire.lakes[B])  # it had no word of it: a restored copy, or a scan
            await here.send(said, saved("a.py", secret), ran("two"), blobs=contents(secret))
            assert await commands(wire.lakes[B]) == ["one", "two"]
            found = await wire.lakes[B].literal(SearchQuery("hunter2", mode="literal"))
            assert found.hits == ()
            kept = (await wire.lakes[B].stats()).journal_bytes
            await brought(arriving, project, A)
            assert (await wire.lakes[B].stats()).journal_bytes == kept


async def test_a_working_copy_that_left_the_project_is_not_found_in_it_after_the_move(
    tmp_path: Path,
) -> None:
    text = "def stale(): pass"
    async with dragons(tmp_path, A, B) as wire:
        laptop = Laptop(wire.lakes[A])
        await laptop.send(seen(), ran("one"))
        await laptop.send(saved("a.py", text), blobs=contents(text))
        project = held(wire.lakes[A])
        await laptop.send(seen(remotes=("github.com/eve/other",), roots=("root9",)))
        arriving = wire.arriving(B)
        await brought(arriving, project, A)
        wire.placed[project] = B
        async with alongside(arriving.run()):
            await until(wire.lakes[B], ["one"])
            found = await wire.lakes[B].literal(SearchQuery("stale", mode="literal"))
            assert found.hits == ()


async def test_what_is_forgotten_goes_from_the_copy_that_its_former_holder_keeps(
    tmp_path: Path,
) -> None:
    secret = "token = 'hunter2'"
    async with dragons(tmp_path, A, B) as wire:
        old = wire.lakes[A]
        laptop = Laptop(old)
        await laptop.send(seen(), ran("echo hunter2"), ran("one"))
        await laptop.send(saved("a.py", secret), blobs=contents(secret))
        project, arriving = held(old), wire.arriving(B)
        async with alongside(arriving.run()):
            await brought(arriving, project, A)
            wire.placed[project] = B
            await until(old, [])
        assert old.project_ids() == () and old.hidden_ids() == (project,)
        for named in (project, ""):
            steps = [step async for step in old.forget(Oblivion(text="hunter2", project=named))]
            assert steps[-1].ok and steps[-1].ended, steps
        assert (await old.moving.holding(project)).name
        told = (await old.moving.after(project, 0)).records
        assert told and not any(b"hunter2" in raw for _, raw in told)
