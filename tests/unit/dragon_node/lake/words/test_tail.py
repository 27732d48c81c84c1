"""What is not committed yet is scored as if it were."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragon_node.lake.words.index import Batch, Words
from dragon_node.lake.words.splitting import terms
from dragon_node.lake.words.tail import Tail, counted
from dragon_node.lake.words.view import Statistics, stored_length

VOCABULARY = ["alpha", "beta", "gamma", "delta", "epsilon"]


def texts(number: int, seed: int) -> list[str]:
    """Some words, short and long, few and many."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(VOCABULARY, k=draw.choice((3, 30, 300)))) for _ in range(number)]


@pytest.mark.parametrize("query", ["alpha", "alpha beta gamma", "epsilon nowhere"])
def test_its_score_is_what_tantivy_gives_the_same_document(tmp_path: Path, query: str) -> None:
    words = Words.open(tmp_path / "w", "g")
    documents = dict(enumerate(texts(60, seed=1)))
    words.take(Batch(list(documents.items()), [], 1, more=False))
    committed = dict(words.view.search(terms(query), 100))
    tail = Tail({chunk: counted(text) for chunk, text in documents.items()})
    in_memory = dict(tail.search(terms(query), words.view.statistics(terms(query))))
    assert in_memory == pytest.approx(committed, rel=1e-5)
    words.close()


def test_where_nothing_is_committed_it_is_ranked_by_itself(tmp_path: Path) -> None:
    words = Words.open(tmp_path / "w", "g")
    assert words.view.statistics(["alpha"]) is None
    tail = Tail({1: counted("beta " * 9 + "alpha"), 2: counted("alpha beta"), 3: counted("beta")})
    assert [chunk for chunk, _ in tail.search(["alpha"], None)] == [2, 1]
    words.close()


@given(st.integers(0, 1_000_000))
def test_a_stored_length_is_the_length_less_a_ninth_at_most(length: int) -> None:
    assert length - length / 9 <= stored_length(length) <= length


@pytest.mark.parametrize(("length", "stored"), [(39, 39), (41, 40), (117, 112), (160, 152)])
def test_lengths_are_rounded_as_tantivys_table_has_it(length: int, stored: int) -> None:
    assert stored_length(length) == stored


def test_a_term_that_a_document_lacks_adds_nothing() -> None:
    known = Statistics(10, 5.0, {"a": 3, "b": 1})
    assert known.score(["a", "b"], {"a": 1}, 5) == known.score(["a"], {"a": 1}, 5)
