"""Events as rows."""

from __future__ import annotations

from datetime import UTC, tzinfo

from common.model.event import (
    Body,
    CommandFinished,
    Commit,
    Event,
    FileChanged,
    GitOperation,
    WorkingCopySeen,
)
from common.model.ids import EventId, WorkingCopyId
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.rows import Row, TimelineRows, bursts, matching

NOW_MS = 1_772_546_700_000
HERE, THERE = WorkingCopyId("1" * 16), WorkingCopyId("2" * 16)


def entry(number: int, body: Body, *, ago_ms: int = 0, at: WorkingCopyId = HERE) -> Entry:
    """Newest first is the caller's duty."""
    return Entry(Event(EventId(f"{number:032x}"), NOW_MS - ago_ms, at, body), "thing")


def timeline_rows(entries: list[Entry], now_ms: int, zone: tzinfo) -> list[Row]:
    """Made for the first time."""
    return TimelineRows().rows(entries, now_ms, zone)


def test_files_saved_together_are_one_row() -> None:
    """And a command between them ends the burst."""
    entries = [
        entry(5, FileChanged("a.py")),
        entry(4, FileChanged("b.py"), ago_ms=2_000),
        entry(3, CommandFinished("make", "/", (0,), 5), ago_ms=3_000),
        entry(2, FileChanged("c.py"), ago_ms=4_000),
    ]
    assert [len(burst) for burst in bursts(entries)] == [2, 1, 1]


def test_files_far_apart_or_of_two_repositories_are_not_together() -> None:
    """The control cases of the one before."""
    entries = [
        entry(5, FileChanged("a.py")),
        entry(4, FileChanged("b.py"), ago_ms=60_000),
        entry(3, FileChanged("c.py"), ago_ms=60_001, at=THERE),
    ]
    assert [len(burst) for burst in bursts(entries)] == [1, 1, 1]


def test_a_burst_keeps_its_key_while_it_grows() -> None:
    """So the selection stays on it."""
    old = [entry(1, FileChanged("a.py"), ago_ms=5)]
    grown = [entry(2, FileChanged("b.py")), *old]
    assert timeline_rows(old, NOW_MS, UTC)[0].key == timeline_rows(grown, NOW_MS, UTC)[0].key


def test_a_file_saved_twice_counts_once() -> None:
    """Two saves of one file are no two files."""
    rows = timeline_rows(
        [entry(2, FileChanged("a.py")), entry(1, FileChanged("a.py"))], NOW_MS, UTC
    )
    assert "more" not in rows[0].left.plain and rows[0].right.plain.startswith("1 file")


def test_a_failed_command_says_its_exit_codes() -> None:
    """Of the whole pipeline; one failing part is a failure."""
    row = timeline_rows([entry(1, CommandFinished("a | b", "/", (0, 2), 70))], NOW_MS, UTC)[0]
    assert "✗ a | b" in row.left.plain and row.right.plain.startswith("exit 0|2")


def test_a_filter_wants_every_word_in_any_order() -> None:
    """In the kind too: "git", "failed"."""
    rows = timeline_rows(
        [
            entry(3, GitOperation("checkout", message="moving from a to b")),
            entry(2, CommandFinished("pytest -q", "/", (1,), 5)),
            entry(1, CommandFinished("pytest -q", "/", (0,), 5)),
        ],
        NOW_MS,
        UTC,
    )
    assert [row.key for row in matching(rows, "FAILED pytest")] == [rows[1].key]
    assert [row.key for row in matching(rows, "git moving")] == [rows[0].key]
    assert matching(rows, "  ") == rows


def test_a_row_is_made_again_only_when_it_would_say_something_else() -> None:
    """A thousand rows are asked for four times a second; the day changes at midnight."""
    rows = TimelineRows()
    entries = [entry(1, CommandFinished("make", "/", (0,), 5))]
    first = rows.rows(entries, NOW_MS, UTC)[0]
    assert rows.rows(entries, NOW_MS + 1_000, UTC)[0] is first
    tomorrow = rows.rows(entries, NOW_MS + 86_400_000, UTC)[0]
    assert tomorrow.left.plain.startswith("3 Mar 14:05")
    renamed = [Entry(entries[0].event, "other")]
    assert "other" in rows.rows(renamed, NOW_MS, UTC)[0].right.plain


def test_history_from_before_is_called_history_with_its_commits() -> None:
    """Git has no word for it, and "other main" is none."""
    commits = tuple(Commit(f"{n:040x}", (), 5, f"subject {n}") for n in range(3))
    past = GitOperation("other", "", commits[-1].sha, "main", "history", commits)
    row = timeline_rows([entry(1, past)], NOW_MS, UTC)[0]
    assert row.left.plain.endswith("◆ history of main, 3 commits")
    assert "other" not in row.right.plain


def test_a_working_copy_says_how_many_files_were_found_or_that_the_scan_runs() -> None:
    """And neither where no files are watched."""

    def said(files: int, *, anew: bool = False) -> str:
        seen = WorkingCopySeen("/t", "m", branch="main", head="a" * 40, files=files, anew=anew)
        return timeline_rows([entry(1, seen)], NOW_MS, UTC)[0].right.plain

    assert said(524).startswith("524 files found, main at aaaaaaa")
    assert said(-1, anew=True).startswith("first scan is running, main at aaaaaaa")
    assert said(0).startswith("main at aaaaaaa")


def test_a_part_of_a_running_program_is_no_success_and_keeps_its_row_to_the_end() -> None:
    run = EventId("f" * 32)
    part = CommandFinished("serve", "/", (), 70, run=run, running=True)
    end = CommandFinished("serve", "/", (1,), 90, run=run)
    runs = timeline_rows([entry(1, part)], NOW_MS, UTC)[0]
    ended = timeline_rows([entry(2, end)], NOW_MS, UTC)[0]
    assert "▸ serve" in runs.left.plain and runs.right.plain.startswith("still runs")
    assert "✗ serve" in ended.left.plain and runs.key == ended.key
