"""What may be signed without a person: never because a Coordinator says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from common.rpc.sealed.statement import TERM_MS, KeyOffer, vouched
from developer_node.owner.deciding import CODE_MS, Code, Known, Told, decide

NODE = "spiffe://m/dragon/d1"
KEY = X25519PrivateKey.generate().public_key().public_bytes_raw()
EVIL = X25519PrivateKey.generate().public_key().public_bytes_raw()
SECRET = b"s" * 16
KNOWN = Known(codes={"c1": Code(SECRET.hex(), 0)})
PLAIN = Told(NODE, KeyOffer(KEY).text, "")
VOUCHED = Told(NODE, vouched(SECRET, "c1", NODE, KEY).text, "")


def test_a_key_that_nothing_vouches_for_waits_for_a_person() -> None:
    decision = decide(PLAIN, 0, Known(), 0)
    assert (decision.standing, decision.key) == ("waits", KEY)
    assert decision.reason == "no code of this laptop vouches for it"


@pytest.mark.parametrize(
    ("told", "known", "reason"),
    [
        (PLAIN, Known(own={NODE: KEY}), "lies on this machine"),
        (PLAIN, Known(signed={NODE: KEY}), "was signed before"),
        (VOUCHED, KNOWN, "a code of this laptop"),
    ],
)
def test_what_this_laptop_knows_by_itself_is_signed(told: Told, known: Known, reason: str) -> None:
    decision = decide(told, 0, known, 0)
    assert (decision.standing, decision.key) == ("sign", KEY)
    assert reason in decision.reason


def test_a_key_that_was_swapped_under_the_codes_word_is_not_signed() -> None:
    swapped = replace(vouched(SECRET, "c1", NODE, KEY), key=EVIL).text
    decision = decide(Told(NODE, swapped, ""), 0, KNOWN, 0)
    assert decision.standing == "waits"
    assert "changed on the way" in decision.reason


def test_the_word_of_one_code_does_not_vouch_for_another_node() -> None:
    other = "spiffe://m/dragon/d2"
    assert decide(Told(other, VOUCHED.offer, ""), 0, KNOWN, 0).standing == "waits"


def test_a_code_counts_for_a_day() -> None:
    assert decide(VOUCHED, 0, KNOWN, CODE_MS).standing == "sign"
    assert decide(VOUCHED, 0, KNOWN, CODE_MS + 1).standing == "waits"


def test_a_node_with_another_key_than_before_is_told_of() -> None:
    decision = decide(PLAIN, 0, Known(signed={NODE: EVIL}), 0)
    assert decision.standing == "waits"
    assert "another key than before" in decision.reason


def test_what_is_signed_is_signed_anew_in_its_last_third() -> None:
    known = Known(signed={NODE: KEY})
    assert decide(PLAIN, TERM_MS, known, 0).standing == "signed"
    assert decide(PLAIN, TERM_MS // 3, known, 0).standing == "sign"


@given(st.text(max_size=80), st.integers(0, 10))
def test_nonsense_is_never_signed(offer: str, now_ms: int) -> None:
    known = Known({NODE: KEY}, {NODE: KEY}, KNOWN.codes)
    assert decide(Told(NODE, offer, ""), 0, known, now_ms).standing == "waits"
