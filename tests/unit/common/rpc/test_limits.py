"""Who sends too much is held back alone, and comes back into its allowance with time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.rpc.limits import (
    ALLOWED,
    AT_COORDINATOR,
    CALLERS_MAX,
    OWED_S_MAX,
    STREAMS_MAX,
    Allowance,
    Limits,
)

SMALL = {"tool": Allowance(10, 20, 1_000, 5_000), "dragon": Allowance(10, 20, 1_000, 5_000)}


class HandClock:
    """Driven."""

    now_s = 0.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s


def test_a_burst_is_let_through_and_the_next_is_not() -> None:
    limits = Limits(HandClock(), SMALL)
    assert [limits.take("a", "tool", 1) for _ in range(21)] == [True] * 20 + [False]


def test_others_do_not_notice() -> None:
    limits = Limits(HandClock(), SMALL)
    for _ in range(1_000):
        limits.take("flooder", "tool", 1_000)
        limits.owe("streamer", "dragon", 1_000)
    assert all(limits.take("other", "tool", 1) for _ in range(20))
    assert limits.owe("another", "dragon", 1) == 0.0


def test_bytes_count_as_well() -> None:
    limits = Limits(HandClock(), SMALL)
    assert limits.take("a", "tool", 4_000)
    assert not limits.take("a", "tool", 4_000)
    assert limits.take("a", "tool", 500)


def test_a_message_of_any_size_passes_after_a_pause() -> None:
    """Else one larger than the bucket would never pass."""
    clock = HandClock()
    limits = Limits(clock, SMALL)
    assert limits.take("a", "tool", 50_000)
    assert not limits.take("a", "tool", 1)
    clock.now_s = 60
    assert limits.take("a", "tool", 50_000)


def test_a_stream_is_told_to_wait_for_as_long_as_it_owes() -> None:
    limits = Limits(HandClock(), SMALL)
    waits = [limits.owe("a", "tool", 1) for _ in range(22)]
    assert waits[:20] == [0.0] * 20
    assert waits[20:] == [0.1, 0.2]
    assert limits.owe("b", "tool", 10**9) == OWED_S_MAX


def test_only_so_many_callers_are_remembered() -> None:
    limits = Limits(HandClock(), SMALL)
    for i in range(CALLERS_MAX + 50):
        limits.take(f"caller {i}", "tool", 1)
    assert len(limits._buckets) == CALLERS_MAX


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3_000)), max_size=200))
def test_over_any_while_nobody_gets_more_than_the_burst_and_the_rate(
    sent: list[tuple[float, int]],
) -> None:
    clock, allowed = HandClock(), SMALL["tool"]
    limits = Limits(clock, SMALL)
    messages = size = 0
    for pause_s, each in sent:
        clock.now_s += pause_s
        if limits.take("a", "tool", each):
            messages, size = messages + 1, size + each
    assert messages <= allowed.messages_max + clock.now_s * allowed.messages_per_s + 1e-6
    assert size <= allowed.bytes_max + clock.now_s * allowed.bytes_per_s + 1e-6


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    clock = HandClock()
    clock.now_s = 100
    limits = Limits(clock, SMALL)
    for _ in range(20):
        assert limits.take("a", "tool", 0)
    clock.now_s = 50
    assert not limits.take("a", "tool", 0)


def test_every_role_has_an_allowance() -> None:
    roles = {"coordinator", "dragon", "developer", "tool", "anyone"}
    assert set(ALLOWED) == set(AT_COORDINATOR) == set(STREAMS_MAX) == roles


CORE = 1_300
"""Small calls that a Coordinator answered in a second with one core."""
HONEST = 60
"""Messages of a node's busiest second, as common/rpc/limits.py reckons them."""


MOST = {"anyone": (50, 500), "tool": (200, 1_000)}
"""What a caller may have answered in a second, and more at once; of a node (500, 2,500)."""


@pytest.mark.parametrize("role", sorted(AT_COORDINATOR))
def test_whoever_floods_the_coordinator_has_so_many_calls_answered_and_no_more(role: str) -> None:
    """As docs/security.md says, in numbers."""
    clock = HandClock()
    limits, passed, flood_s = Limits(clock, AT_COORDINATOR), 0, 12
    for _ in range(flood_s * CORE):
        clock.now_s += 1 / CORE
        passed += limits.take("flooder", role, 100)
    each_s, at_once = MOST.get(role, (500, 2_500))
    assert passed <= each_s * flood_s + at_once
    assert passed >= each_s * flood_s  # the control: it is answered so often


@pytest.mark.parametrize("role", ["dragon", "developer"])
def test_a_nodes_busiest_honest_minute_is_never_held_back(role: str) -> None:
    clock = HandClock()
    limits = Limits(clock, AT_COORDINATOR)
    assert all(limits.take("back after a while", role, 1_000) for _ in range(500))
    for _ in range(60):
        clock.now_s += 1
        assert all(limits.take("back after a while", role, 1_000) for _ in range(HONEST))
        assert limits.owe("back after a while", role, 10 << 20) == 0  # of a backlog


def test_a_dragon_takes_a_backlog_as_fast_as_it_comes() -> None:
    """In frames of one MB, as a laptop sends them."""
    clock = HandClock()
    limits = Limits(clock)
    for _ in range(60 * 200):
        clock.now_s += 1 / 200
        assert limits.owe("laptop", "developer", 1 << 20) == 0
