"""Two projects of a real lake, joined and parted by a person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.errors import Conflict, Missing
from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.lake import Lake
from tests.support.lake import (
    COPY,
    OTHER_COPY,
    Laptop,
    contents,
    event,
    opened,
    plain,
    saved,
    seen,
)


async def _two_projects(lake: Lake) -> Laptop:
    laptop = Laptop(lake)
    thing = seen("/home/ada/thing", ("github.com/ada/thing",), ("r1",))
    gadget = seen("/home/ada/gadget", ("github.com/ada/gadget",), ("r2",))
    await laptop.send(event(thing, COPY), event(gadget, OTHER_COPY))
    await laptop.send(event(saved("a.py", "needle = 1\n"), COPY), blobs=contents("needle = 1\n"))
    await laptop.send(
        event(saved("b.py", "needle = 2\n"), OTHER_COPY), blobs=contents("needle = 2\n")
    )
    return laptop


async def _paths(lake: Lake, project: str) -> list[tuple[str, str]]:
    found = await lake.literal(SearchQuery("needle", mode="literal", project=project))
    return [(hit.project, hit.path) for hit in found.hits]


async def test_joined_projects_are_searched_as_one_by_either_name(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await _two_projects(lake)
        assert await _paths(lake, "thing") == [("thing", "a.py")]
        await lake.alias("gadget", "thing")
        for name in ("thing", "gadget"):
            assert sorted(await _paths(lake, name)) == [("thing", "a.py"), ("thing", "b.py")]
        entries = (await lake.history(HistoryQuery(project="thing"))).entries
        assert {entry.event.working_copy for entry in entries} == {COPY, OTHER_COPY}


async def test_what_arrives_after_the_join_parts_with_what_it_belongs_to(tmp_path: Path) -> None:
    """Joining moves nothing, so parting has nothing to find again."""
    async with opened(tmp_path) as lake:
        laptop = await _two_projects(lake)
        await lake.alias("gadget", "thing")
        await laptop.send(
            event(saved("c.py", "needle = 3\n"), OTHER_COPY), blobs=contents("needle = 3\n")
        )
        await lake.alias("gadget", "")
        assert await _paths(lake, "thing") == [("thing", "a.py")]
        assert await _paths(lake, "gadget") == [("gadget", "b.py"), ("gadget", "c.py")]


@pytest.mark.parametrize("ram", ["kept", "lost"])
async def test_a_join_outlives_a_restart_and_a_lost_ram_disk(tmp_path: Path, ram: str) -> None:
    async with opened(tmp_path) as lake:
        await _two_projects(lake)
        joined = await lake.alias("gadget", "thing")
    if ram == "lost":
        shutil.rmtree(plain(tmp_path).path)
    async with opened(tmp_path) as lake:
        assert len(await _paths(lake, "thing")) == 2
        kept = {stats.id: stats for stats in (await lake.stats()).kept}
        assert kept[joined.id].joined_to
        assert kept[joined.id].name == "gadget"
        with pytest.raises(Conflict):
            await lake.alias("thing", "gadget")
        await lake.alias("gadget", "")
    async with opened(tmp_path) as lake:
        assert len(await _paths(lake, "thing")) == 1
        with pytest.raises(Missing):
            await lake.alias("gadget", "")
