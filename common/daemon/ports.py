"""Ports that daemons of one HOME took, so that they take the same ones again."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from common.daemon.files import write_private
from common.daemon.home import Home
from common.daemon.locks import held

DEFAULT_PORTS = {"dragon": 50051, "coordinator": 50053, "enrolment": 50054}
"""The usual port of each listener."""


@dataclass(frozen=True, slots=True)
class Ports:
    """HOME/ports.json: the name of a listener and its port."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> Ports:
        """The ports of this HOME."""
        return cls(home.root / "ports.json")

    def usual(self, name: str) -> int:
        """The port that the listener had last time, else its default, else 0."""
        return self._read().get(name, DEFAULT_PORTS.get(name, 0))

    def remember(self, name: str, port: int) -> None:
        """Keeps a port for next time."""
        with held(self.path.with_suffix(".lock")):
            ports = self._read()
            if ports.get(name) != port:
                ports[name] = port
                write_private(self.path, json.dumps(ports, indent=1).encode())

    def reserve(self, name: str, host: str) -> int:
        """The port to name to others before the listener is there: usual, or free and kept."""
        port = self.usual(name)
        if port == 0 or not is_free(host, port):
            port = _free(host)
        self.remember(name, port)
        return port

    def _read(self) -> dict[str, int]:
        try:
            found = json.loads(self.path.read_text("utf-8"))
            return {str(name): int(port) for name, port in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}  # a lost or torn file only costs the habit


def is_free(host: str, port: int) -> bool:
    """Whether a listener could have the port. gRPC is not asked: it complains on stderr."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(family[4])
    except OSError:
        return False
    return True


def _free(host: str) -> int:
    family = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family[0], socket.SOCK_STREAM) as probe:
        probe.bind(family[4])
        return int(probe.getsockname()[1])
