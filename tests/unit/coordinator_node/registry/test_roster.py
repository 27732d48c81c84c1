"""Leases are decided by the clock alone."""

from __future__ import annotations

import pytest

from common.errors import Conflict, OverLimit
from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.registry import roster as module
from coordinator_node.registry.roster import LEASE_S, Roster

A = NodeId("a")


class HandClock:
    at = 100.0

    def now_ms(self) -> int:
        return int(self.at * 1000)

    def monotonic(self) -> float:
        return self.at


def node(name: str = "a", address: str = "h:1") -> Node:
    return Node("dragon", NodeId(name), address, "serving", 0.0)


def states(roster: Roster) -> dict[str, str]:
    return {each.id: each.state for each in roster.nodes()}


def test_a_lease_lasts_three_seconds_and_each_beat_renews_it() -> None:
    clock = HandClock()
    roster = Roster(clock)
    roster.join(node(), 1)
    clock.at += LEASE_S - 0.1
    roster.beat(A, 1, "serving", NodeLoad(queue=7))
    clock.at += LEASE_S - 0.1
    assert states(roster) == {"a": "serving"}
    assert roster.live()[0].load.queue == 7
    clock.at += 0.1
    assert states(roster) == {"a": "gone"}
    assert roster.live() == ()
    assert roster.nodes()[0].lease_s <= 0


def test_a_node_that_leaves_is_gone_at_once() -> None:
    roster = Roster(HandClock())
    roster.join(node(), 1)
    roster.leave(A, 1)
    assert states(roster) == {"a": "gone"}


def test_a_later_registration_takes_the_seat() -> None:
    """The stream of a killed process may end after its successor has registered."""
    roster = Roster(HandClock())
    roster.join(node(address="old:1"), 1)
    roster.join(node(address="new:1"), 2)
    with pytest.raises(Conflict):
        roster.beat(A, 1, "serving", NodeLoad())
    with pytest.raises(Conflict):
        roster.join(node(address="old:1"), 1)
    roster.leave(A, 1)
    assert [each.address for each in roster.live()] == ["new:1"]


def test_a_node_that_came_back_late_keeps_its_seat() -> None:
    """A laptop that slept past its lease has not been replaced by anybody."""
    clock = HandClock()
    roster = Roster(clock)
    roster.join(node(), 1)
    clock.at += 3600
    roster.beat(A, 1, "serving", NodeLoad())
    assert states(roster) == {"a": "serving"}


def test_a_node_of_an_earlier_life_is_shown_as_gone() -> None:
    roster = Roster(HandClock())
    roster.remember(node())
    assert states(roster) == {"a": "gone"}
    roster.join(node(), 1)
    assert states(roster) == {"a": "serving"}


def test_nodes_come_by_role_then_id() -> None:
    roster = Roster(HandClock())
    for name in ("c", "a", "b"):
        roster.join(node(name), 1)
    assert [each.id for each in roster.nodes()] == ["a", "b", "c"]


def test_the_gone_make_room_and_the_living_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NODES_MAX", 2)
    clock = HandClock()
    roster = Roster(clock)
    roster.join(node("a"), 1)
    roster.join(node("b"), 1)
    with pytest.raises(OverLimit):
        roster.join(node("c"), 1)
    roster.leave(A, 1)
    roster.join(node("c"), 1)
    assert states(roster) == {"b": "serving", "c": "serving"}
