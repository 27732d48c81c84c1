"""How like two events are."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from dragon_node.lake.history.likeness import Looks, asked, likeness, looks, weight_of
from tests.support.lake import event, ran

_WORDS = st.frozensets(st.sampled_from(["refused", "port", "ok", "error", "the"]))
_SHAPES = st.sampled_from([(), ("pytest",), ("pytest", "-x"), ("make", "all")])
_LOOKS = st.builds(Looks, _SHAPES, _WORDS)


def _flat(word: str) -> float:
    return 1.0


def _likeness(one: Looks, other: Looks, weight: Callable[[str], float] = _flat) -> float:
    return likeness(asked(one, weight), other)


@given(_LOOKS, _LOOKS)
def test_it_is_between_0_and_1_and_the_same_both_ways_where_words_weigh_the_same(
    one: Looks, other: Looks
) -> None:
    assert 0.0 <= _likeness(one, other) <= 1.0
    if one.words and other.words:
        assert _likeness(one, other) == _likeness(other, one)


def test_the_same_command_with_the_same_words_is_1() -> None:
    one = looks(event(ran("pytest -x tests", "connection refused")))
    assert _likeness(one, one) == 1.0


def test_a_rare_word_in_common_says_more_than_a_common_one() -> None:
    def weight(word: str) -> float:
        return weight_of(1_000, 2 if word == "econnrefused" else 900)

    event_ = Looks(("pytest",), frozenset({"econnrefused", "passed"}))
    rare = Looks(("pytest",), frozenset({"econnrefused", "failed"}))
    common = Looks(("pytest",), frozenset({"passed", "failed"}))
    assert _likeness(event_, rare, weight) > _likeness(event_, common, weight)


def test_another_tool_has_another_shape_and_other_values_have_the_same() -> None:
    one = looks(event(ran("serve --port 8080", "up")))
    assert _likeness(one, looks(event(ran("serve --port 9090", "up")))) == 1.0
    assert _likeness(one, looks(event(ran("curl --port 8080", "up")))) < 0.6
