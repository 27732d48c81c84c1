"""Where a process listens is asked of the system, however it was told to."""

from __future__ import annotations

import os
import socket

import pytest

from common.daemon.home import Ready
from developer_node.front.up.moving import is_elsewhere


def ready(address: str) -> Ready:
    return Ready("dragon", os.getpid(), address, 0, "0.1.0")


@pytest.mark.parametrize(
    ("host", "wanted", "elsewhere"),
    [
        ("127.0.0.1", "127.0.0.1", False),
        ("127.0.0.1", "0.0.0.0", True),
        ("0.0.0.0", "0.0.0.0", False),
        ("0.0.0.0", "::", False),
        ("0.0.0.0", "127.0.0.1", True),
        ("127.0.0.1", "192.168.1.7", True),
        ("::ffff:127.0.0.1", "127.0.0.1", False),
        ("::ffff:127.0.0.1", "0.0.0.0", True),
        ("::", "0.0.0.0", False),
    ],
)
def test_a_node_is_elsewhere_when_it_listens_at_another_address(
    host: str, wanted: str, elsewhere: bool
) -> None:
    """What it says of itself is an address to reach it at; gRPC listens by IPv6 sockets."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert is_elsewhere(ready(f"192.168.1.7:{port}"), wanted) is elsewhere


def test_of_a_node_that_cannot_be_asked_nothing_is_claimed() -> None:
    assert not is_elsewhere(ready("/tmp/developer.sock"), "0.0.0.0")
    assert not is_elsewhere(Ready("dragon", 2**22 + 1, "127.0.0.1:1", 0, ""), "0.0.0.0")
