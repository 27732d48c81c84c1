"""What the way in refuses, and what of a cancelled stream stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from common.errors import Invalid
from common.model.lake import SearchQuery
from dragon_node.lake.journal_writer import Writer
from dragon_node.lake.lake import Lake
from tests.support.lake import (
    COPY,
    NODE,
    ORIGIN,
    OTHER_COPY,
    Laptop,
    contents,
    event,
    opened,
    saved,
    seen,
)

ELSEWHERE = seen(remotes=("github.com/ada/other",), roots=("root2",))


@pytest.mark.parametrize("last", [1 << 62, (1 << 63) + 1, (1 << 64) - 1])
async def test_a_sequence_that_no_file_can_keep_is_invalid_and_ends_nothing(
    tmp_path: Path, last: int
) -> None:
    async with opened(tmp_path) as lake:
        with pytest.raises(Invalid, match=r"open\.last"):
            await lake.open_origin(ORIGIN, NODE, last, last)
        await Laptop(lake).save({"a.py": "needle = 1\n"})
    async with opened(tmp_path) as lake:
        assert len((await lake.literal(SearchQuery("needle", mode="literal"))).hits) == 1


async def test_a_record_after_the_last_sequence_is_invalid(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await lake.open_origin(ORIGIN, NODE, (1 << 62) - 1, (1 << 62) - 1)
        laptop = Laptop(lake, seq=(1 << 62) - 2)
        await laptop.send(seen())
        with pytest.raises(Invalid, match=r"record\.seq"):
            await laptop.send(seen())
        await Laptop(lake, origin=type(ORIGIN)("b" * 32)).send(seen())


async def _cancelled_at(
    monkeypatch: pytest.MonkeyPatch, lake: Lake, at: str, doing: Callable[[], Awaitable[object]]
) -> None:
    """Cancelled while the screen looks, or once the journal has been asked to write."""
    reached, loop = asyncio.Event(), asyncio.get_running_loop()
    submit = Writer.submit

    async def hangs(_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    def told(writer: Writer, *args: object) -> object:
        loop.call_soon(reached.set)
        return submit(writer, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        if at == "screened":
            patched.setattr(lake._intake._screen, "drafts", hangs)
        else:
            patched.setattr(Writer, "submit", told)
        task = asyncio.ensure_future(doing())
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def _files(lake: Lake, project: str) -> int:
    return len((await lake.literal(SearchQuery("needle", mode="literal", project=project))).hits)


@pytest.mark.parametrize("at", ["screened", "written"])
async def test_a_cancelled_move_of_a_working_copy_is_made_once_when_it_comes_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        await laptop.save({"a.py": "needle = 1\n"})
        await _cancelled_at(monkeypatch, lake, at, lambda: laptop.send(ELSEWHERE))
        if at == "screened":
            laptop.seq -= 1
            await laptop.send(event(saved("b.py", "needle\n")), blobs=contents("needle\n"))
            assert await _files(lake, "thing") == 2
            await laptop.send(ELSEWHERE)
        await laptop.send(event(saved("c.py", "needle\n")), blobs=contents("needle\n"))
        assert (await _files(lake, "thing"), await _files(lake, "other")) == (0, 1)


async def test_a_cancelled_join_that_was_written_is_true_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as lake:
        laptop = Laptop(lake)
        other = seen("/home/ada/other", ("github.com/ada/other",), ("root2",))
        await laptop.send(event(seen(), COPY), event(other, OTHER_COPY))
        await laptop.send(event(saved("a.py", "needle\n"), COPY), blobs=contents("needle\n"))
        await _cancelled_at(monkeypatch, lake, "written", lambda: lake.alias("thing", "other"))
        assert await _files(lake, "other") == 1
        await lake.alias("thing", "")
        assert await _files(lake, "other") == 0
