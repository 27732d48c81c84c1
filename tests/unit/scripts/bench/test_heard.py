"""The clocks of the benchmarks of models, without a model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from common.model.llm import ChatMessage, Generated
from scripts.bench.admission import AHEAD, admitted, touching
from scripts.bench.heard import Heard, ask
from scripts.bench.serving import Served


class Scripted:
    """Says so many words, whatever it is asked."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.asked: list[str] = []
        self.closed = 0

    async def speak(
        self, messages: Sequence[ChatMessage], tokens_max: int
    ) -> AsyncGenerator[Generated]:
        self.asked.append(messages[-1].content)
        try:
            for _ in range(self.pieces):
                yield Generated("word ")
            yield Generated("", "length", 5, self.pieces)
        finally:
            self.closed += 1


async def test_an_answer_is_heard_whole_with_its_counts() -> None:
    heard = await ask(Scripted(3), "what?", 3)
    assert heard.text == "word word word "
    assert len(heard.pieces_s) == 3
    assert heard.last.completion_tokens == 3
    assert 0 <= heard.first_s <= heard.latency_s


async def test_an_answer_without_text_has_its_first_at_its_end() -> None:
    heard = await ask(Scripted(0), "what?", 3)
    assert heard.first_s == heard.latency_s


def test_gaps_count_where_they_touch_the_span() -> None:
    """The gap that the span falls into whole is the one that hurts."""
    assert touching([0, 1, 9, 10, 11], 2, 8) == (8,)
    assert touching([0, 1, 2, 3], 0.5, 1.5) == (1, 1)
    assert touching([0, 1, 2, 3], 1, 2) == (1,)
    assert touching([0, 1], 5, 6) == ()


async def test_a_stream_that_ends_before_the_long_prompt_is_read_measures_nothing() -> None:
    voice = Scripted(AHEAD - 1)
    with pytest.raises(AssertionError, match="before the long prompt"):
        await admitted(voice, 1, 10)
    assert voice.closed == 1


def test_rates_are_of_the_whole_load_and_latencies_of_a_request() -> None:
    def answer(latency_s: float) -> Heard:
        last = Generated("", "length", 10, 48)
        return Heard(100.0, (100.0 + latency_s / 2,), 100.0 + latency_s, "text", last)

    served = Served(tuple(answer(s) for s in range(1, 21)), 40.0, 0)
    assert served.requests_per_s == 0.5
    assert served.tokens_per_s == 24
    assert served.latency_s(0.95) == 20
    assert served.first_s(0.5) == 5.5
