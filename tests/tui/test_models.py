"""The models as they are looked after: keys only where they apply, progress that can be ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from common.errors import OverLimit
from common.model.llm import ModelList
from developer_node.front.tui.screens.models import ModelsView
from tests.support.tui_scenes import until
from tests.support.tui_scenes_rooms import (
    CODER,
    LARGE,
    MIDDLE,
    MODELS,
    follow,
    lose,
    over,
    room,
    saw,
    scene_models,
    scene_models_fetching,
    words,
)

SMALL, WIDE = (80, 24), (120, 36)
Shown = Callable[..., bool]


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares a room, after some steps, with the picture that was looked at."""

    def compare(scene: str, *steps: str, size: tuple[int, int] = SMALL) -> bool:
        async def walk(pilot: Pilot[None]) -> None:
            await follow(pilot, steps)

        app = room(scene, "models", grown=True)
        return snap_compare(app, run_before=walk, terminal_size=size)

    return compare


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80", "120"])
def test_memory_speed_and_the_catalogue_stand_together(shown: Shown, size: tuple[int, int]) -> None:
    assert shown("models", "see 28 GB of 48 GB spoken for", size=size)


def test_a_fetch_is_seen_as_it_goes(shown: Shown) -> None:
    assert shown("models_fetching", "j", "j", "see f Fetch", "f", "see 25 %")


def test_a_catalogue_that_is_not_used_says_what_is_wrong_with_it(shown: Shown) -> None:
    assert shown("models_faulty", "see models.toml, line 4", size=WIDE)


def test_without_models_the_view_says_what_works_all_the_same(shown: Shown) -> None:
    assert shown("models_none", "see The Dragon has no models.")


async def test_only_what_applies_is_offered() -> None:
    """In memory, on the SSD, not there, and the embedder that is nobody's to move."""
    async with over(scene_models(), "models").run_test(size=WIDE) as pilot:
        await follow(pilot, ["see u Unload p Unpin"])
        assert "o Load" not in words(pilot) and "f Fetch" not in words(pilot)
        await follow(pilot, ["j", "see o Load p Pin"])
        assert "u Unload" not in words(pilot) and "f Fetch" not in words(pilot)
        await follow(pilot, ["j", "see f Fetch p Pin"])
        assert "o Load" not in words(pilot)
        await follow(pilot, ["j", "see Open F1 Help"])


async def test_a_load_is_followed_to_its_end() -> None:
    daemon, arrive = scene_models(), asyncio.Event()
    daemon.models.pieces = (
        replace(MIDDLE, state="loading", progress=0.4),
        arrive,
        replace(MIDDLE, state="loaded", progress=1.0),
    )
    async with over(daemon, "models").run_test(size=SMALL) as pilot:
        await follow(pilot, ["j", "see o Load", "o", "see 40 %"])
        arrive.set()
        await saw(pilot, "✓ Loading Qwen3-8B-4bit loaded")
        assert daemon.models.asked == [("load", MIDDLE.name)]


async def test_a_load_that_fails_says_why() -> None:
    daemon = scene_models()
    daemon.models.pieces = (replace(MIDDLE, state="failed", detail="its weights are torn"),)
    async with over(daemon, "models").run_test(size=SMALL) as pilot:
        await follow(pilot, ["j", "see o Load", "o"])
        await saw(pilot, "✗ Loading Qwen3-8B-4bit failed, its weights are torn")


async def test_escape_ends_a_fetch() -> None:
    daemon = scene_models_fetching()
    async with over(daemon, "models").run_test(size=SMALL) as pilot:
        await follow(pilot, ["j", "j", "see f Fetch", "f", "see 25 %", "escape"])
        await saw(pilot, "cancelled")
        await until(pilot, lambda: daemon.models.ended == 1)
        assert daemon.models.asked == [("pull", CODER.name)]


async def test_unloading_says_what_it_waits_for_and_asks() -> None:
    daemon = scene_models()
    async with over(daemon, "models").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, ["see u Unload", "u", "see It works on 2 requests", "escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, ModelsView))
        assert daemon.models.asked == []
        await follow(pilot, ["u", "see It works on 2 requests", "enter"])
        await saw(pilot, "Qwen3-32B-4bit has left the memory.")
        assert daemon.models.asked == [("unload", LARGE.name)]


async def test_pins_are_told_and_said() -> None:
    daemon = scene_models()
    async with over(daemon, "models").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, ["see p Unpin", "p", "see leaves when room is needed."])
        await follow(pilot, ["j", "see o Load p Pin", "p"])
        await saw(pilot, "Qwen3-8B-4bit stays in memory from now on.")
        assert daemon.models.asked == [("unpin", LARGE.name), ("pin", MIDDLE.name)]


async def test_a_refusal_is_a_sentence() -> None:
    daemon = scene_models()
    async with over(daemon, "models").run_test(size=WIDE) as pilot:
        await follow(pilot, ["j", "see o Load"])
        daemon.models.refusal = OverLimit("5.0 GB are wanted and 2.0 GB are free.")
        await follow(pilot, ["o"])
        await saw(pilot, "5.0 GB are wanted and 2.0 GB are free.")


async def test_what_a_change_changed_is_seen_at_once() -> None:
    """The Dragon is asked again; nobody waits for the next round."""
    daemon = scene_models()
    changed = (replace(LARGE, pinned=False), *MODELS[1:])
    async with over(daemon, "models", poll_s=3_600.0).run_test(size=WIDE) as pilot:
        await follow(pilot, ["see p Unpin"])
        daemon.models.now = ModelList(changed)
        await pilot.press("p")
        await saw(pilot, "p Pin")


async def test_without_the_dragon_the_numbers_say_of_when_they_are() -> None:
    daemon = scene_models()
    async with over(daemon, "models").run_test(size=WIDE) as pilot:
        await follow(pilot, ["see u Unload"])
        lose(daemon)
        await saw(pilot, "As it was at 14:05:00, not now.")
        await until(pilot, lambda: "u Unload" not in words(pilot))
        assert "p Unpin" not in words(pilot)
