"""A code comes back as it was made, and a slip of the hand is noticed before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Invalid
from common.rpc.join_code import new_code, read_code

PIN = "ab" * 32


@given(st.lists(st.sampled_from(["127.0.0.1:50054", "[::1]:1", "node.lan:65535"]), min_size=1))
def test_a_code_comes_back_as_it_was(addresses: list[str]) -> None:
    code = new_code(PIN, tuple(addresses[:8]))
    assert read_code(code.text) == code
    assert read_code(f" {code.text[:20]}\n{code.text[20:]} ") == code  # as terminals wrap it


@given(st.integers(min_value=4), st.sampled_from("abcXYZ019-_"))
def test_one_wrong_character_is_noticed(where: int, character: str) -> None:
    text = new_code(PIN, ("127.0.0.1:50054",)).text
    at = 4 + where % (len(text) - 5)  # the last character may hold unused bits
    if text[at] != character:
        with pytest.raises(Invalid, match="not a join code"):
            read_code(text[:at] + character + text[at + 1 :])


@pytest.mark.parametrize("text", ["", "pd1.", "hello", "pd1." + "A" * 5000, "pd1.é"])
def test_what_is_no_code_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        read_code(text)


def test_no_two_codes_share_a_secret() -> None:
    codes = [new_code(PIN, ("a:1",)) for _ in range(100)]
    assert len({code.secret for code in codes}) == len({code.id for code in codes}) == 100
