"""How like two events are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragon_node.lake.history.likeness import Looks, likeness, looks, weight_of
from tests.support.lake import event, ran

_WORDS = st.frozensets(st.sampled_from(["refused", "port", "ok", "error", "the"]))
_SHAPES = st.sampled_from([(), ("pytest",), ("pytest", "-x"), ("make", "all")])
_LOOKS = st.builds(Looks, _SHAPES, _WORDS)


def _flat(word: str) -> float:
    return 1.0


@given(_LOOKS, _LOOKS)
def test_it_is_between_0_and_1_and_the_same_both_ways(one: Looks, other: Looks) -> None:
    assert 0.0 <= likeness(one, other, _flat) <= 1.0
    assert likeness(one, other, _flat) == likeness(other, one, _flat)


def test_the_same_command_with_the_same_words_is_1() -> None:
    one = looks(event(ran("pytest -x tests", "connection refused")))
    assert likeness(one, one, _flat) == 1.0


def test_a_rare_word_in_common_says_more_than_a_common_one() -> None:
    def weight(word: str) -> float:
        return weight_of(1_000, 2 if word == "econnrefused" else 900)

    asked = Looks(("pytest",), frozenset({"econnrefused", "passed"}))
    rare = Looks(("pytest",), frozenset({"econnrefused", "failed"}))
    common = Looks(("pytest",), frozenset({"passed", "failed"}))
    assert likeness(asked, rare, weight) > likeness(asked, common, weight)


def test_another_tool_has_another_shape_and_other_values_have_the_same() -> None:
    asked = looks(event(ran("serve --port 8080", "up")))
    assert likeness(asked, looks(event(ran("serve --port 9090", "up"))), _flat) == 1.0
    assert likeness(asked, looks(event(ran("curl --port 8080", "up"))), _flat) < 0.6
