"""Which versions work together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.versions import apart, refusal

NUMBER = st.integers(0, 99)


@pytest.mark.parametrize(
    ("own", "other", "refused", "said"),
    [
        ("0.1.0", "0.1.7", False, False),
        ("0.1.0", "0.2.0", False, False),
        ("0.3.0", "0.2.0", False, False),
        ("0.1.0", "0.3.0", False, True),
        ("1.0.0", "0.9.0", True, True),
        ("1.0.0", "2.0.0", True, True),
        ("1.0.0", "", False, False),
        ("1.0.0", "unknown", False, False),
    ],
)
def test_one_minor_apart_works_together_and_only_other_majors_are_refused(
    own: str, other: str, refused: bool, said: bool
) -> None:
    assert bool(refusal(own, other)) is refused
    assert bool(apart(own, other)) is said


def test_a_refusal_says_which_of_the_two_is_to_be_upgraded() -> None:
    assert "upgrade this node" in refusal("1.0.0", "0.9.0")
    assert "upgrade the Coordinator" in refusal("0.9.0", "1.0.0")


@given(NUMBER, NUMBER, NUMBER, NUMBER)
def test_it_does_not_matter_who_asks(a: int, b: int, c: int, d: int) -> None:
    one, other = f"{a}.{b}.0", f"{c}.{d}.0"
    assert bool(refusal(one, other)) is bool(refusal(other, one))
    assert bool(apart(one, other)) is bool(apart(other, one))
    if refusal(one, other):
        assert apart(one, other)
