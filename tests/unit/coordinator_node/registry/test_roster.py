"""Leases are decided by the clock alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.errors import Conflict, OverLimit
from common.model.ids import NodeId
from common.model.node import Node, NodeLoad, NodeOffer
from coordinator_node.registry import roster as module
from coordinator_node.registry.roster import LEASE_S, SEAT, Roster, Seat

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


def test_another_process_with_the_identity_takes_the_seat_and_is_named() -> None:
    roster = Roster(HandClock())
    roster.join(node(), 1, "first")
    roster.join(replace(node(), pid=77, machine="studio"), 2, "second")
    with pytest.raises(Conflict, match="pid 77 on studio") as caught:
        roster.beat(A, 1, "serving", NodeLoad(), process="first")
    assert caught.value.field == SEAT
    with pytest.raises(Conflict) as caught:  # its own newer stream is no other process
        roster.beat(A, 1, "serving", NodeLoad(), process="second")
    assert caught.value.field == ""


def test_what_a_node_holds_is_kept_while_its_process_registers_anew() -> None:
    roster = Roster(HandClock())
    roster.join(node(), 1, "one")
    roster.beat(A, 1, "serving", NodeLoad(), NodeOffer(("p",), ("m",), "b", 7, ("c",)))
    roster.join(node(), 2, "one")
    assert roster.live()[0].projects == ("p",)
    assert (roster.live()[0].follows, roster.live()[0].behind) == ("b", 7)
    assert roster.live()[0].followers == ("c",)
    roster.beat(A, 2, "serving", NodeLoad())
    assert roster.live()[0].models == ("m",)
    roster.join(node(), 3, "another")
    assert roster.live()[0].projects == ()


def test_a_node_of_another_coordinator_is_there_as_long_as_that_one_is() -> None:
    there = {"c2"}
    clock = HandClock()
    roster = Roster(clock, there.__contains__)
    roster.hear(Seat(node(), 5, 0.0, holder="c2"))
    clock.at += 3600
    assert states(roster) == {"a": "serving"}
    there.clear()
    assert states(roster) == {"a": "gone"}


def test_the_higher_epoch_wins_whichever_coordinator_gave_it() -> None:
    roster = Roster(HandClock(), lambda _: True)
    roster.join(node(address="here:1"), 4, "x")
    roster.hear(Seat(node(address="stale:1"), 3, 0.0, holder="c2"))
    assert roster.live()[0].address == "here:1"
    roster.hear(Seat(node(address="there:1"), 5, 0.0, "y", holder="c2"))
    assert roster.live()[0].address == "there:1"
    with pytest.raises(Conflict):
        roster.beat(A, 4, "serving", NodeLoad(), process="x")
    roster.leave(A, 5)  # it is the other's to say so
    assert states(roster) == {"a": "serving"}
    roster.hear(Seat(replace(node(), state="gone"), 5, 0.0, "y", holder="c2"))
    assert states(roster) == {"a": "gone"}
    assert roster.own_seats() == ()
