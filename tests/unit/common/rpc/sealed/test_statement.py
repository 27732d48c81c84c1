"""The owner's word on a key: nobody else's counts, and only in its term, mesh and place."""

from __future__ import annotations

from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Denied, Invalid, PostDevAIError
from common.rpc.certificates import new_key
from common.rpc.join_code import new_code, read_code
from common.rpc.owner_code import owners_word, with_owner
from common.rpc.sealed.statement import (
    LEEWAY_MS,
    Statement,
    is_vouched,
    read_offer,
    read_statement,
    sign_statement,
    vouched,
)

OWNER, OTHER = new_key(), new_key()
NODE = "spiffe://mesh-1/dragon/d1"
KEY = X25519PrivateKey.generate().public_key().public_bytes_raw()
SAID = Statement("mesh-1", NODE, KEY, 1_000_000_000)
SIGNED = sign_statement(OWNER, SAID)


def read(text: str, mesh: str = "mesh-1", node: str = NODE, now_ms: int = 1_000) -> Statement:
    return read_statement(text, OWNER.public_key(), mesh=mesh, node=node, now_ms=now_ms)


def test_what_the_owner_signed_is_read() -> None:
    assert read(SIGNED) == SAID


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has not signed"),
        (sign_statement(OTHER, SAID), "somebody who is not the owner"),
        ("x" * 5_000, "too long"),
        ("a.b.c", "not good"),
        (jwt.encode({"v": 1}, OWNER, algorithm="ES256"), "not good"),
        (jwt.encode({"v": 1}, "secret" * 8, algorithm="HS256"), "not good"),
        (sign_statement(OWNER, replace(SAID, mesh="mesh-2")), "another mesh"),
        (sign_statement(OWNER, replace(SAID, node=NODE + "2")), "another node"),
    ],
)
def test_each_bad_statement_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(Denied, match=reason):
        read(text)


def test_a_statement_ends() -> None:
    assert read(SIGNED, now_ms=SAID.ends_ms + LEEWAY_MS - 1) == SAID
    with pytest.raises(Denied, match="has ended"):
        read(SIGNED, now_ms=SAID.ends_ms + LEEWAY_MS)


def test_a_ticket_by_the_same_key_is_no_statement() -> None:
    claims = {"v": 1, "mesh": "mesh-1", "sub": NODE, "key": "", "exp": 1_000_000}
    with pytest.raises(Denied, match="another kind"):
        read(jwt.encode(claims, OWNER, algorithm="ES256"))


@given(st.integers(0, len(SIGNED) - 1), st.sampled_from("AzZ09-_."))
def test_a_statement_that_was_changed_says_nothing_else(place: int, char: str) -> None:
    changed = SIGNED[:place] + char + SIGNED[place + 1 :]
    try:
        said = read(changed)
    except Denied:
        return
    assert said == SAID  # the last character of base64 has bits that do not count


def test_a_coordinator_cannot_put_its_own_key_under_the_codes_word() -> None:
    secret = b"s" * 16
    offer = read_offer(vouched(secret, "c1", NODE, KEY).text)
    assert is_vouched(offer, secret, NODE)
    assert not is_vouched(replace(offer, key=b"k" * 32), secret, NODE)
    assert not is_vouched(offer, secret, NODE + "2")
    assert not is_vouched(offer, b"t" * 16, NODE)


@given(st.text(max_size=200))
def test_what_is_no_offer_is_refused(text: str) -> None:
    with pytest.raises(PostDevAIError):
        read_offer(text)


CODE = new_code("ab" * 32, ("10.0.0.1:50054", "[fe80::1]:50054")).text


def test_the_owners_part_rides_on_a_code_and_the_code_reads_as_before() -> None:
    text, word = with_owner(CODE, OWNER.public_key())
    assert read_code(text) == read_code(CODE)
    assert owners_word(text) == word
    assert word.code == read_code(CODE).id
    assert owners_word(CODE) is None


def test_a_part_of_the_owners_part_is_not_taken() -> None:
    text, _ = with_owner(CODE, OWNER.public_key())
    for cut in (text[:-1], text[:-20], text + "A", CODE + "."):
        with pytest.raises(Invalid, match="end of the join code"):
            owners_word(cut)


def test_the_owners_part_does_not_fit_another_code() -> None:
    text, _ = with_owner(CODE, OWNER.public_key())
    other = new_code("ab" * 32, ("10.0.0.1:50054",)).text
    with pytest.raises(Invalid):
        owners_word(other + "." + text.rpartition(".")[2])
