"""The lake as it is looked after: asked first where memory is lost, never stale as if of now."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest
from textual.pilot import Pilot

from common.errors import Conflict
from common.model.lake import LakeStep, SearchQuery
from developer_node.front.tui.screens.lake import LakeView
from developer_node.front.tui.screens.playground import PlaygroundScreen
from tests.support.tui_scenes import until
from tests.support.tui_scenes_rooms import (
    LEDGER,
    NOTES,
    SHOP,
    follow,
    lose,
    over,
    room,
    saw,
    scene_lake,
    scene_lake_damaged,
    scene_lake_snapshot,
    words,
)

SMALL, WIDE = (80, 24), (120, 36)
Shown = Callable[..., bool]
FISH = ("slash", *"money", "enter", "see 3 hits", "see / Query")


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares a room, after some steps, with the picture that was looked at."""

    def compare(scene: str, *steps: str, size: tuple[int, int] = SMALL) -> bool:
        async def walk(pilot: Pilot[None]) -> None:
            await follow(pilot, steps)

        app = room(scene, "lake", grown=True)
        return snap_compare(app, run_before=walk, terminal_size=size)

    return compare


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80", "120"])
def test_room_growth_projects_snapshots_and_stores_stand_together(
    shown: Shown, size: tuple[int, int]
) -> None:
    assert shown("lake", "see grew by", size=size)


def test_a_lake_that_is_not_in_ram_says_so_and_why(shown: Shown) -> None:
    assert shown("lake_not_ram", "see NOT RAM", size=WIDE)


def test_a_snapshot_is_seen_as_it_goes(shown: Shown) -> None:
    assert shown("lake_snapshot", "s", "see 50 %")


def test_what_is_damaged_is_said_when_the_reading_is_over(shown: Shown) -> None:
    assert shown("lake_damaged", "v", "see 1 of 16 files is damaged")


def test_sending_a_project_to_the_ssd_is_asked_first(shown: Shown) -> None:
    assert shown("lake", "j", "j", "see e Evict", "e", "see Send shop")


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80", "120"])
def test_the_playground_explains_the_ranks(shown: Shown, size: tuple[int, int]) -> None:
    assert shown("lake", *FISH, "j", size=size)


async def test_a_pin_is_told_to_the_lake_and_said() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, ["j", "see p Pin", "p"])
        await saw(pilot, "notes stays in memory from now on.")
        assert daemon.lake.pinned == [(NOTES.id, True)]


async def test_a_pinned_project_is_offered_to_be_let_go() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["see p Unpin", "p"])
        await until(pilot, lambda: daemon.lake.pinned == [(LEDGER.id, False)])


async def test_nothing_leaves_the_memory_without_a_yes() -> None:
    """Escape leaves it, Enter sends it."""
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["j", "j", "see e Evict", "e", "see Send shop", "escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, LakeView))
        assert daemon.lake.slept == []
        await follow(pilot, ["e", "see Send shop", "enter"])
        await until(pilot, lambda: daemon.lake.slept == [SHOP.id])


async def test_a_sleeper_wakes_by_a_question_about_it() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, ["j", "see w Wake", "w"])
        await saw(pilot, "notes is awake.")
        assert [query.project for query in daemon.searched] == [NOTES.id]


async def test_a_refusal_is_a_sentence() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, ["see p Unpin"])
        daemon.lake.refusal = Conflict("ledger is in use.", hint="Try again in a moment.")
        await follow(pilot, ["p"])
        await saw(pilot, "ledger is in use. Try again in a moment.")


async def test_escape_ends_a_snapshot() -> None:
    """The Dragon hears it, and the view says it."""
    daemon = scene_lake_snapshot()
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await follow(pilot, ["s", "see 50 %", "escape"])
        await saw(pilot, "Snapshot cancelled")
        await until(pilot, lambda: daemon.lake.ended == 1)


async def test_work_goes_on_while_one_looks_at_other_views() -> None:
    daemon, go_on = scene_lake(), asyncio.Event()
    daemon.lake.snapshot_steps = (
        LakeStep("copying", 1, 2, "copying"),
        go_on,
        LakeStep("done", 2, 2, "generation 4 is written", ended=True),
    )
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await follow(pilot, ["s", "see 50 %", "2"])
        await until(pilot, lambda: pilot.app.current_mode == "timeline")
        go_on.set()
        await until(pilot, lambda: daemon.lake.ended == 1)
        await follow(pilot, ["5", "see generation 4 is written"])


async def test_a_connection_that_breaks_under_the_work_is_a_sentence() -> None:
    """And the app goes on: textual takes a stray cancellation as its end."""
    daemon = scene_lake()

    async def broken() -> AsyncGenerator[LakeStep]:
        yield LakeStep("copying", 1, 2, "copying")
        raise asyncio.CancelledError

    daemon.lake.snapshot = broken
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await follow(pilot, ["s"])
        await saw(pilot, "The connection to the laptop's daemon broke.")
        await follow(pilot, ["2"])
        await until(pilot, lambda: pilot.app.current_mode == "timeline")


async def test_a_walk_that_ends_without_a_last_word_has_failed() -> None:
    daemon = scene_lake()
    daemon.lake.verify_steps = (LakeStep("journal", 1, 2, "reading"),)
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await follow(pilot, ["v"])
        await saw(pilot, "it ended before it was done")


async def test_the_first_damage_stays_said_while_the_rest_is_read() -> None:
    daemon = scene_lake_damaged()
    hold = asyncio.Event()
    first, second, last = daemon.lake.verify_steps
    daemon.lake.verify_steps = (first, second, LakeStep("snapshot", 2, 2, "all well"), hold, last)
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["v", "see snapshot 2: 14.words is damaged"])
        hold.set()
        await saw(pilot, "1 of 16 files is damaged")


async def test_a_restore_is_told_and_never_pressed() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await follow(pilot, ["j", "j", "j", "see y Copy", "enter"])
        await saw(pilot, "postdevai restore --at 3", "everything up to record 40,800")


async def test_without_the_dragon_the_numbers_say_of_when_they_are() -> None:
    """And nothing is offered that needs it."""
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["see s Snapshot"])
        lose(daemon)
        await saw(pilot, "as it was at 14:05:00, not now")
        await until(pilot, lambda: "s Snapshot" not in words(pilot))
        assert "p Unpin" not in words(pilot)


async def test_a_lake_that_nobody_has_seen_is_not_called_empty() -> None:
    daemon = scene_lake()
    lose(daemon)
    async with over(daemon, "lake").run_test(size=SMALL) as pilot:
        await saw(pilot, "Nothing to show without the Dragon.")


async def test_a_search_is_what_was_typed_and_how_it_was_meant() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, [*FISH, "ctrl+t"])
        await until(pilot, lambda: len(daemon.searched) == 2)
        first, second = daemon.searched
        assert first == SearchQuery("money", "fused", 50)
        assert second == SearchQuery("money", "literal", 50)
        await saw(pilot, "in the order of paths and lines: no rank")


async def test_enter_on_a_project_searches_within_it() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["see p Unpin", "enter", "see project=ledger", *"money", "enter"])
        await until(pilot, lambda: [q.project for q in daemon.searched] == ["ledger"])


async def test_a_filter_that_is_none_is_a_sentence_and_nothing_is_asked() -> None:
    daemon = scene_lake()
    async with over(daemon, "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["slash", *"money", "tab", *"colour=red", "enter"])
        await saw(pilot, "'colour=red' is no filter.")
        assert daemon.searched == []


async def test_a_hit_opens_as_indexed_and_escape_leads_back() -> None:
    async with over(scene_lake(), "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, [*FISH, "enter", "see as indexed at 3f2a91c", "escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, PlaygroundScreen))
        await follow(pilot, ["escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, LakeView))


async def test_f1_tells_the_keys_of_the_playground() -> None:
    async with over(scene_lake(), "lake").run_test(size=WIDE) as pilot:
        await follow(pilot, ["slash", "see Search the lake", "f1"])
        await saw(pilot, "A search whose ranks are explained.")
