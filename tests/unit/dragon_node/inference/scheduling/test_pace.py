"""How much of a prompt a step reads, from what steps took."""

from __future__ import annotations

from dragon_node.inference.engines.engine import Stepped
from dragon_node.inference.scheduling.pace import (
    ALONE_TOKENS_MIN,
    PAUSE_S,
    TOKENS_MAX,
    TOKENS_MIN,
    Pace,
)


def read(tokens: int, width: int = 0) -> Stepped:
    return Stepped((), tokens, width)


def test_nothing_is_known_at_first():
    assert Pace().prompt_tokens(speaking=True) == TOKENS_MIN
    assert Pace().prompt_tokens(speaking=False) == ALONE_TOKENS_MIN


def test_beside_those_who_speak_a_step_reads_for_a_tenth_of_a_second():
    pace = Pace()
    for _ in range(20):
        pace.saw(read(1_000), 0.5)
    assert pace.prompt_tokens(speaking=True) == int(2_000 * PAUSE_S)
    assert pace.prompt_tokens(speaking=False) == 2_000


def test_a_step_never_reads_too_little_or_too_much():
    slow, fast = Pace(), Pace()
    slow.saw(read(100), 100.0)
    fast.saw(read(100_000), 0.1)
    assert slow.prompt_tokens(speaking=True) == TOKENS_MIN
    assert slow.prompt_tokens(speaking=False) == ALONE_TOKENS_MIN
    assert fast.prompt_tokens(speaking=True) == fast.prompt_tokens(speaking=False) == TOKENS_MAX


def test_what_those_who_speak_took_is_no_part_of_reading():
    pace = Pace()
    pace.saw(Stepped((), 0, 8), 0.2)
    for _ in range(20):
        pace.saw(read(200, width=8), 0.3)  # 0.1 s of it for 200 tokens
    assert pace.prompt_tokens(speaking=True) in (199, 200)


def test_it_follows_a_machine_that_slows_down():
    pace = Pace()
    pace.saw(read(2_000), 1.0)
    for _ in range(20):
        pace.saw(read(800), 1.0)
    assert 75 <= pace.prompt_tokens(speaking=True) <= 85


def test_a_fixed_number_is_kept_to():
    pace = Pace(1_000_000)
    pace.saw(read(10), 100.0)
    assert pace.prompt_tokens(speaking=True) == 1_000_000
