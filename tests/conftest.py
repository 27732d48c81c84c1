"""What every test is given: no network but loopback, and a home of its own."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_connect = socket.socket.connect


def _refuse_other_machines(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        host = str(address[0])
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        assert loopback, f"a test tried to reach {host}: nothing leaves the owner's machines"
    _connect(self, address)


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Python sockets reach loopback only, and no test sees the person's own mesh or keys."""
    monkeypatch.setattr(socket.socket, "connect", _refuse_other_machines)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("POSTDEVAI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("POSTDEVAI_KEYCHAIN", "off")
    monkeypatch.delenv("POSTDEVAI_KEY_FILE", raising=False)
    yield
