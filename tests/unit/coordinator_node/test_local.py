"""A code that is made while the Coordinator stands still names where it will listen."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon import addresses
from common.daemon.home import Home
from common.daemon.listening import listen_at
from common.daemon.ports import Ports
from coordinator_node.local import enrolment_addresses


def test_a_code_names_every_address_at_which_it_will_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another machine types it: loopback would lead it to itself."""
    monkeypatch.setattr(addresses, "own_addresses", lambda: ("192.168.1.7", "127.0.0.1"))
    home = Home.from_env(str(tmp_path / "home"))
    listen_at(home, "all")
    named = enrolment_addresses(home)
    port = Ports.of(home).usual("enrolment")
    assert named == (f"192.168.1.7:{port}", f"127.0.0.1:{port}")


def test_one_that_listens_for_its_machine_alone_names_nothing_else(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    (named,) = enrolment_addresses(home)
    assert named.startswith("127.0.0.1:")
