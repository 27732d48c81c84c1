"""Machines of one small network, each a network namespace with a home, a name and an address.

A bridge in a namespace of its own joins them, so that nothing of it touches this machine's network.
Needs root on Linux; `allowed` says whether it can be had.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Collection, Generator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from tests.support.mesh import Mesh

NETWORK = "10.87.0"
_numbers = itertools.count(1)
_NAMED = 'hostname "$0"; exec "$@"'


class Machine(Mesh):
    """A mesh's home on a machine of its own."""

    def __init__(self, lan: Lan, name: str, home: Path, **env: str) -> None:
        super().__init__(home, **env)
        self.name = name
        self.address = lan.plug(name)
        self._lan = lan
        self.inside = lan.inside(name)

    def cut(self) -> None:
        """No packet comes or goes until `heal`."""
        self._lan.link(self.name, "down")

    def heal(self) -> None:
        """The cable is back."""
        self._lan.link(self.name, "up")


class Lan:
    """The bridge and what is plugged into it. Made by `open_lan`."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._tag = f"pd{os.getpid()}x{next(_numbers)}"
        self._bridge = f"{self._tag}-lan"
        self._hosts = itertools.count(1)
        self._island = False
        self._namespace(self._bridge)
        self._ip(self._bridge, "link", "add", "br0", "type", "bridge")
        self._ip(self._bridge, "link", "set", "br0", "up")

    def plug(self, name: str) -> str:
        """A namespace with a cable to the bridge; its address."""
        number = next(self._hosts)
        namespace, address = f"{self._tag}-{name}", f"{NETWORK}.{number}"
        self._namespace(namespace)
        ends = (f"p-{name}", "type", "veth", "peer", "name", "eth0", "netns", namespace)
        self._ip(self._bridge, "link", "add", *ends)
        self._ip(self._bridge, "link", "set", f"p-{name}", "master", "br0", "up")
        self._ip(namespace, "address", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            self._ip(namespace, "link", "set", device, "up")
        # as where a router is: without it nobody is asked by mDNS
        self._ip(namespace, "route", "add", "224.0.0.0/4", "dev", "eth0")
        return address

    def link(self, name: str, state: str) -> None:
        """The cable of a machine: up or down."""
        self._ip(self._bridge, "link", "set", f"p-{name}", state)

    def part(self, names: Collection[str]) -> None:
        """These reach each other, and neither the others nor are reached, until `unite`."""
        if not self._island:
            self._ip(self._bridge, "link", "add", "br1", "type", "bridge")
            self._ip(self._bridge, "link", "set", "br1", "up")
            self._island = True
        for name in names:
            self._ip(self._bridge, "link", "set", f"p-{name}", "master", "br1")

    def unite(self, names: Collection[str]) -> None:
        """They are back among the others."""
        for name in names:
            self._ip(self._bridge, "link", "set", f"p-{name}", "master", "br0")

    def inside(self, name: str) -> Sequence[str]:
        """What stands before a command that runs there."""
        namespace = f"{self._tag}-{name}"
        return ("ip", "netns", "exec", namespace, "unshare", "-u", "sh", "-c", _NAMED, name)

    def _namespace(self, name: str) -> None:
        _run("ip", "netns", "add", name)
        self._stack.callback(_run, "ip", "netns", "delete", name)

    def _ip(self, namespace: str, *words: str) -> None:
        _run("ip", "-n", namespace, *words)


@contextmanager
def open_lan() -> Generator[Lan]:
    """A network without machines; it goes with the block."""
    with ExitStack() as stack:
        yield Lan(stack)


@cache
def allowed() -> bool:
    """Whether network namespaces, a bridge and cables can be made here."""
    try:
        with open_lan() as lan:
            lan.plug("probe")
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)
