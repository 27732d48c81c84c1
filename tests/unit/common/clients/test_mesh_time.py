"""Whose time counts for tickets: the Coordinator's, as long as it tells it."""

from __future__ import annotations

from dataclasses import dataclass

from common.clients.mesh_time import MeshTime

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


@dataclass
class Hands:
    """A clock whose two hands are moved apart."""

    wall_ms: int = NOW_MS
    gone_s: float = 100.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.gone_s


class World:
    def __init__(self) -> None:
        self.hands = Hands()
        self.there = False
        self.time = MeshTime(self.hands, lambda: self.there)

    def go_by(self, seconds: float) -> None:
        self.hands.wall_ms += int(seconds * 1000)
        self.hands.gone_s += seconds


def test_before_it_was_told_it_is_the_machines_own() -> None:
    world = World()
    world.there = True
    world.time.tell(0)  # a Coordinator of before, that tells none
    assert world.time.now_ms() == NOW_MS


def test_a_wall_clock_that_jumps_changes_nothing_while_the_coordinator_is_there() -> None:
    world = World()
    world.there = True
    world.time.tell(NOW_MS + 7)
    world.hands.wall_ms += HOUR_MS
    world.go_by(2)
    assert world.time.now_ms() == NOW_MS + 7 + 2_000


def test_away_from_the_coordinator_time_goes_by_as_on_the_wall_also_while_the_machine_sleeps() -> (
    None
):
    """A machine that sleeps stops its monotonic clock; a ticket does not live longer for that."""
    world = World()
    world.hands.wall_ms += HOUR_MS
    world.there = True
    world.time.tell(NOW_MS)
    world.there = False
    world.hands.wall_ms += 5 * HOUR_MS
    assert world.time.now_ms() == NOW_MS + 5 * HOUR_MS
