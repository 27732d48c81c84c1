"""Small files sealed whole."""

from __future__ import annotations

import pytest

from common.daemon.keys import SealingKey
from common.errors import Corrupt, Denied
from common.sealed import seal, unseal

KEY = SealingKey(b"k" * 32)
MAGIC = b"pdvtest1"


def test_what_is_sealed_comes_back_and_is_not_to_be_seen() -> None:
    sealed = seal(KEY, MAGIC, b"a secret line")
    assert unseal(KEY, MAGIC, sealed, "x") == b"a secret line"
    assert b"secret" not in sealed


def test_the_same_is_never_sealed_twice_alike() -> None:
    assert seal(KEY, MAGIC, b"same") != seal(KEY, MAGIC, b"same")


def test_every_changed_bit_is_noticed() -> None:
    sealed = seal(KEY, MAGIC, b"data")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises((Corrupt, Denied), match="x"):
            unseal(KEY, MAGIC, bytes(changed), "x")


def test_every_cut_is_noticed() -> None:
    sealed = seal(KEY, MAGIC, b"data")
    for size in range(len(sealed)):
        with pytest.raises(Corrupt, match="x"):
            unseal(KEY, MAGIC, sealed[:size], "x")


def test_another_key_is_told_from_damage() -> None:
    with pytest.raises(Denied, match=KEY.id):
        unseal(SealingKey(b"o" * 32), MAGIC, seal(KEY, MAGIC, b"data"), "x")


def test_one_kind_is_not_taken_for_another() -> None:
    sealed = seal(KEY, MAGIC, b"data")
    with pytest.raises(Corrupt):
        unseal(KEY, b"pdvelse1", b"pdvelse1" + sealed[8:], "x")
