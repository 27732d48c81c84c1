"""What an answer that was made here says of the Dragon: away, silent, or not heard yet."""

from __future__ import annotations

from datetime import datetime

import pytest

from common.clock import SystemClock
from developer_node.away.label import label
from developer_node.away.presence import Absence, State

NOW_MS = SystemClock().now_ms()
AT = f"{datetime.fromtimestamp(NOW_MS / 1_000).astimezone():%H:%M}"


@pytest.mark.parametrize(
    ("state", "was_heard", "said"),
    [
        ("gone", True, "The Dragon is away since {at}. "),
        ("silent", True, "The Dragon does not answer (since {at}). "),
        ("there", True, "The Dragon did not answer just now. "),
        ("gone", False, "The Dragon is away: this laptop's daemon, begun at {at}, has not heard "),
        ("silent", False, "The Dragon does not answer: this laptop's daemon, begun at {at}, has "),
    ],
)
def test_only_one_that_refuses_is_away_and_since_when_is_known_of_one_that_was_heard(
    state: State, was_heard: bool, said: str
) -> None:
    absence = Absence(state, NOW_MS, was_heard)
    shown = label("files", absence=absence, as_of_ms=0, waiting=0, clock=FixedClock())
    assert shown.sentence.startswith(said.format(at=AT))
    assert shown.sentence.endswith("From the files on this laptop; nothing waits.")


class FixedClock(SystemClock):
    """It is the moment of `NOW_MS`, so that the day is the same."""

    def now_ms(self) -> int:
        return NOW_MS
