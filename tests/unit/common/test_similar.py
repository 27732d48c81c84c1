"""Likeness in words: what counts as alike, and that looking words up changes nothing of it."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from common.model.failure import Failure
from common.similar import SHARE_MIN, WORDS_MIN, face, nearest, nearest_face, worded_alike

WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"]),
    max_size=7,
)


def _failure(message: str, values: str = "v") -> Failure:
    return Failure("python", "ValueError", "runtime", message, message, values=values)


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, min_size=1, max_size=5))
def test_the_best_share_of_common_words_decides(
    said: list[list[str]], messages: list[list[str]]
) -> None:
    text = "\n".join(" ".join(line) for line in said)
    failures = [_failure(" ".join(message)) for message in messages]
    assume(not any(set(text.splitlines()) & face(f).printed for f in failures))
    found = nearest(text, failures)
    best = max(_share(f, said) for f in failures)
    if found is None:
        assert best < SHARE_MIN
    else:
        assert _share(found, said) == best >= SHARE_MIN


def _share(failure: Failure, said: list[list[str]]) -> float:
    ours = {"valueerror", *failure.normalised.split()}
    shares = [0.0]
    for line in said:
        common = len(ours & set(line))
        if common >= WORDS_MIN:
            shares.append(common / len(ours | set(line)))
    return max(shares)


def test_a_line_that_was_printed_goes_before_words() -> None:
    printed, alike = _failure("disk 7 is gone"), _failure("every word of this line is here")
    text = "E   disk 7 is gone\nValueError every word of this line is here"
    assert nearest(text, [alike, printed]) is printed
    assert nearest(text.splitlines()[1], [alike, printed]) is alike


def test_one_word_is_anybodys() -> None:
    assert nearest("ValueError", [_failure("no such thing at all")]) is None
    assert nearest_face("}", [face(_failure("}"))]) is None


def test_equal_values_go_first_among_the_same_words() -> None:
    asked = _failure("a b", values="2")
    other, same = _failure("a b", values="1"), _failure("a b", values="2")
    assert worded_alike(asked, [other, same]) is same
    assert worded_alike(_failure("c"), [other, same]) is None
