"""Which addresses a listener announces."""

from __future__ import annotations

import pytest

from common.daemon.addresses import ADDRESSES_MAX, is_loopback, parted, reachable, reachable_at

OWN = (
    "127.0.0.1",
    "192.168.1.7",
    "203.0.113.5",
    "fe80::1%eth0",
    "::1",
    "2001:db8::7",
    "169.254.3.4",
)


def test_a_listener_at_one_address_is_reached_there_alone() -> None:
    assert reachable("10.0.0.1", 5, OWN) == ("10.0.0.1:5",)
    assert reachable_at("127.0.0.1", 5) == ("127.0.0.1:5",)


def test_one_that_listens_to_all_names_every_address_and_loopback_last() -> None:
    assert reachable("0.0.0.0", 5, OWN) == ("192.168.1.7:5", "203.0.113.5:5", "127.0.0.1:5")
    assert reachable("::", 5, OWN) == (
        "192.168.1.7:5",
        "203.0.113.5:5",
        "[2001:db8::7]:5",
        "127.0.0.1:5",
    )


def test_a_machine_without_any_other_address_still_has_loopback() -> None:
    assert reachable("0.0.0.0", 5, ("lo", "127.0.0.1")) == ("127.0.0.1:5",)


def test_there_is_a_limit() -> None:
    many = [f"10.0.{n}.1" for n in range(50)]
    assert len(reachable("0.0.0.0", 5, many)) == ADDRESSES_MAX


@pytest.mark.parametrize(
    ("address", "loopback"),
    [("127.0.0.1:5", True), ("[::1]:5", True), ("localhost:5", True), ("10.0.0.1:5", False)],
)
def test_loopback_is_told_from_others(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_an_address_is_taken_apart() -> None:
    assert parted("[2001:db8::7]:50") == ("2001:db8::7", 50)
    with pytest.raises(ValueError, match="invalid literal"):
        parted("nowhere")
