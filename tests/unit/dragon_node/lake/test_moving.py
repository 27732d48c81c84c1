"""One project told to another Dragon: all of it, once, in sight of one Dragon at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from common.errors import Missing
from common.model.ids import NodeId, ProjectId
from common.model.lake import HistoryQuery, Oblivion, SearchQuery
from dragon_node.lake.lake import Lake
from dragon_node.lake.moves import Arrival
from tests.support.lake import OTHER_COPY, Laptop, contents, event, opened, ran, saved, seen

OLD, NEW = NodeId("a" * 16), NodeId("b" * 16)


@asynccontextmanager
async def two(tmp_path: Path) -> AsyncGenerator[tuple[Lake, Lake]]:
    """The Dragon that holds a project, and the one that it moves to."""
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(opened(tmp_path / "old")),
            await stack.enter_async_context(opened(tmp_path / "new")),
        )


def project_of(lake: Lake) -> ProjectId:
    return ProjectId(next(p for p in lake.project_ids() if p != "0" * 16))


async def begun(old: Lake, new: Lake, project: ProjectId) -> Arrival:
    return await new.moving.expect(project, OLD, await old.moving.holding(project))


async def brought(old: Lake, new: Lake, project: ProjectId) -> Arrival:
    """Everything that the old one has by now."""
    arrival = await begun(old, new, project)
    while (told := await old.moving.after(project, new.moving.at(arrival))).records:
        await new.moving.take(arrival, told)
    return arrival


async def switched(old: Lake, new: Lake, project: ProjectId) -> None:
    await new.moving.arrived(project)
    await old.moving.hand(project, NEW)


async def commands(lake: Lake) -> list[str]:
    page = await lake.history(HistoryQuery(kind="command", limit=100))
    return [getattr(each.event.body, "command", "") for each in reversed(page.entries)]


async def recorded(lake: Lake) -> Laptop:
    laptop = Laptop(lake)
    texts = ("def alpha(): pass", "def beta(): pass")
    await laptop.send(seen(), ran("make one"))
    await laptop.send(saved("a.py", texts[0]), saved("b.py", texts[1]), blobs=contents(*texts))
    return laptop


async def test_what_was_recorded_is_asked_of_the_new_dragon_after_the_move(tmp_path: Path) -> None:
    async with two(tmp_path) as (old, new):
        await recorded(old)
        project = project_of(old)
        await brought(old, new, project)
        await switched(old, new, project)
        assert await commands(new) == ["make one"]
        found = await new.literal(SearchQuery("beta", mode="literal"))
        assert [hit.path for hit in found.hits] == ["b.py"]
        assert project in new.project_ids()
        assert project not in old.project_ids() and await commands(old) == []


async def test_until_it_is_whole_only_the_old_dragon_answers(tmp_path: Path) -> None:
    async with two(tmp_path) as (old, new):
        await recorded(old)
        project = project_of(old)
        await brought(old, new, project)
        assert await commands(old) == ["make one"]
        assert project not in new.project_ids() and await commands(new) == []
        with pytest.raises(Missing):
            await new.history(HistoryQuery(project=project))


async def test_copying_goes_on_where_it_was_after_the_new_dragon_was_opened_again(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "old") as old:
        laptop = await recorded(old)
        project = project_of(old)
        async with opened(tmp_path / "new") as new:
            arrival = await brought(old, new, project)
            at = new.moving.at(arrival)
        await laptop.send(ran("make two"))
        async with opened(tmp_path / "new") as new:
            again = await begun(old, new, project)
            assert again == arrival and new.moving.at(again) == at
            assert new.project_ids() == ()
            await brought(old, new, project)
            await switched(old, new, project)
            assert await commands(new) == ["make one", "make two"]


async def test_told_twice_it_is_there_once(tmp_path: Path) -> None:
    async with two(tmp_path) as (old, new):
        await recorded(old)
        project = project_of(old)
        arrival = await begun(old, new, project)
        told = await old.moving.after(project, 0)
        assert await new.moving.take(arrival, told) == await new.moving.take(arrival, told)
        await switched(old, new, project)
        assert await commands(new) == ["make one"]


async def test_what_a_laptop_sends_to_the_old_dragon_afterwards_is_handed_on(
    tmp_path: Path,
) -> None:
    async with two(tmp_path) as (old, new):
        laptop = await recorded(old)
        project = project_of(old)
        arrival = await brought(old, new, project)
        await switched(old, new, project)
        await laptop.send(ran("make late"))
        assert await commands(old) == []
        await new.moving.take(arrival, await old.moving.after(project, new.moving.at(arrival)))
        assert await commands(new) == ["make one", "make late"]


async def test_it_moves_back_with_what_was_recorded_meanwhile(tmp_path: Path) -> None:
    async with two(tmp_path) as (old, new):
        await recorded(old)
        project = project_of(old)
        await brought(old, new, project)
        await switched(old, new, project)
        await Laptop(new, origin=Laptop(new).origin).send(ran("make there"))
        holding = await new.moving.holding(project)
        arrival = await old.moving.expect(project, NEW, holding)
        while (told := await new.moving.after(project, old.moving.at(arrival))).records:
            await old.moving.take(arrival, told)
        assert await commands(old) == []
        await old.moving.arrived(project)
        await new.moving.hand(project, OLD)
        assert await commands(old) == ["make one", "make there"]
        assert await commands(new) == []


async def test_a_project_that_both_have_stays_in_sight_while_it_is_brought_together(
    tmp_path: Path,
) -> None:
    async with two(tmp_path) as (old, new):
        await recorded(old)
        project = project_of(old)
        here = Laptop(new)
        described = event(seen(path="/home/bob/thing"), OTHER_COPY)
        await here.send(described, event(ran("make here"), OTHER_COPY))
        assert project_of(new) == project
        await brought(old, new, project)
        assert sorted(await commands(new)) == ["make here", "make one"]


async def test_what_was_forgotten_is_forgotten_on_both(tmp_path: Path) -> None:
    async with two(tmp_path) as (old, new):
        laptop = Laptop(old)
        secret = event(ran("make hunter2"))
        await laptop.send(seen(), secret, ran("make one"))
        project = project_of(old)
        async for _ in old.forget(Oblivion(text="hunter2")):
            pass
        await brought(old, new, project)
        await switched(old, new, project)
        assert await commands(new) == ["make one"]
        await laptop.send(ran("make hunter2 again"))
        async for _ in old.forget(Oblivion(project=project, text="again")):
            pass
        await brought(old, new, project)
        assert await commands(new) == ["make one"]


async def test_the_old_dragon_remembers_after_a_start_that_it_was_handed_on(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "old") as old:
        await recorded(old)
        project = project_of(old)
        await old.moving.hand(project, NEW)
    async with opened(tmp_path / "old") as old:
        assert project not in old.project_ids() and await commands(old) == []
        assert (await old.moving.holding(project)).name == "thing"
