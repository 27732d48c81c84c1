"""The timeline as it is used: live, filtered, opened, copied, and never broken by what it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input

from common.model.event import ActDone, CommandFinished, Output
from common.model.ids import EventId
from common.model.lake import HistoryEntry
from developer_node.front.tui.screens.text import TextScreen
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.widgets.text_pane import TextPane
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import (
    PYTEST,
    WELL,
    app_of,
    command,
    commit,
    event,
    saved,
    scene_card,
    scene_live,
    seen,
    settled,
    until,
)

HOSTILE = (
    "echo '[bold]no[/bold] [/] [@click=app.exit]x[/]' \x1b[2J\x1b]0;title\x07\x00\x9b1m\u202egpj"
)


async def test_what_happens_appears_while_one_looks() -> None:
    """On top, without a key."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        daemon.say(command(50, 1, "make check"))
        await until(pilot, lambda: "make check" in seen(pilot))
        lines = seen(pilot).splitlines()
        assert next(i for i, line in enumerate(lines) if "make check" in line) == next(
            i for i, line in enumerate(lines) if "14:0" in line
        )


async def test_the_selected_row_stays_selected_when_new_ones_arrive() -> None:
    """Otherwise Enter would open something else than the one that was looked at."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j", "j")
        rows = pilot.app.screen.query_one(RowList)
        held = rows.row
        daemon.say(*(command(60 + n, 10 - n, f"echo {n}") for n in range(5)))
        await until(pilot, lambda: rows.row_count > 10)
        assert rows.row is not None and held is not None
        assert rows.row.key == held.key
        assert "○ held" in seen(pilot)


async def test_on_the_newest_row_the_cursor_follows() -> None:
    """The control case of the one before."""
    daemon = scene_live()
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        rows = pilot.app.screen.query_one(RowList)
        daemon.say(command(60, 1, "echo newest"))
        await until(pilot, lambda: rows.row is not None and "newest" in rows.row.words)
        assert "● live" in seen(pilot)


async def test_escape_brings_every_row_back() -> None:
    """After a filter that leaves two."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        rows = pilot.app.screen.query_one(RowList)
        everything = rows.row_count
        await pilot.press("slash", *"pytest", "enter")
        assert rows.row_count == 2
        await pilot.press("escape")
        assert rows.row_count == everything


async def test_a_filter_finds_a_file_inside_a_burst() -> None:
    """The row names one file of fourteen; the filter looks at all of them."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"module_03")
        assert pilot.app.screen.query_one(RowList).row_count == 1


async def test_letters_typed_into_the_filter_are_letters() -> None:
    """q must not leave, 2 must not switch, y must not copy."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", "q", "2", "y")
        assert pilot.app.screen.query_one("#filter", Input).value == "q2y"
        assert pilot.app.current_mode == "timeline"


@pytest.mark.parametrize("keys", [(), ("y",), ("enter",)])
async def test_hostile_text_is_shown_and_steers_nothing(keys: tuple[str, ...]) -> None:
    """Markup, escapes, C1, NUL and reordering marks in commands, subjects, paths and output."""
    hostile = command(1, 5, HOSTILE, 1)
    daemon = ScriptedDaemon(status=WELL)
    assert isinstance(hostile.body, CommandFinished)
    body = replace(hostile.body, output=Output(HOSTILE + "\n\udcff\n", 40, 0))
    daemon.whole[hostile.id] = replace(hostile, body=body)
    daemon.say(commit(2, 9, "ab" * 20, HOSTILE), saved(3, 20, HOSTILE), hostile)
    async with app_of(daemon).run_test(size=(120, 24)) as pilot:
        await until(pilot, lambda: "[bold]no[/bold]" in seen(pilot))
        await pilot.press(*keys)
        await settled(pilot)
        shown = seen(pilot)
        assert "[bold]no[/bold] [/] [@click=app.exit]x[/]" in shown
        assert not {character for character in shown if character < " " and character != "\n"}
        assert not set(shown) & {"\x9b", "\u202e", "\x7f"}
        shown.encode("utf-8")


async def test_output_that_has_not_arrived_is_said_not_raised() -> None:
    """The lake may not have the event yet."""
    daemon = ScriptedDaemon(status=WELL, items=[command(1, 5, "make")])
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "make" in seen(pilot))
        await pilot.press("enter")
        await settled(pilot)
        assert "There is no such event. It may not have arrived yet." in seen(pilot)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, TextScreen)


async def test_an_output_of_many_lines_opens_and_scrolls_to_its_end() -> None:
    """512 KB is what is kept of one command."""
    long = command(1, 5, "yes")
    daemon = ScriptedDaemon(status=WELL, items=[long])
    assert isinstance(long.body, CommandFinished)
    text = "".join(f"line {n}\n" for n in range(40_000))
    daemon.whole[long.id] = replace(long, body=replace(long.body, output=Output(text, 900_000, 9)))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "yes" in seen(pilot))
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("G")
        await until(pilot, lambda: "line 39999" in seen(pilot))
        assert "left out" in seen(pilot)


async def test_y_copies_the_command_as_it_was_typed() -> None:
    """Not the row with its time and sign."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("y")
        assert pilot.app.clipboard == "pytest -q tests/test_money.py"


async def test_the_mouse_selects_text_of_an_output_for_copying() -> None:
    """Ctrl+C copies the selection and does not leave."""
    async with app_of(scene_live()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.mouse_down(TextPane, offset=(1, 1))
        await pilot.hover(TextPane, offset=(9, 1))
        await pilot.mouse_up(TextPane, offset=(9, 1))
        await settled(pilot)
        await pilot.press("ctrl+c")
        assert pilot.app.clipboard.startswith("collecte")


async def test_rows_and_saved_files_have_their_own_limits() -> None:
    """A first scan of three thousand files leaves every command in place."""
    daemon = ScriptedDaemon(status=WELL, items=[command(1, 9_000, "the only command")])
    daemon.say(*(saved(10 + n, 8_000 - n * 2, f"f{n}.py") for n in range(3_000)))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        rows = pilot.app.screen.query_one(RowList)
        await until(pilot, lambda: rows.row_count)
        await pilot.press("G")
        await until(pilot, lambda: "the only command" in seen(pilot))


async def test_a_git_event_without_commits_tells_what_git_said() -> None:
    """A checkout has no commits of its own."""
    from common.model.event import GitOperation

    moved = GitOperation("checkout", "a" * 40, "b" * 40, "refs/heads/main", "moving from x to main")
    daemon = ScriptedDaemon(status=WELL, items=[event(1, 5, moved)])
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "moving from x to main" in seen(pilot))
        await pilot.press("enter")
        await settled(pilot)
        assert "aaaaaaa → bbbbbbb" in seen(pilot)


async def test_one_key_takes_back_what_was_done_in_ones_name() -> None:
    """Only where something was left behind, and only once."""
    daemon = scene_live()
    left = ActDone("assistant", "tried", "r1", "it mends it; it is in /w", worktree="/w")
    act = event(60, 1, left)
    async with app_of(daemon).run_test(size=(100, 24), notifications=True) as pilot:
        await settled(pilot)
        assert "Undo" not in seen(pilot)
        daemon.say(act)
        await until(pilot, lambda: "it mends it" in seen(pilot))
        await pilot.press("g")
        await until(pilot, lambda: "Undo" in seen(pilot))
        await pilot.press("u")
        await until(pilot, lambda: daemon.remedies.reverted == [act.id])
        daemon.say(event(61, 0, replace(left, action="reverted", worktree="", reverts=act.id)))
        await until(pilot, lambda: "Undo" not in seen(pilot))


async def test_what_is_typed_while_nothing_is_there_yet_reaches_no_hidden_filter() -> None:
    daemon = ScriptedDaemon(status=WELL)
    async with app_of(daemon).run_test(size=(100, 24)) as pilot:
        await pilot.press("y", "n", "z")
        daemon.say(command(1, 5, "pytest -q"))
        await until(pilot, lambda: "pytest -q" in seen(pilot))
        await pilot.press("y", "n", "z")
        await settled(pilot)
        assert "with “" not in seen(pilot) and "1 row" in seen(pilot)


async def test_a_running_program_is_one_row_that_turns_into_its_end() -> None:
    """And the cursor stays on it."""
    run = EventId("f" * 32)
    part = CommandFinished("serve", "/", (), 2_000, run=run, running=True)
    end = CommandFinished("serve", "/", (1,), 9_000, run=run)
    daemon = ScriptedDaemon(status=WELL, items=[event(1, 30, part), event(2, 20, part)])
    async with app_of(daemon).run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: "▸ serve" in seen(pilot))
        assert seen(pilot).count("serve") == 1 and "✓" not in seen(pilot)
        daemon.say(event(3, 10, end))
        await until(pilot, lambda: "✗ serve" in seen(pilot))
        assert seen(pilot).count("serve") == 1


async def test_a_term_narrows_the_rows_and_one_that_means_nothing_says_so() -> None:
    """As one types."""
    async with app_of(scene_live()).run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        rows = pilot.app.screen.query_one(RowList)
        await pilot.press("slash", *"failed")
        await until(pilot, lambda: rows.row_count == 1)
        await pilot.press("ctrl+u", *"kind:git")
        await until(pilot, lambda: "totals by month" in seen(pilot) and rows.row_count == 1)
        await pilot.press("ctrl+u", *"kind:meal")
        await until(pilot, lambda: "there is no kind meal" in seen(pilot))
        await until(pilot, lambda: rows.row_count > 5)


async def test_at_the_end_what_lies_before_is_fetched_until_there_is_no_more() -> None:
    """The selected row stays where it is."""
    daemon = scene_live()
    past = [HistoryEntry(n, command(200 + n, 9_000 + n, f"echo {n}"), "ledger") for n in range(260)]
    async with app_of(daemon).run_test(size=(100, 24)) as pilot:
        await settled(pilot)
        daemon.past = tuple(past)
        rows = pilot.app.screen.query_one(RowList)
        before = rows.row_count
        await pilot.press("G")
        await until(pilot, lambda: rows.row_count == before + 200)
        await pilot.press("G")
        await until(pilot, lambda: rows.row_count == before + 260)
        await pilot.press("G")
        await until(pilot, lambda: "nothing lies before this" in seen(pilot))


async def test_from_a_failed_command_one_gets_to_its_card() -> None:
    """And from a row that has none the key does nothing."""
    async with app_of(scene_card()).run_test(size=(100, 32)) as pilot:
        await settled(pilot)
        await pilot.press("f")
        await until(pilot, lambda: "a1b2c3d money: shares" in seen(pilot))
        assert pilot.app.current_mode == "failures"
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("j", "f")
        await settled(pilot)
        assert pilot.app.current_mode == "timeline"


async def test_an_output_opens_at_its_failing_line() -> None:
    """Far below the beginning, and marked."""
    daemon = scene_live()
    ran = daemon.whole[PYTEST.id]
    assert isinstance(ran.body, CommandFinished)
    text = "\n".join(f"line {n}" for n in range(300)) + "\n" + ran.body.output.text
    output = Output(text, len(text), 0)
    daemon.whole[PYTEST.id] = replace(ran, body=replace(ran.body, output=output))
    async with app_of(daemon).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "tests/test_money.py:31: AssertionError" in seen(pilot))
        assert "line 0" not in seen(pilot)
