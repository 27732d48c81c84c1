"""The context as it is used: what is marked is kept, and what a model would be given is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import TextArea

from common.errors import Unavailable
from common.model.answer import AskEnd, AskPassages, AskRequest
from common.model.laptop import ContextEdit, WorkContext
from common.model.shared import LostValue, SharedItem, SyncStatus
from developer_node.front.tui.screens.context import ContextView
from developer_node.front.tui.screens.note import NoteScreen
from tests.support.scripted_daemon import NOW_MS, ScriptedDaemon
from tests.support.tui_scenes import FRESH, HOME, seen, until
from tests.support.tui_scenes_rooms import (
    CONTEXT,
    HITS,
    NOTES_AT,
    follow,
    lose,
    over,
    room,
    saw,
    scene_context,
    words,
)

SMALL, WIDE = (80, 24), (120, 36)
Shown = Callable[..., bool]
LOOK = "see branch split-shares"
HOW = ("a", "see See what an answer", *"how", "enter", "see 912 tokens", "see p Prompt")


@pytest.fixture
def shown(snap_compare: Callable[..., bool]) -> Shown:
    """Compares a room, after some steps, with the picture that was looked at."""

    def compare(scene: str, *steps: str, size: tuple[int, int] = SMALL) -> bool:
        async def walk(pilot: Pilot[None]) -> None:
            await follow(pilot, steps)

        return snap_compare(room(scene, "context"), run_before=walk, terminal_size=size)

    return compare


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80", "120"])
def test_where_since_when_and_which_files_stand_together(
    shown: Shown, size: tuple[int, int]
) -> None:
    assert shown("context", LOOK, size=size)


def test_an_hour_of_silence_is_said_and_not_filled(shown: Shown) -> None:
    assert shown("context_quiet", "see nothing was recorded here in the last hour")


def test_the_note_is_written_in_a_box_that_counts(shown: Shown) -> None:
    assert shown("context", LOOK, "e", "see 35 of 2,000 characters")


def test_a_preview_shows_what_there_is_no_room_for(shown: Shown) -> None:
    assert shown("context", LOOK, *HOW)


def test_the_prompt_unfolds_word_for_word(shown: Shown) -> None:
    assert shown("context", LOOK, *HOW, "p", "see --- system ---", size=WIDE)


def last_edit(daemon: ScriptedDaemon) -> ContextEdit | None:
    """What was set last."""
    return daemon.edits[-1] if daemon.edits else None


async def test_what_laptops_share_is_told_with_what_waits_and_what_lost() -> None:
    """Of every project, as `notes`, `pins` and `sync status` have it."""
    daemon = scene_context()
    scope = "github.com/ada/ledger"
    lost = (LostValue("Round up", removed=False, who="couch", at_ms=NOW_MS - 60_000),)
    note = SharedItem(
        "note", scope, "a1b2", "Round half even", who="desk", at_ms=NOW_MS, lost=lost, waits=True
    )
    pin = SharedItem("pin", scope, "docs/rounding.md", who="couch", at_ms=NOW_MS - 60_000)
    daemon.shared.held = (note, pin)
    daemon.shared.status = SyncStatus(waiting=1, sentence="the Coordinator is away", lost=(note,))
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await saw(pilot, "branch split-shares")
        await pilot.press("s")
        await saw(pilot, "What your laptops share")
        await saw(pilot, "Round half even")
        for said in (
            "docs/rounding.md",
            "desk just now, waits here",
            "lost: an edit; bring it back with: postdevai notes edit a1b2, couch 1 minute ago",
            "Waiting here    1 edit",
            "Not now         the Coordinator is away",
        ):
            assert said in seen(pilot)


async def test_a_pin_is_kept_and_shown_at_once() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "j", "j", "p"])
        await saw(pilot, "pinned tests/test_money.py")
        pinned = (*CONTEXT.pinned, "tests/test_money.py")
        assert last_edit(daemon) == ContextEdit(HOME, pinned, CONTEXT.excluded, CONTEXT.note)


async def test_two_quick_keys_are_two_changes() -> None:
    """The second is made upon what the first has set."""
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "j", "j"])
        await pilot.press("p", "j", "p")
        await until(pilot, lambda: len(daemon.edits) == 2)
        assert daemon.contexts[HOME].pinned == (
            *CONTEXT.pinned,
            "tests/test_money.py",
            "ledger/report.py",
        )


async def test_what_is_left_out_is_pinned_no_longer_and_the_other_way_round() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "j", "x", "see left out ledger/money.py"])
        assert daemon.contexts[HOME].pinned == ("docs/rounding.md",)
        assert daemon.contexts[HOME].excluded == ("README.md", "ledger/money.py")
        await follow(pilot, ["p", "see pinned ledger/money.py"])
        assert daemon.contexts[HOME].excluded == ("README.md",)


async def test_a_mark_goes_by_the_key_that_made_it() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "j", "p"])
        await until(pilot, lambda: daemon.contexts[HOME].pinned == ("docs/rounding.md",))


async def test_a_note_is_kept_as_written_and_escape_leaves_it() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "e", "see 35 of 2,000", *" ok", "see 38 of", "escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, ContextView))
        assert daemon.edits == []
        await follow(pilot, ["e", "see 35 of 2,000", *" ok", "see 38 of", "ctrl+s"])
        await saw(pilot, "note Amounts are cents. Never use float. ok")
        assert daemon.contexts[HOME].note == f"{CONTEXT.note} ok"
        assert daemon.contexts[HOME].pinned == CONTEXT.pinned


async def test_a_note_that_is_too_long_cannot_be_kept() -> None:
    """The limit is the daemon's, and it is seen before anything is refused."""
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "e", "see 35 of 2,000"])
        pilot.app.screen.query_one(TextArea).text = "x" * 2_001
        await follow(pilot, ["see 2,001 of 2,000 characters", "ctrl+s"])
        assert isinstance(pilot.app.screen, NoteScreen)
        assert "Keep it" not in words(pilot)


async def test_a_refused_change_is_a_sentence_and_nothing_is_shown_as_set() -> None:
    daemon = scene_context()

    async def refuse(edit: ContextEdit) -> WorkContext:
        raise Unavailable("The disk is full.", hint="Make room.")

    daemon.set_context = refuse
    async with over(daemon, "context").run_test(size=WIDE, notifications=True) as pilot:
        await follow(pilot, [LOOK, "j", "j", "p"])
        await saw(pilot, "The disk is full. Make room.")
        assert "pinned tests/test_money.py" not in words(pilot)


async def test_another_working_copy_is_picked() -> None:
    async with over(scene_context(), "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "w", "see Which working copy?", "j", "j", "enter"])
        await saw(pilot, f"notes {NOTES_AT}", "main at 9b0e771")


async def test_a_preview_asks_with_what_is_set_and_lets_no_model_speak() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, *HOW])
        assert daemon.asked == [
            AskRequest(
                "how",
                project="ledger",
                pinned=CONTEXT.pinned,
                excluded=CONTEXT.excluded,
                note=CONTEXT.note,
                preview=True,
            )
        ]
        await follow(pilot, ["escape"])
        await until(pilot, lambda: isinstance(pilot.app.screen, ContextView))


async def test_without_a_model_the_passages_come_and_the_rest_is_said() -> None:
    daemon = scene_context()
    daemon.answer = (AskPassages(HITS[:1], FRESH, without_model="model 40 %"), AskEnd())
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "a", "see See what an answer", *"how", "enter"])
        await saw(pilot, "1 passage", "no prompt: model 40 %", "ledger/money.py:14-18")


async def test_a_preview_that_is_refused_is_a_sentence() -> None:
    daemon = scene_context()
    daemon.answer = (Unavailable("The Dragon does not answer.", hint="Try again later."),)
    async with over(daemon, "context").run_test(size=WIDE) as pilot:
        await follow(pilot, [LOOK, "a", "see See what an answer", *"how", "enter"])
        await saw(pilot, "The Dragon does not answer. Try again later.")


async def test_enter_shows_the_file_as_it_is_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "money.py").write_text("CENTS = 100\n")
    daemon = scene_context()
    files = (replace(CONTEXT.files[0], path="money.py"), replace(CONTEXT.files[0], path="gone.py"))
    here = WorkContext(str(tmp_path), "here", "main", "3f2a91c07", files)
    daemon.contexts = {str(tmp_path): here}
    async with over(daemon, "context").run_test(size=SMALL) as pilot:
        await follow(pilot, ["see money.py", "enter", "see CENTS = 100", "escape"])
        await follow(pilot, ["j", "enter", "see The file is not there any more."])


async def test_without_the_dragon_the_context_is_there_all_the_same() -> None:
    """It is the laptop's own."""
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=SMALL) as pilot:
        await follow(pilot, [LOOK])
        lose(daemon)
        await saw(pilot, "does not answer", "pinned ledger/money.py")
        assert "this is as it was" not in words(pilot)


async def test_without_the_daemon_what_stands_is_said_to_be_old() -> None:
    daemon = scene_context()
    async with over(daemon, "context").run_test(size=SMALL) as pilot:
        await follow(pilot, [LOOK])
        daemon.go("The daemon was stopped.")
        await saw(pilot, "this is as it was", "pinned ledger/money.py")
