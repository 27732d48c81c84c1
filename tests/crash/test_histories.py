"""What the rounds of faults hold against a history: each kind of fault is told, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.model.shared import LostValue, SharedItem
from coordinator_node.engine.sqlite_engine import open_sqlite
from tests.support.engine_writer import write
from tests.support.five_shared import Shared, wrong_shared
from tests.support.history import (
    History,
    apart,
    invented,
    lost,
    out_of_order,
    twice,
    two_holders,
)
from tests.support.nats_client import wrong
from tests.support.shared_history import Edits, wrong_settings


@pytest.fixture
def history() -> History:
    """Two laptops: `a` and `b` were acknowledged to one, `c` to the other; `d` is not known."""
    made = History()
    for who, name in (("desk", "a"), ("desk", "b"), ("sofa", "c"), ("sofa", "d")):
        made.say(who, "asked", "event", name)
        if name != "d":
            made.say(who, "acknowledged", "event", name)
    return made


@pytest.mark.parametrize("kept", [["a", "b", "c"], ["c", "a", "b"], ["a", "d", "b", "c"]])
def test_what_was_perhaps_done_may_be_there_or_not_and_laptops_have_no_order(
    history: History, kept: list[str]
) -> None:
    assert lost(history, "event", kept) == twice("event", kept) == []
    assert invented(history, "event", kept) == out_of_order(history, "event", kept) == []


def test_what_is_lost_doubled_invented_or_turned_round_is_told(history: History) -> None:
    assert lost(history, "event", ["a", "c"]) == ["event b was acknowledged and is lost"]
    assert twice("event", ["a", "b", "a"]) == ["event a is there 2 times"]
    assert invented(history, "event", ["a", "e"]) == ["event e was never asked for"]
    assert out_of_order(history, "event", ["b", "c", "a"]) == ["event a of desk stands behind b"]


def test_what_anybody_read_may_not_be_lost_either(history: History) -> None:
    history.say("desk", "read", "event", "d")
    assert lost(history, "event", ["a", "b", "c"]) == ["event d was read and is lost"]


def test_two_holders_of_one_epoch_are_told_whoever_saw_them(history: History) -> None:
    for epoch, holder, seen_by in ((0, "east", "desk"), (0, "west", "desk"), (1, "east", "desk")):
        history.saw("the lake", epoch, holder, seen_by)
    history.saw("the lake", 1, "east", "sofa")
    history.saw("the lease of x", 1, "west", "desk")
    assert two_holders(history) == []
    history.saw("the lake", 1, "west", "sofa")
    (told,) = two_holders(history)
    assert "the lake had several holders under epoch 1" in told


def test_replicas_that_differ_are_told() -> None:
    assert apart({"desk": [1], "sofa": [1]}) == []
    assert apart({"desk": [1], "sofa": [2]}) == ["desk and sofa hold different things"]


def _edited(edits: Edits, who: str, value: str, at_ms: int = 0) -> None:
    """Without a time it was never answered."""
    edit = edits.ask(who, "thing", value)
    if at_ms:
        edits.acknowledge(edit, at_ms)


def _set(value: str, at_ms: int, *lost: str) -> list[SharedItem]:
    kept = tuple(LostValue(each, removed=False, who="", at_ms=0) for each in lost)
    return [SharedItem("setting", "thing", "answers.note", value, at_ms=at_ms, lost=kept)]


@pytest.fixture
def edits() -> Edits:
    """desk 1 and sofa 1 could be heard; then desk 2 and sofa 2 in silence; desk 3 is not known."""
    made = Edits()
    _edited(made, "desk", "desk 1", 10)
    _edited(made, "sofa", "sofa 1", 20)
    with made.silence():
        _edited(made, "desk", "desk 2", 30)
        _edited(made, "sofa", "sofa 2", 40)
    _edited(made, "desk", "desk 3")
    return made


@pytest.mark.parametrize(
    "held",
    [
        _set("sofa 2", 40, "desk 2"),
        _set("sofa 2", 40, "desk 3"),
        _set("desk 3", 50, "sofa 2"),
        _set("desk 3", 50),
    ],
)
def test_the_last_edit_of_either_laptop_may_hold_and_one_that_was_perhaps_done(
    edits: Edits, held: list[SharedItem]
) -> None:
    assert wrong_settings(edits, held) == []


@pytest.mark.parametrize(
    ("held", "told"),
    [
        ([], "is not set"),
        (_set("sofa 2", 40), "desk 2, which it never saw, is not kept"),
        (_set("sofa 1", 40, "desk 2"), "has sofa 1, and sofa 2 came after it"),
        (_set("sofa 2", 40, "desk 1"), "has desk 1, and desk 2 came after it"),
        (_set("desk 2", 30, "sofa 2"), "is desk 2 of 30, and sofa 2 is of 40"),
        (_set("sofa 2", 40, "desk 2", "sofa 9"), "has 'sofa 9', which was never asked for"),
    ],
)
def test_an_edit_of_a_setting_that_is_lost_is_told(
    edits: Edits, held: list[SharedItem], told: str
) -> None:
    assert told in "\n".join(wrong_settings(edits, held))


def test_whoever_could_hear_of_an_edit_may_have_settled_it() -> None:
    heard = Edits()
    _edited(heard, "desk", "desk 1", 10)
    with heard.silence():
        _edited(heard, "sofa", "sofa 1", 20)
    assert wrong_settings(heard, _set("sofa 1", 20)) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("desk 1\nsofa 1\ndesk 2\n", ""),
        ("sofa 1\ndesk 1\ndesk 2\ndesk 3\n", ""),
        ("desk 1\ndesk 2\n", "line sofa 1 was acknowledged and is lost"),
        ("desk 1\nsofa 1\ndesk 2\nsofa 1\n", "line sofa 1 is there 2 times"),
        ("desk 1\nsofa 1\ndesk 2\ndesk 1sofa\n", "line desk 1sofa was never asked for"),
        ("desk 2\nsofa 1\ndesk 1\n", "line desk 1 of desk stands behind desk 2"),
    ],
)
def test_each_line_of_a_note_is_there_once_and_in_the_order_of_who_wrote_it(
    text: str, told: str
) -> None:
    made = History()
    for who, line in (("desk", "desk 1"), ("desk", "desk 2"), ("sofa", "sofa 1")):
        made.say(who, "asked", "line", line)
        made.say(who, "acknowledged", "line", line)
    made.say("desk", "asked", "line", "desk 3")
    shared = Shared((), (), (SharedItem("note", "thing", "1", text),))
    assert wrong_shared(made, shared) == ([told] if told else [])


async def test_each_false_line_about_an_engine_is_told(tmp_path: Path) -> None:
    said: list[dict[str, Any]] = []
    async with open_sqlite(tmp_path / "state.db") as engine:
        for number in range(3):
            await write(engine, "w", number, said.append)
        revision = await engine.kv.put("counter", b"2", expected=0)
        counted = {"did": "count", "who": "w", "to": 2, "revision": revision}
        sat = {"did": "sit", "who": "w", "epoch": 1}
        assert await wrong(engine, [*said, counted, sat, sat]) == []
        for false in (
            {**said[0], "revision": 999},
            {**said[1], "seq": 2},
            {**said[2], "epoch": said[-3]["epoch"]},
            said[4],
            {**counted, "to": 3, "revision": revision + 1},
            {**counted, "revision": revision + 1},
            {**counted, "to": 1, "revision": revision + 1},
            {**sat, "who": "another"},
        ):
            assert await wrong(engine, [*said, counted, sat, false]), false
