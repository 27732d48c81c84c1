"""A change of the context: one mark a file, within the limits, and nothing else touched."""

from __future__ import annotations

from datetime import UTC

import pytest

from common.errors import Invalid
from common.model.answer import AskEnd, AskPassages, Hit
from common.model.laptop import ContextEdit, OpenFile, WorkContext
from developer_node import working
from developer_node.front.tui.context_rows import (
    EXCLUDED_MAX,
    PINNED_MAX,
    head,
    preview_counted,
    preview_rows,
    rows,
    with_exclusion,
    with_note,
    with_pin,
)
from developer_node.front.tui.screens.note import NOTE_CHARS_MAX

HERE = WorkContext("/w", "w", "main", "3f2a91c07", pinned=("a",), excluded=("b",), note="n")
HITS = tuple(Hit("w", "/w", f"{n}.py", 1, 2) for n in range(3))


def test_a_pin_takes_the_place_of_an_exclusion() -> None:
    assert with_pin(HERE, "b") == ContextEdit("/w", ("a", "b"), (), "n")


def test_an_exclusion_takes_the_place_of_a_pin() -> None:
    assert with_exclusion(HERE, "a") == ContextEdit("/w", (), ("b", "a"), "n")


def test_the_same_key_takes_its_mark_away() -> None:
    assert with_pin(HERE, "a") == ContextEdit("/w", (), ("b",), "n")
    assert with_exclusion(HERE, "b") == ContextEdit("/w", ("a",), (), "n")


def test_a_note_changes_no_mark() -> None:
    assert with_note(HERE, "  other \n") == ContextEdit("/w", ("a",), ("b",), "other")


def test_more_than_the_daemon_takes_is_refused_with_the_way_out() -> None:
    full = WorkContext(
        "/w",
        pinned=tuple(f"p{n}" for n in range(PINNED_MAX)),
        excluded=tuple(f"x{n}" for n in range(EXCLUDED_MAX)),
    )
    for change in (with_pin, with_exclusion):
        with pytest.raises(Invalid) as refused:
            change(full, "one more")
        assert "makes room" in refused.value.hint


def test_the_limits_are_those_of_the_daemon() -> None:
    assert NOTE_CHARS_MAX == working.NOTE_CHARS_MAX
    assert (PINNED_MAX, EXCLUDED_MAX) == (working.PINNED_MAX, working.EXCLUDED_MAX)


def test_what_is_marked_has_a_row_though_nobody_touched_it() -> None:
    touched = WorkContext(
        "/w", files=(OpenFile("a", "open", 0),), pinned=("a", "far"), excluded=("docs/",)
    )
    assert [row.key for row in rows(touched, 0)] == ["far", "docs/", "a"]


def test_a_detached_head_and_no_commit_are_said() -> None:
    assert "detached HEAD at 3f2a91c" in head(WorkContext("/w", head="3f2a91c07"), 80, 0, UTC).plain
    assert "no commits" in head(WorkContext("/w"), 80, 0, UTC).plain


def test_only_what_the_prompt_holds_is_said_to_be_read() -> None:
    found = AskPassages(HITS, model="m", prompt="words")
    shown = preview_rows(found, AskEnd(citations=HITS[:1]))
    assert ["no room" in row.right.plain for row in shown] == [False, True, True]


def test_without_a_prompt_nothing_is_said_of_room() -> None:
    """Nobody has counted: a guess would be shown as true."""
    found = AskPassages(HITS, without_model="model 40 %")
    shown = preview_rows(found, AskEnd())
    assert not any("no room" in row.right.plain for row in shown)
    assert "token" not in preview_counted(found, AskEnd()).plain
    assert "no prompt: model 40 %" in preview_counted(found, AskEnd()).plain
