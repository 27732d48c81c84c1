"""Three servers of the engine, each on a machine of its own, and a client beside each."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from common.clock import SystemClock
from coordinator_node.engine.nats_server import ServerSettings, configuration, program
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import write_engine_leaf
from tests.support.machines import Lan, open_lan
from tests.support.mesh import until

ROOT = Path(__file__).parents[2]
NAMES = ("a", "b", "c")
PORT, CLUSTER_PORT = 4222, 6222
SPACE = "tfaults"
PATIENCE_S = 240.0


class Client:
    """A process that writes beside one server, and what was acknowledged to it."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name = name
        self.said: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        self._hears = Thread(target=self._hear)
        self._hears.start()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith(b"\n"):
                self.said.append(json.loads(line))

    def end(self) -> None:
        """All that it said is known then."""
        self.process.kill()
        self.process.wait()
        self._hears.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


class NatsMachines:
    """Made by `nats_machines`."""

    def __init__(self, lan: Lan, root: Path) -> None:
        self.lan = lan
        self._authority = Authority.make(root / "authority", SystemClock())
        self._directories = {name: root / name for name in NAMES}
        self._addresses = {name: lan.plug(name) for name in NAMES}
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self.clients: list[Client] = []
        routes = tuple(f"{at}:{CLUSTER_PORT}" for at in self._addresses.values())
        for name, directory in self._directories.items():
            at = self._addresses[name]
            settings = ServerSettings(name, at, PORT, CLUSTER_PORT, routes)
            write_engine_leaf(self._authority, directory, (at,))
            (directory / "nats.conf").write_text(configuration(settings, directory), "utf-8")

    def start(self, name: str) -> None:
        """Returns at once."""
        directory = self._directories[name]
        with (directory / "nats.log").open("ab") as log:
            self._servers[name] = subprocess.Popen(
                [*self.lan.inside(name), program(), "-c", str(directory / "nats.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def send(self, name: str, how: signal.Signals) -> None:
        """A signal to a server; one that is killed is gone when this returns."""
        self._servers[name].send_signal(how)
        if how == signal.SIGKILL:
            self._servers[name].wait()

    def begin(self) -> None:
        """Three servers that agree, and a client beside each that writes."""
        for name in NAMES:
            self.start(name)
        self._ask("make", NAMES)
        self.clients = [Client(name, self._command("write", name, (name,))) for name in NAMES]

    def said(self) -> list[dict[str, Any]]:
        """All that was acknowledged to anybody until now."""
        return [line for client in self.clients for line in tuple(client.said)]

    def cluster(self) -> dict[str, bool]:
        """The servers whose copy is current; whether each leads."""
        return self._ask("cluster", NAMES)

    def wait_until_whole(self) -> None:
        """Every server has all of the state, and is written to again from each machine."""
        for _ in until(PATIENCE_S):
            if len(self.cluster()) == len(NAMES):
                break
        else:
            raise AssertionError(f"not every copy is current: {self.cluster()}\n{self.logs()}")
        before = [len(client.said) for client in self.clients]
        for _ in until(PATIENCE_S):
            for client in self.clients:
                assert client.process.poll() is None, f"the client at {client.name} has ended"
            now = [len(client.said) for client in self.clients]
            if all(after > earlier for earlier, after in zip(before, now, strict=True)):
                return
        raise AssertionError(f"somebody cannot write: {self.clients}\n{self.logs()}")

    def wrong(self) -> list[str]:
        """Once nobody writes any more: what of the histories does not hold."""
        for client in self.clients:
            client.end()
        return self._ask("check", NAMES, self.said())["wrong"]

    def logs(self) -> str:
        """The ends of the servers' words."""
        found = [(name, at / "nats.log") for name, at in self._directories.items()]
        return "".join(
            f"\n--- {name}\n" + "\n".join(path.read_text().splitlines()[-10:])
            for name, path in found
        )

    def close(self) -> None:
        """Nothing of it is left."""
        for client in self.clients:
            if client.process.poll() is None:
                client.end()
        for server in self._servers.values():
            if server.poll() is None:
                server.kill()
                server.wait()

    def _ask(self, what: str, at: Iterable[str], said: Sequence[dict[str, Any]] = ()) -> Any:
        told = "".join(json.dumps(line) + "\n" for line in said)
        done = subprocess.run(
            self._command(what, NAMES[0], at),
            cwd=ROOT,
            input=told,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr + self.logs()
        return json.loads(done.stdout) if done.stdout else None

    def _command(self, what: str, beside: str, at: Iterable[str]) -> list[str]:
        servers = [f"tls://{self._addresses[name]}:{PORT}" for name in at]
        words = [str(self._directories[beside] / "tls"), SPACE, beside, *servers]
        program_ = [sys.executable, "-m", "tests.support.nats_client", what]
        return [*self.lan.inside(beside), *program_, *words]


@contextmanager
def nats_machines(root: Path) -> Generator[NatsMachines]:
    """They agree, and clients write, until the block ends."""
    with ExitStack() as stack:
        made = NatsMachines(stack.enter_context(open_lan()), root)
        stack.callback(made.close)
        made.begin()
        yield made
