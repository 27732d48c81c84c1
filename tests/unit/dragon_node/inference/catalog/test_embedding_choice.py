"""The lake keeps its embedder until its owner wants another one."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from common.errors import Corrupt
from dragon_node.inference.catalog.defaults import BGE
from dragon_node.inference.catalog.embedding_choice import Choice, choose
from dragon_node.inference.catalog.entries import Entry, Hub

SPEAKER = Entry("speaker", "fast", Hub("a/speaker"), priority=1)
QWEN = Entry("qwen", "embedding", Hub("a/qwen"), priority=100)
EQUAL = Entry("equal", "embedding", Hub("a/equal"), priority=100)
FIRST = Entry("first", "embedding", Hub("a/first"), priority=50)
ENTRIES = (SPEAKER, QWEN, EQUAL, FIRST, BGE)


def chosen(
    recorded: str, whole: Collection[Entry], entries: tuple[Entry, ...] = ENTRIES
) -> Entry | None:
    return choose(entries, recorded, lambda e: e in whole, lambda e: e == BGE)


def test_at_first_it_is_the_best_that_is_there():
    assert chosen("", {QWEN, EQUAL, BGE, SPEAKER}) == QWEN
    assert chosen("", {FIRST, QWEN}) == FIRST


def test_while_nothing_is_there_it_is_the_one_that_needs_nothing():
    assert chosen("", {SPEAKER}) == BGE
    assert chosen("", (), (SPEAKER, QWEN)) is None


@pytest.mark.parametrize("whole", [(), (BGE,), (FIRST,), (FIRST, EQUAL, BGE)])
def test_the_one_in_use_stays_while_its_weights_are_not_mounted(whole: tuple[Entry, ...]):
    assert chosen("qwen", whole) == QWEN


@pytest.mark.parametrize("whole", [(QWEN,), (QWEN, BGE), (QWEN, EQUAL, BGE)])
def test_nothing_of_equal_or_higher_number_takes_its_place(whole: tuple[Entry, ...]):
    assert chosen("qwen", whole) == QWEN
    assert chosen("equal", (*whole, EQUAL)) == EQUAL


def test_its_owner_changes_it_by_a_lower_number_once_both_are_there():
    assert chosen("qwen", {QWEN, FIRST}) == FIRST
    assert chosen("bge-small-en-v1.5-int8", {BGE, QWEN, FIRST}) == FIRST


def test_its_owner_changes_it_by_taking_its_entry_out():
    assert chosen("qwen", {EQUAL, BGE}, (SPEAKER, EQUAL, BGE)) == EQUAL
    assert chosen("speaker", {SPEAKER, BGE}) == BGE


def test_what_was_kept_holds_over_a_restart(tmp_path: Path):
    path = tmp_path / "dragon" / "embedder.json"
    assert Choice(path).name == ""
    choice = Choice(path)
    choice.keep("qwen")
    assert (choice.name, Choice(path).name) == ("qwen", "qwen")
    assert path.stat().st_mode & 0o077 == 0


def test_keeping_what_is_kept_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is said at every start, on a disk that may be full by then."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    choice = Choice(tmp_path / "embedder.json")
    choice.keep("qwen")
    monkeypatch.setattr(os, "replace", full)
    choice.keep("qwen")
    with pytest.raises(OSError, match="No space"):
        choice.keep("first")
    assert choice.name == "qwen"


@pytest.mark.parametrize(
    "broken",
    [b"", b"[]", b"{}", b'{"embedder": 3}', b'{"embedder": ""}', b"\xff\xfe", b"[" * 100_000],
)
def test_a_broken_record_is_said_and_not_taken_for_none(tmp_path: Path, broken: bytes):
    path = tmp_path / "embedder.json"
    path.write_bytes(broken)
    with pytest.raises(Corrupt) as why:
        Choice(path)
    assert "NAME" in why.value.hint
