"""Which sealing keys may be signed without asking a person: decided from what is known here.

The Coordinator tells the keys and could change each of them, so its word counts for nothing: a key
is signed because it lies on this machine, because it was signed before, or because somebody who
holds the secret of a code of ours vouches for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from common.errors import PostDevAIError
from common.rpc.sealed.statement import TERM_MS, KeyOffer, is_vouched, read_offer

CODES_MAX = 64
CODE_MS = 24 * 3_600_000
"""A code is good for ten minutes; who joined with it may come later."""
Standing = Literal["signed", "sign", "waits"]


@dataclass(frozen=True, slots=True)
class Told:
    """A node's key as the Coordinator tells it."""

    node: str
    offer: str
    statement: str


@dataclass(frozen=True, slots=True)
class Code:
    """A code that this laptop gave, and when."""

    secret: str
    made_ms: int


@dataclass(frozen=True, slots=True)
class Known:
    """What this laptop knows of keys by itself."""

    own: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """Of the nodes of this HOME, by spiffe URI."""
    signed: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """What was signed before, by spiffe URI."""
    codes: Mapping[str, Code] = field(default_factory=dict[str, Code])
    """By id."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a key."""

    node: str
    standing: Standing
    reason: str
    key: bytes = b""
    code: str = ""
    """The code that has vouched for it, which is spent."""
    ends_ms: int = 0
    """When its signature ends."""


def decide(told: Told, signed_until_ms: int, known: Known, now_ms: int) -> Decision:
    """`signed_until_ms`: when the statement about exactly this key ends; 0 where there is none."""
    try:
        offer = read_offer(told.offer)
    except PostDevAIError as error:
        return Decision(told.node, "waits", error.message)
    if signed_until_ms - now_ms > TERM_MS // 3:
        return Decision(told.node, "signed", "", offer.key, ends_ms=signed_until_ms)
    for standing, reason in (
        (known.own.get(told.node), "it lies on this machine"),
        (known.signed.get(told.node), "it was signed before"),
    ):
        if standing == offer.key:
            return Decision(told.node, "sign", reason, offer.key)
    return _by_code(told.node, offer, known, now_ms)


def _by_code(node: str, offer: KeyOffer, known: Known, now_ms: int) -> Decision:
    code = known.codes.get(offer.code)
    if code is None or now_ms - code.made_ms > CODE_MS:
        changed = "it is another key than before, and " if node in known.signed else ""
        return Decision(node, "waits", f"{changed}no code of this laptop vouches for it", offer.key)
    if not is_vouched(offer, bytes.fromhex(code.secret), node):
        return Decision(node, "waits", "its code does not fit: it was changed on the way", b"")
    reason = "a code of this laptop vouches for it"
    return Decision(node, "sign", reason, offer.key, offer.code)
