"""After a cut of the journal content is in the projects' files, and found there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from common.errors import Invalid, OverLimit
from common.model.lake import SearchQuery
from common.wire.nouns import event_to_bytes
from dragon_node.ingest.pipeline import Ack, Entry, Open, Part, Pipeline, Reply
from dragon_node.lake.intake import Opened
from dragon_node.lake.lake import Lake
from tests.support.lake import Laptop, contents, event, opened, plain, ran, saved
from tests.support.residency import (
    copy_of,
    event_ids,
    hash_of,
    make_project,
    name_of,
    text_of,
)

TEXT = text_of(1) + "# 0\n"


async def _snapshot(lake: Lake) -> None:
    async with aclosing(lake.snapshot()) as steps:
        async for _ in steps:
            pass


async def _cut(lake: Lake, laptop: Laptop) -> None:
    """Two generations, and the journal begins after the older one."""
    await _snapshot(lake)
    await laptop.send(event(ran("in between"), copy_of(9)))
    await _snapshot(lake)
    journal = lake._journal  # pyright: ignore[reportPrivateUsage]
    assert journal.first_lsn > 1 and not await journal.holds([hash_of(TEXT)])


async def test_content_that_the_journal_lets_go_of_is_still_held(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        await _cut(lake, laptop)
        missing = hash_of("nobody has this")
        assert await lake.holds([hash_of(TEXT), missing]) == {hash_of(TEXT)}
        assert await lake.blob(hash_of(TEXT)) == TEXT.encode()
        await lake.sleep(name_of(1))
        assert await lake.holds([hash_of(TEXT)]) == set(), "the laptop sends it again"
        assert await lake.blob(hash_of(TEXT)) == TEXT.encode()
        assert await lake.blob(missing) is None


@pytest.mark.parametrize("number", [1, 2], ids=["the same project", "another project"])
@pytest.mark.parametrize("lost", [False, True], ids=["disk kept", "disk lost"])
async def test_who_refers_to_it_again_needs_the_journal_and_its_own_file_only(
    tmp_path: Path, number: int, lost: bool
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        await make_project(laptop, 2)
        await _cut(lake, laptop)
        await laptop.send(event(saved("again.py", TEXT), copy_of(number)))
        assert await lake._journal.holds([hash_of(TEXT)])  # pyright: ignore[reportPrivateUsage]
    if lost:
        plain(tmp_path).detach()
    async with opened(tmp_path) as lake:
        assert len(await event_ids(lake, name_of(number))) == 3
        for project, path in ((1, "m0.py"), (number, "again.py")):
            q = SearchQuery("only_in_1_0(", mode="literal", project=name_of(project))
            assert path in {hit.path for hit in (await lake.literal(q)).hits}


async def test_a_stream_that_refers_to_it_again_without_bringing_it_goes_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        await _cut(lake, laptop)

        async def parts() -> AsyncIterator[Part]:
            yield Open(laptop.origin, laptop.seq + 1, laptop.seq + 1)
            again = event_to_bytes(event(saved("again.py", TEXT), copy_of(1)))
            yield Entry(laptop.seq + 1, again)

        said: asyncio.Queue[Reply] = asyncio.Queue()
        await Pipeline(lake).serve(laptop.node, parts(), said.put)
        assert isinstance(said.get_nowait(), Opened)
        assert said.get_nowait() == Ack(laptop.seq + 1)


async def test_what_nobody_holds_is_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await make_project(laptop, 1)
        await _cut(lake, laptop)
        with pytest.raises(Invalid, match="offer it before the record"):
            await laptop.send(event(saved("new.py", "nobody has this"), copy_of(1)))


async def test_content_ahead_of_its_records_needs_room_too(tmp_path: Path) -> None:
    async with opened(tmp_path, budget_bytes=2 << 20) as lake:
        before = (await lake.stats()).journal_bytes
        with pytest.raises(OverLimit, match=r"[\d,]+ of 2,097,152 bytes"):
            await lake.keep(contents("x" * 600_000))
        assert (await lake.stats()).journal_bytes == before
        await lake.keep(contents("x" * 100_000))
        for _ in range(20):
            await lake.keep(contents("x" * 100_000))  # it counts once its records have come
