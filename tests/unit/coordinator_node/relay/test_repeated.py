"""What is said again and again: once, and then counted."""

from __future__ import annotations

from coordinator_node.relay.repeated import AGAIN_S, KINDS_MAX, Repeated


class Driven:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def now_ms(self) -> int:
        return int(self.at_s * 1000)

    def monotonic(self) -> float:
        return self.at_s


def test_the_same_is_said_once_and_then_counted() -> None:
    clock = Driven()
    repeated = Repeated(clock)
    assert [repeated.times("away") for _ in range(5)] == [1, 0, 0, 0, 0]
    assert repeated.times("refused") == 1
    clock.at_s += AGAIN_S
    assert repeated.times("away") == 5
    assert repeated.times("away") == 0


def test_no_more_kinds_are_kept_than_so_many() -> None:
    repeated = Repeated(Driven())
    for number in range(KINDS_MAX + 1):
        assert repeated.times(number) == 1
    assert repeated.times(KINDS_MAX) == 0
    assert repeated.times(0) == 1
