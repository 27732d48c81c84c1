"""What the rounds of faults hold against a history: each kind of fault is told, and no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from coordinator_node.engine.sqlite_engine import open_sqlite
from tests.support.engine_writer import write
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
