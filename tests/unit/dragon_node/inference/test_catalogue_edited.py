"""The owner edits his file while the Dragon runs, and what he wrote counts."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt, Missing
from common.model.llm import ModelChange
from dragon_node.inference import models as models_room
from dragon_node.inference import stock as stock_room
from dragon_node.inference.models import Models
from tests.support.opened_models import TWO, asked, edit, listed, models_over, tiny_pair, whole

PINNED = TWO.replace('purpose = "code"', 'purpose = "code"\npin = true')
OTHER = "\n[models.other]" + TWO.split("[models.other]")[1]


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models_room, "LOOK_AGAIN_S", 0.0)


async def until(models: Models, told: Callable[[ModelChange], bool]) -> ModelChange:
    """The first change that is so."""
    watching = models.watch(0)
    try:
        async with asyncio.timeout(60):
            async for change in watching:
                if told(change):
                    return change
    finally:
        await watching.aclose()
    raise AssertionError("a watch does not end")


async def test_a_pin_that_is_written_into_the_file_counts_while_it_runs(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path) as models:
        edit(tmp_path, PINNED)
        await until(models, lambda c: c.model.name == "tiny" and c.model.state == "loaded")
        with pytest.raises(Conflict, match="pinned"):
            await models.unload("tiny", now=False)


async def test_a_pin_that_is_taken_out_of_the_file_is_let_go_while_it_runs(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path, PINNED) as models:
        await until(models, lambda c: c.model.name == "tiny" and c.model.state == "loaded")
        edit(tmp_path, TWO)
        await until(models, lambda c: c.model.name == "tiny" and not c.model.pinned)
        assert (await models.unload("tiny", now=False)).state == "ready"


async def test_a_pinned_model_that_arrives_later_is_loaded(tmp_path: Path):
    tiny_pair(tmp_path)
    (tmp_path / "tiny").rename(tmp_path / "elsewhere")
    async with models_over(tmp_path, PINNED) as models:
        assert (await listed(models))["tiny"].state == "missing"
        (tmp_path / "elsewhere").rename(tmp_path / "tiny")
        await until(models, lambda c: c.model.name == "tiny" and c.model.state == "loaded")


async def test_a_model_that_leaves_the_catalogue_leaves_the_memory_and_is_told_once(
    tmp_path: Path,
):
    tiny_pair(tmp_path)
    async with models_over(tmp_path) as models:
        await whole(models.generate(asked("tiny")))
        assert {s.name: s.bytes for s in (await models.stats()).shares}["weights"] > 0
        edit(tmp_path, OTHER)
        gone = await until(models, lambda c: c.gone)
        assert (gone.model.name, gone.model.reason) == ("tiny", "it has left the catalogue")
        async with asyncio.timeout(60):
            while {s.name: s.bytes for s in (await models.stats()).shares}["weights"]:
                continue
        assert "tiny" not in await listed(models)
        edit(tmp_path, TWO)
        watching = models.watch(gone.cursor)
        async with asyncio.timeout(60):
            again = await anext(watching)
        await watching.aclose()
        assert (again.model.name, again.gone, again.model.state) == ("tiny", False, "ready")


async def test_who_works_with_a_model_that_leaves_the_catalogue_is_told_that_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tiny_pair(tmp_path)
    async with models_over(tmp_path) as models:
        loading, go_on = asyncio.Event(), asyncio.Event()

        async def slow(name: str, reason: str) -> None:
            loading.set()
            await go_on.wait()

        monkeypatch.setattr(models._scheduler, "load", slow)
        coming = asyncio.ensure_future(anext(models.load("tiny")))
        await loading.wait()
        edit(tmp_path, OTHER)
        go_on.set()
        with pytest.raises(Missing, match="has left the catalogue"):
            await coming


async def test_a_load_is_one_for_all_who_ask_and_who_leaves_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tiny_pair(tmp_path)
    real, go_on = stock_room.open_engine, asyncio.Event()

    def slowly(*given: object, **named: object) -> object:
        while not go_on.is_set():
            yield 0.5
        return (yield from real(*given, **named))  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(stock_room, "open_engine", slowly)
    async with models_over(tmp_path) as models, asyncio.timeout(60):
        before = len(asyncio.all_tasks())
        for _ in range(200):
            coming = models.load("tiny")
            first = asyncio.ensure_future(anext(coming))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            await coming.aclose()
        assert len(asyncio.all_tasks()) == before + 1
        last = asyncio.ensure_future(_last_state(models))
        go_on.set()
        assert await last == "loaded"


async def _last_state(models: Models) -> str:
    return [model.state async for model in models.load("tiny")][-1]


async def test_a_model_whose_weights_went_while_it_is_loaded_says_nothing_stale(tmp_path: Path):
    tiny_pair(tmp_path)
    async with models_over(tmp_path) as models:
        await whole(models.generate(asked("tiny")))
        shutil.rmtree(tmp_path / "tiny")
        found = (await listed(models))["tiny"]
        assert (found.state, found.detail) == ("loaded", "")


async def test_a_load_that_fails_of_a_model_that_was_added_just_now_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It is told when it happens, not at the next look."""
    monkeypatch.setattr(models_room, "LOOK_AGAIN_S", 3_600.0)
    tiny_pair(tmp_path)

    def broken(*_: object, **__: object) -> object:
        yield 0.0
        raise Corrupt("its weights are broken")

    monkeypatch.setattr(stock_room, "open_engine", broken)
    async with models_over(tmp_path, OTHER) as models:
        watching = models.watch(0)
        for _ in await listed(models):
            assert (await anext(watching)).reset
        edit(tmp_path, TWO)
        models._scheduler.prepare("tiny")
        async with asyncio.timeout(60):
            while (change := await anext(watching)).model.state != "failed":
                continue
        await watching.aclose()
        assert (change.model.name, bool(change.model.detail)) == ("tiny", True)
