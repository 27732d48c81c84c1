"""A ticket is good for one caller at one node for a few minutes."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from common.clock import Clock
from common.errors import Denied
from common.rpc import tickets
from common.rpc.certificates import new_key, public_to_pem
from common.rpc.tickets import SigningKey, TicketCheck, TicketKey, sign

ISSUER, CALLER, TARGET = (f"spiffe://m/{part}" for part in ("coordinator/c", "tool/t", "dragon/d"))
NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": CALLER,
    "aud": TARGET,
    "exp": NOW_MS // 1000 + 300,
    "jti": "j",
}


class HandClock:
    now = NOW_MS

    def now_ms(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1000


class Desk:
    """A signer and a check that know each other."""

    def __init__(self) -> None:
        self.clock: HandClock = HandClock()
        self.signer = SigningKey("k1", new_key(), NOW_MS)
        self.keys = [public(self.signer)]
        self.away_since_ms: int | None = None
        clock: Clock = self.clock
        self.check = TicketCheck(
            target=TARGET,
            issuer=ISSUER,
            clock=clock,
            keys=lambda: self.keys,
            away_since_ms=lambda: self.away_since_ms,
        )

    def ticket(self, **changes: str) -> str:
        names = {"issuer": ISSUER, "caller": CALLER, "target": TARGET, **changes}
        return sign(self.signer, now_ms=NOW_MS, **names)

    def forged(self, **claims: Any) -> str:
        whole = {**CLAIMS, **claims}
        kept = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(kept, self.signer.key, "ES256", headers={"kid": self.signer.kid})


def public(signer: SigningKey) -> TicketKey:
    return TicketKey(signer.kid, public_to_pem(signer.key.public_key()).decode())


def test_a_good_ticket_opens() -> None:
    desk = Desk()
    desk.check.check(desk.ticket(), CALLER)
    desk.check.check(desk.forged(), CALLER)  # the control of the forgeries below


@pytest.mark.parametrize("claim", ["exp", "aud", "iss", "sub", "jti"])
def test_a_ticket_must_carry_every_claim(claim: str) -> None:
    """PyJWT accepts the absence of a claim unless it is told to require it."""
    desk = Desk()
    with pytest.raises(Denied):
        desk.check.check(desk.forged(**{claim: None}), CALLER)


@pytest.mark.parametrize("name", ["issuer", "caller", "target"])
def test_a_ticket_of_other_names_does_not_open(name: str) -> None:
    desk = Desk()
    with pytest.raises(Denied):
        desk.check.check(desk.ticket(**{name: "spiffe://m/tool/other"}), CALLER)


def test_a_ticket_that_was_checked_once_is_still_bound_to_its_caller() -> None:
    """The cache must not forget to whom it belongs."""
    desk = Desk()
    token = desk.ticket()
    desk.check.check(token, CALLER)
    with pytest.raises(Denied, match="another node"):
        desk.check.check(token, "spiffe://m/tool/thief")


def test_an_unsigned_or_otherwise_signed_ticket_does_not_open() -> None:
    desk = Desk()
    public_pem = desk.keys[0].public_pem
    unsigned = jwt.encode(CLAIMS, "", "none", headers={"kid": "k1"})
    other_key = jwt.encode(CLAIMS, new_key(), "ES256", headers={"kid": "k1"})
    for token in (unsigned, other_key, desk.ticket()[:-4] + "AAAA", "", "a.b.c", public_pem):
        with pytest.raises(Denied):
            desk.check.check(token, CALLER)


def test_a_ticket_of_an_unknown_key_does_not_open() -> None:
    desk = Desk()
    desk.keys = []
    with pytest.raises(Denied, match="unknown key"):
        desk.check.check(desk.ticket(), CALLER)


def test_a_withdrawn_key_closes_tickets_that_were_checked_before() -> None:
    desk = Desk()
    token = desk.ticket()
    desk.check.check(token, CALLER)
    desk.keys = [public(SigningKey("k2", new_key(), NOW_MS))]
    with pytest.raises(Denied, match="no longer in use"):
        desk.check.check(token, CALLER)


def test_two_keys_are_good_at_once() -> None:
    desk = Desk()
    first = desk.ticket()
    desk.signer = SigningKey("k2", new_key(), NOW_MS)
    desk.keys.append(public(desk.signer))
    desk.check.check(first, CALLER)
    desk.check.check(desk.ticket(), CALLER)


def test_a_ticket_ends_also_when_it_was_checked_before() -> None:
    desk = Desk()
    token = desk.ticket()
    desk.check.check(token, CALLER)
    desk.clock.now = NOW_MS + 300_000 + tickets.LEEWAY_MS
    with pytest.raises(Denied, match="expired"):
        desk.check.check(token, CALLER)


@pytest.mark.parametrize(
    ("away_since_ms", "now_ms", "good"),
    [
        (NOW_MS, NOW_MS + 11 * HOUR_MS, True),
        (NOW_MS + 300_000, NOW_MS + 11 * HOUR_MS, True),
        (NOW_MS + 300_001, NOW_MS + 11 * HOUR_MS, False),  # it could still have got a new one
        (NOW_MS, NOW_MS + 12 * HOUR_MS + 300_000, False),
        (None, NOW_MS + HOUR_MS, False),
    ],
)
def test_past_its_end_a_ticket_counts_only_while_no_new_one_could_be_had(
    away_since_ms: int | None, now_ms: int, good: bool
) -> None:
    desk = Desk()
    desk.away_since_ms, desk.clock.now = away_since_ms, now_ms
    if good:
        desk.check.check(desk.ticket(), CALLER)
    else:
        with pytest.raises(Denied):
            desk.check.check(desk.ticket(), CALLER)


def test_the_memory_of_checked_tickets_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "REMEMBERED_MAX", 4)
    desk = Desk()
    for _ in range(9):
        desk.check.check(desk.ticket(), CALLER)
    assert len(desk.check._checked) == 4  # pyright: ignore[reportPrivateUsage]
