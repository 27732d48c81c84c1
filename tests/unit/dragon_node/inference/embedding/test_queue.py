"""The embedder's queue over a run that the test lets go by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest

from common.errors import Corrupt, OverLimit, Unavailable
from dragon_node.inference.embedding.embedder import Vectors
from dragon_node.inference.embedding.pace import Pace
from dragon_node.inference.embedding.queue import QueuedEmbedder


class Gate:
    """A run whose slices wait until they are let go; a vector says how long its text is."""

    def __init__(self) -> None:
        self.slices: list[tuple[list[str], bool]] = []
        self.open = asyncio.Event()
        self._begun = asyncio.Event()
        self.running: list[bool] = []
        self.failing: dict[str, Exception] = {}

    async def run(self, texts: Sequence[str], query: bool) -> Vectors:
        self.slices.append((list(texts), query))
        self._begun.set()
        assert query not in self.running
        self.running.append(query)
        try:
            await self.open.wait()
        finally:
            self.running.remove(query)
        for text in texts:
            if text in self.failing:
                raise self.failing[text]
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    async def begun(self) -> None:
        """Returns when the first slice is under way."""
        await self._begun.wait()


def queue(gate: Gate, *, texts: int = 4, chars: int = 1_000) -> QueuedEmbedder:
    """Slices of four texts, eight questions and twenty texts at most."""
    return QueuedEmbedder(
        *("gate/2", 2, gate.run),
        slice_texts=texts,
        pace=Pace(chars),
        questions_max=8,
        texts_max=20,
    )


async def test_vectors_come_in_the_order_of_their_texts():
    gate = Gate()
    gate.open.set()
    texts = ["ccc", "a", "dddd", "bb", "", "eeeee"]
    rows = await queue(gate).embed(texts)
    assert rows[:, 0].tolist() == [3, 1, 4, 2, 0, 5]
    assert rows.dtype == np.float32


async def test_slices_are_sorted_by_length():
    gate = Gate()
    gate.open.set()
    await queue(gate, texts=2).embed(["ccc", "a", "dddd", "bb"])
    assert [texts for texts, _ in gate.slices] == [["a", "bb"], ["ccc", "dddd"]]


async def test_a_slice_is_bounded_by_what_its_longest_text_would_pad_it_to():
    gate = Gate()
    gate.open.set()
    await queue(gate, chars=10).embed(["aaa", "bbb", "ccc", "ddd", "e" * 50])
    assert [len(texts) for texts, _ in gate.slices] == [3, 1, 1]


async def test_slices_become_small_when_the_model_is_slow():
    sizes: list[int] = []
    now_s = 0.0

    async def slow(texts: Sequence[str], query: bool) -> Vectors:
        nonlocal now_s
        sizes.append(len(texts))
        now_s += 0.01 * len(texts)
        return np.ones((len(texts), 2), np.float32)

    queued = QueuedEmbedder("slow/2", 2, slow, pace=Pace(64 * 400), clock=lambda: now_s)
    await queued.embed(["t" * 400] * 200)
    assert sizes[0] == 64
    assert max(sizes[3:-1]) <= 10


async def test_a_question_overtakes_texts_between_two_slices():
    gate = Gate()
    queued = queue(gate, texts=1)
    texts = asyncio.create_task(queued.embed(["t1", "t2"]))
    await gate.begun()
    question = asyncio.create_task(queued.embed(["q"], query=True))
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(texts, question)
    assert gate.slices == [(["t1"], False), (["q"], True), (["t2"], False)]


async def test_a_question_does_not_wait_for_texts_that_wait_for_memory():
    memory = asyncio.Event()

    async def run(texts: Sequence[str], query: bool) -> Vectors:
        if not query:
            await memory.wait()
        return np.ones((len(texts), 2), np.float32)

    queued = QueuedEmbedder("waits/2", 2, run)
    texts = asyncio.create_task(queued.embed(["t"] * 3))
    await asyncio.sleep(0)
    assert (await queued.embed(["q"], query=True)).shape == (1, 2)
    assert queued.waiting == 3
    memory.set()
    await texts


async def test_small_calls_of_a_kind_share_a_slice():
    gate = Gate()
    queued = queue(gate)
    first = asyncio.create_task(queued.embed(["q1"], query=True))
    await gate.begun()
    more = [asyncio.create_task(queued.embed([f"q{n}"], query=True)) for n in (2, 3)]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *more)
    assert [texts for texts, _ in gate.slices] == [["q1"], ["q2", "q3"]]


async def test_no_caller_fails_for_the_text_of_another():
    gate = Gate()
    gate.failing = {"poison": ValueError("no such text")}
    queued = queue(gate)
    first = asyncio.create_task(queued.embed(["q1"], query=True))
    await gate.begun()
    bad = asyncio.create_task(queued.embed(["poison"], query=True))
    good = asyncio.create_task(queued.embed(["fine"], query=True))
    await asyncio.sleep(0)
    gate.open.set()
    with pytest.raises(ValueError, match="no such text"):
        await bad
    assert (await good)[0, 0] == 4
    await first


async def test_a_failed_slice_ends_its_call_and_the_next_call_goes_on():
    gate = Gate()
    gate.open.set()
    gate.failing = {"a": Unavailable("model 40 %")}
    queued = queue(gate, texts=1)
    with pytest.raises(Unavailable, match="40 %"):
        await queued.embed(["a", "bb", "ccc"])
    assert len(gate.slices) == 1
    assert (await queued.embed(["bb"])).shape == (1, 2)


async def test_a_cancelled_call_takes_back_its_texts_and_the_others_go_on():
    gate = Gate()
    queued = queue(gate, texts=1)
    cancelled = asyncio.create_task(queued.embed(["a1", "a2", "a3"]))
    await gate.begun()
    other = asyncio.create_task(queued.embed(["b1"]))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert queued.waiting == 1
    gate.open.set()
    await other
    assert [texts for texts, _ in gate.slices] == [["a1"], ["b1"]]


async def test_too_many_texts_are_refused_with_the_numbers_and_questions_still_come_in():
    gate = Gate()
    queued = queue(gate)
    waiting = asyncio.create_task(queued.embed(["text"] * 18))
    await gate.begun()
    with pytest.raises(OverLimit, match=r"18 texts already wait .* add 3; 20 at most"):
        await queued.embed(["text"] * 3)
    question = asyncio.create_task(queued.embed(["q"], query=True))
    await asyncio.sleep(0)
    assert queued.waiting == 19
    gate.open.set()
    await asyncio.gather(waiting, question)
    assert (queued.waiting, queued.embedded) == (0, 19)


async def test_closing_tells_whoever_waits():
    gate = Gate()
    queued = queue(gate, texts=1)
    waiting = [asyncio.create_task(queued.embed(["t"])) for _ in range(2)]
    await gate.begun()
    await queued.close()
    for call in [*waiting, queued.embed(["too late"])]:
        with pytest.raises(Unavailable, match="stopped"):
            await call


async def test_a_run_that_is_cancelled_elsewhere_wedges_nobody():
    cancelled = True

    async def run(texts: Sequence[str], query: bool) -> Vectors:
        if cancelled:
            raise asyncio.CancelledError
        return np.ones((len(texts), 2), np.float32)

    queued = QueuedEmbedder("cancelled/2", 2, run)
    with pytest.raises(Unavailable, match="stopped"):
        await queued.embed(["t"])
    cancelled = False
    assert (await queued.embed(["t"])).shape == (1, 2)


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (np.zeros((1, 3), np.float32), Corrupt),
        (np.zeros((2, 2), np.float32), Corrupt),
        (np.array([[np.nan, 1.0]], np.float32), Unavailable),
    ],
)
async def test_what_is_no_vector_of_this_embedder_is_refused(
    rows: Vectors, refusal: type[Exception]
):
    async def wrong(texts: Sequence[str], query: bool) -> Vectors:
        return rows

    with pytest.raises(refusal):
        await QueuedEmbedder("gate/2", 2, wrong).embed(["t"])


async def test_no_texts_give_no_vectors_and_run_nothing():
    gate = Gate()
    assert (await queue(gate).embed([])).shape == (0, 2)
    assert gate.slices == []
