"""Several lists, one ranking: the arithmetic that was measured, and what happens at its edges."""

from __future__ import annotations

import pytest

from common.model.ids import EventId, ProjectId
from dragon_node.answer.fusion import (
    SUBSTRING_BONUS,
    SYMBOL_BONUS,
    TOLD_WEIGHT,
    Candidates,
    EventRef,
    Told,
    fuse,
)
from dragon_node.lake.records import ChunkRef, Scored

P = ProjectId("p" * 16)


def ref(chunk: int) -> ChunkRef:
    return ChunkRef(P, chunk)


def scored(*pairs: tuple[int, float]) -> list[Scored]:
    return [Scored(ref(chunk), score) for chunk, score in pairs]


def order(candidates: Candidates, k: int = 10) -> list[int]:
    return [f.ref.chunk for f in fuse(candidates, k) if isinstance(f.ref, ChunkRef)]


def test_the_score_is_cosine_plus_a_small_share_of_bm25():
    (best,) = fuse(Candidates(vectors=scored((1, 0.7)), words=scored((1, 12.0))), 10)
    assert best.score == pytest.approx(0.7 + 0.005 * 12.0)
    assert (best.cosine, best.bm25) == (0.7, 12.0)


def test_a_hit_that_the_words_missed_takes_seven_tenths_of_their_lowest_score():
    found = fuse(
        Candidates(vectors=scored((1, 0.7), (2, 0.6)), words=scored((2, 30.0), (3, 10.0))), 10
    )
    missed = next(f for f in found if f.ref == ref(1))
    assert missed.score == pytest.approx(0.7 + 0.005 * 0.7 * 10.0)
    assert missed.bm25 is None


def test_a_hit_that_the_vectors_missed_takes_their_lowest_cosine():
    found = fuse(Candidates(vectors=scored((1, 0.7), (2, 0.5)), words=scored((3, 10.0))), 10)
    missed = next(f for f in found if f.ref == ref(3))
    assert missed.score == pytest.approx(0.5 + 0.005 * 10.0)
    assert missed.cosine is None


def test_without_any_vector_the_words_decide_alone():
    assert order(Candidates(words=scored((3, 30.0), (1, 20.0), (2, 10.0)))) == [3, 1, 2]


def test_without_any_words_the_vectors_decide_alone():
    assert order(Candidates(vectors=scored((2, 0.8), (1, 0.7)))) == [2, 1]


def test_a_name_in_the_question_outranks_likeness():
    candidates = Candidates(vectors=scored((1, 0.80), (2, 0.70)), symbols=scored((2, 1.0)))
    assert order(candidates) == [2, 1]
    assert fuse(candidates, 1)[0].score == pytest.approx(0.70 + SYMBOL_BONUS)


def test_quoted_text_decides_between_equals_but_not_against_a_clear_lead():
    near = Candidates(vectors=scored((1, 0.72), (2, 0.70)), substrings=scored((2, 1.0)))
    clear = Candidates(vectors=scored((1, 0.80), (2, 0.70)), substrings=scored((2, 1.0)))
    assert (order(near), order(clear)) == ([2, 1], [1, 2])
    assert fuse(near, 1)[0].score == pytest.approx(0.70 + SUBSTRING_BONUS)


def test_a_candidate_of_two_substring_lists_counts_once():
    twice = Candidates(substrings=scored((1, 1.0), (1, 0.5)))
    assert fuse(twice, 10)[0].score == pytest.approx(SUBSTRING_BONUS)


def test_equal_scores_come_in_the_same_order_every_time():
    forward, backward = scored((1, 0.7), (2, 0.7), (3, 0.7)), scored((3, 0.7), (2, 0.7), (1, 0.7))
    assert order(Candidates(vectors=forward)) == order(Candidates(vectors=backward)) == [1, 2, 3]


def test_what_was_told_stands_where_no_list_has_it_and_rises_with_the_words_it_holds():
    whole, half = (EventRef("event", EventId(c * 32)) for c in "ab")
    candidates = Candidates(
        vectors=scored((1, 0.80), (2, 0.70), (3, 0.60)),
        words=scored((1, 10.0)),
        told=[Told(half, 0.5), Told(whole, 1.0)],
    )
    found = {f.ref: f for f in fuse(candidates, 10)}
    ground = 0.60 + 0.005 * 0.7 * 10.0
    assert found[whole].score == pytest.approx(ground + TOLD_WEIGHT)
    assert found[half].score == pytest.approx(ground + TOLD_WEIGHT / 2)
    assert [f.ref for f in fuse(candidates, 10)] == [ref(1), ref(2), whole, half, ref(3)]


def test_what_was_told_twice_counts_once_with_most_of_its_words():
    one = EventRef("event", EventId("a" * 32))
    (found,) = fuse(Candidates(told=[Told(one, 1.0), Told(one, 0.2)]), 10)
    assert found.score == pytest.approx(TOLD_WEIGHT)


def test_k_is_the_most_that_comes_back_and_nothing_gives_nothing():
    assert len(order(Candidates(vectors=scored((1, 0.9), (2, 0.8))), k=1)) == 1
    assert order(Candidates()) == []
