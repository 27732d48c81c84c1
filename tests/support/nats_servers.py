"""Real nats-servers for tests, each with the engine's certificate, on loopback."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from common.clock import SystemClock
from common.errors import Unavailable
from coordinator_node.engine.jetstream.link import open_link
from coordinator_node.engine.jetstream.space import make_space
from coordinator_node.engine.nats_engine import NatsEngine, open_nats
from coordinator_node.engine.nats_server import ServerSettings, configuration, program
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import write_engine_leaf
from tests.support.mesh import until

HOST = "127.0.0.1"


class NatsServers:
    """One server that stands alone, or a cluster. Made by `nats_servers`."""

    def __init__(self, root: Path, count: int) -> None:
        self.authority = Authority.make(root / "authority", SystemClock())
        ports = free_ports(2 * count)
        routes = tuple(f"{HOST}:{port}" for port in ports[count:]) if count > 1 else ()
        self.settings = [
            ServerSettings(f"s{n}", HOST, ports[n], ports[count + n] if routes else 0, routes)
            for n in range(count)
        ]
        self.directories = [root / each.name for each in self.settings]
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * count
        for settings, directory in zip(self.settings, self.directories, strict=True):
            write_engine_leaf(self.authority, directory, (HOST,))
            (directory / "nats.conf").write_text(configuration(settings, directory), "utf-8")

    @property
    def tls(self) -> Path:
        """The engine's certificate."""
        return self.directories[0] / "tls"

    @property
    def urls(self) -> tuple[str, ...]:
        """Where clients go."""
        return tuple(f"tls://{HOST}:{each.port}" for each in self.settings)

    @property
    def replicas(self) -> int:
        """As many copies as servers."""
        return len(self.settings)

    def start(self, number: int) -> None:
        """Returns at once."""
        directory = self.directories[number]
        with (directory / "nats.log").open("ab") as log:
            self.processes[number] = subprocess.Popen(
                [program(), "-c", str(directory / "nats.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self, number: int, how: signal.Signals = signal.SIGKILL) -> None:
        """By its id; a server that is killed is waited for."""
        process = self.processes[number]
        assert process is not None
        process.send_signal(how)
        if how == signal.SIGKILL:
            process.wait()
            self.processes[number] = None

    def close(self) -> None:
        """Nothing of them is left."""
        for number, process in enumerate(self.processes):
            if process is not None:
                self.kill(number)

    async def space(self) -> str:
        """A new and empty space."""
        name = f"t{secrets.token_hex(6)}"
        async with open_link(self.urls, self.tls, patience_s=60) as link:
            for _ in until(60):
                with contextlib.suppress(Unavailable):
                    await make_space(link, name, replicas=self.replicas)
                    return name
        raise AssertionError("no space could be made")

    @asynccontextmanager
    async def engine(self, space: str, patience_s: float = 60.0) -> AsyncGenerator[NatsEngine]:
        """One more client of a space."""
        async with open_nats(
            self.urls, self.tls, space, replicas=self.replicas, patience_s=patience_s
        ) as engine:
            yield engine


@contextmanager
def nats_servers(root: Path, count: int) -> Generator[NatsServers]:
    """Servers that were started, until the block ends."""
    servers = NatsServers(root, count)
    try:
        for number in range(count):
            servers.start(number)
        yield servers
    finally:
        servers.close()


def free_ports(count: int) -> list[int]:
    """Ports that nobody had just now."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for _ in range(count):
            held = stack.enter_context(socket.socket())
            held.bind((HOST, 0))
            ports.append(held.getsockname()[1])
        return ports
