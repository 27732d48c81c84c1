"""Three Coordinators as an owner makes them: each a process that starts its own nats-server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from common.daemon.elsewhere import went
from common.daemon.home import Ready
from coordinator_node.engine.nats_server import program
from tests.support.mesh import Mesh, until
from tests.support.nats_servers import free_ports
from tests.support.several_coordinators import new_home
from tests.support.small_mesh import SmallMesh

HOST = "127.0.0.1"
NAMES = ("a", "b", "c")
PATIENCE_S = 90.0


class Machine(Mesh):
    """A home whose only node is a Coordinator."""

    def __init__(self, root: Path) -> None:
        self.place = new_home(root / "mesh")
        super().__init__(self.place.root)
        self.mesh = SmallMesh(root)
        """For nodes that live in the test's own process."""

    def coordinator(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of its short commands, to its end."""
        command = [sys.executable, "-m", "coordinator_node", *words, "--home", str(self.home)]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=100)

    def typed(self, *words: str) -> str:
        """What `postdevai` printed; it has to go well."""
        done = self.postdevai(*words)
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()
        return done.stdout

    def engine(self) -> Any:
        """How it is, as far as that can be told."""
        return json.loads(self.coordinator("engine", "--json").stdout)

    def up(self, *repos: Path, wait: str = "words") -> None:
        """Its Coordinator serves, and the test's own nodes know where."""
        self.typed("up", "--detach")
        self.look()

    def look(self) -> Ready:
        """Where it is now."""
        ready = self.place.ready("coordinator")
        assert ready is not None, self.logs()
        self.mesh.address, self.mesh.identity_uri = ready.address, ready.extra["identity"]
        self.mesh.enrolment_address = ready.extra["enrolment_address"]
        return ready

    def send(self, how: signal.Signals, *, with_server: bool) -> None:
        """A signal to its Coordinator, and to the server that this one started."""
        process = psutil.Process(self.pid("coordinator"))
        hit = [process, *(process.children(recursive=True) if with_server else [])]
        for each in hit:
            each.send_signal(how)
        if how == signal.SIGKILL:
            psutil.wait_procs(hit, timeout=20)

    def wait_for_copies(self, number: int = 3) -> None:
        """Until so many servers have all of the state."""
        said: Any = None
        for _ in until(PATIENCE_S):
            said = self.engine()
            if said["copies"] and said["copies"]["current"] == number:
                return
        raise AssertionError(f"{said}\n{self.logs()}")


@contextmanager
def three_machines(root: Path) -> Generator[tuple[Machine, Machine, Machine]]:
    """By the steps of docs/engine.md: three servers by hand, the state moved there, each server
    handed to the Coordinator of its machine. All of them serve."""
    first, second, third = (Machine(root / name) for name in NAMES)
    places = [root / f"server-{name}" for name in NAMES]
    by_hand: list[subprocess.Popen[bytes]] = []
    try:
        assert first.coordinator("init").returncode == 0
        went(first.place, ("dragon", "developer"))
        ports = free_ports(6)
        routes = [word for port in ports[3:] for word in ("--route", f"{HOST}:{port}")]
        for name, place, port, cluster in zip(NAMES, places, ports[:3], ports[3:], strict=True):
            words = ("--name", name, "--host", HOST, "--port", str(port))
            words += ("--cluster-port", str(cluster), *routes)
            made = first.coordinator("engine-server", str(place), *words)
            assert made.returncode == 0, made.stderr
            by_hand.append(_started(place))
        servers = [word for port in ports[:3] for word in ("--server", f"tls://{HOST}:{port}")]
        move = ("mesh", "migrate", "--to", "nats", "--copies", "3", *servers)
        assert any(first.postdevai(*move).returncode == 0 for _ in until(PATIENCE_S))
        _end(by_hand[0])
        first.typed("mesh", "adopt", str(places[0]))
        first.up()
        for machine, place, process in zip((second, third), places[1:], by_hand[1:], strict=True):
            first.wait_for_copies()
            code = first.typed("invite", "coordinator").strip()
            _end(process)
            machine.typed("join", code, "--engine-server", str(place))
            machine.look()
        first.wait_for_copies()
        yield first, second, third
    finally:
        for process in by_hand:
            _end(process)
        for machine in (third, second, first):
            machine.close()


def _started(place: Path) -> subprocess.Popen[bytes]:
    with (place / "nats.log").open("ab") as said:
        command = [program(), "-c", str(place / "nats.conf")]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        process.wait(30)
