"""A Coordinator, two Dragons of one lake and two laptops, each on a machine of its own, and what
may befall them: death, standing still, an island of the network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import psutil

from common.daemon.home import Home
from common.daemon.keys import sealing_key
from common.rpc.certificates import read_leaf
from common.sealed_sqlite import unlock
from tests.support.machines import Lan, Machine, open_lan
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

PATIENCE_S = 240.0
LAPTOPS = ("desk", "sofa")
DRAGONS = ("east", "west")


@dataclass(slots=True)
class Node:
    """One machine's daemon. It is started as `postdevai up` started it the first time."""

    machine: Machine
    role: str
    repository: Repository | None = None
    command: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    ended: list[int] = field(default_factory=list[int])
    """Exit codes of the times when it ended by itself."""

    @property
    def name(self) -> str:
        """Of its machine."""
        return self.machine.name

    @property
    def home(self) -> Home:
        """Where its state is."""
        return Home.from_env(str(self.machine.home))

    def take_over(self) -> None:
        """Ends the daemon that `up` started, and starts it as a child of the test's."""
        first = psutil.Process(self.machine.pid(self.role))
        self.command = first.cmdline()
        first.kill()
        psutil.wait_procs([first], timeout=20)
        self.start()

    def start(self) -> None:
        """Returns at once."""
        said = self.machine.home / f"{self.role}.said"
        with said.open("ab") as out:
            self.process = subprocess.Popen(
                [*self.machine.inside, *self.command],
                env=self.machine.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.starts += 1

    def look_after(self) -> None:
        """Starts it again when it has ended by itself, as the system's own service would."""
        if self.process is not None and (code := self.process.poll()) is not None:
            self.ended.append(code)
            self.start()

    def send(self, how: signal.Signals) -> None:
        """A signal to the daemon; one that is killed is gone when this returns."""
        assert self.process is not None
        self.process.send_signal(how)
        if how == signal.SIGKILL:
            self.process.wait()
            self.process = None

    def serves(self) -> bool:
        """Whether this very process says that it is ready."""
        ready = self.home.ready(self.role)  # pyright: ignore[reportArgumentType]
        return ready is not None and self.process is not None and ready.pid == self.process.pid

    def end(self) -> None:
        """However it is."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class FiveMachines:
    """The nodes by the names of their machines. Made by `five_machines`."""

    def __init__(self, lan: Lan, root: Path) -> None:
        env = {"POSTDEVAI_MODELS": str(root / "no-models")}

        def made(name: str, role: str) -> Node:
            return Node(Machine(lan, name, root / name, **env), role)

        self.lan = lan
        self.hub = made("hub", "coordinator")
        self.dragons = tuple(made(name, "dragon") for name in DRAGONS)
        self.laptops = tuple(made(name, "developer") for name in LAPTOPS)
        self.nodes = (self.hub, *self.dragons, *self.laptops)

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def set_up(self, root: Path) -> None:
        """As an owner does it, and then each daemon as a child of the test's."""
        run(self.hub.machine, "coordinator_node", "init")
        only(self.hub.machine, "coordinator", "up", "--host", "all", "--detach")
        east, west = self.dragons
        typed(east.machine, "join", self._code("dragon"))
        leaf = east.home.identity_directory("dragon") / "leaf.pem"
        typed(west.machine, "join", self._code("dragon"), "--no-start")
        leader = read_leaf(leaf.read_bytes()).identity.id
        run(west.machine, "dragon_node", "follow", "--leader", leader)
        typed(west.machine, "up", "--detach")
        for laptop in self.laptops:
            typed(laptop.machine, "join", self._code("developer"), "--no-start")
            laptop.repository = Repository.make(root / f"work-{laptop.name}" / "calculator")
            laptop.machine.up(laptop.repository.root)
        for node in self.nodes:
            node.take_over()
        self.wait_until("every node serves", lambda: all(node.serves() for node in self.nodes))

    def _code(self, role: str) -> str:
        return run(self.hub.machine, "coordinator_node", "invite", role).strip()

    def look_after(self) -> None:
        """All of them."""
        for node in self.nodes:
            node.look_after()

    @contextmanager
    def island(self, names: Collection[str]) -> Generator[None]:
        """These machines reach each other and nobody else until the block ends."""
        self.lan.part(names)
        try:
            yield
        finally:
            self.lan.unite(names)

    def wait_until(self, what: str, is_so: Callable[[], bool]) -> None:
        """At most four minutes; whoever ends meanwhile is started again."""
        for _ in until(PATIENCE_S):
            self.look_after()
            if is_so():
                return
        raise AssertionError(f"not so: {what}\n{self.logs()}")

    def logs(self) -> str:
        """The ends of all of them."""
        return "".join(f"\n=== {node.name}\n{node.machine.logs()}" for node in self.nodes)

    def close(self) -> None:
        """Nothing of it is left."""
        for node in reversed(self.nodes):
            node.end()
        for node in reversed(self.nodes):
            node.machine.close()


@contextmanager
def five_machines(root: Path) -> Generator[FiveMachines]:
    """All of them serve; they end with the block."""
    with ExitStack() as stack:
        made = FiveMachines(stack.enter_context(open_lan()), root)
        stack.callback(made.close)
        made.set_up(root)
        yield made


def typed(mesh: Mesh, *words: str) -> str:
    """What `postdevai` printed; it has to go well."""
    done = mesh.postdevai(*words)
    assert done.returncode == 0, done.stdout + done.stderr + mesh.logs()
    return done.stdout


def run(mesh: Mesh, module: str, *words: str) -> str:
    """The same of a daemon's own command."""
    command = [*mesh.inside, sys.executable, "-m", module, *words]
    done = subprocess.run(command, env=mesh.env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def only(mesh: Mesh, role: str, *words: str) -> None:
    """`up` where the other nodes of a mesh are elsewhere."""
    from common.daemon.elsewhere import went

    others = [each for each in ("coordinator", "dragon", "developer") if each != role]
    went(Home.from_env(str(mesh.home)), others)  # pyright: ignore[reportArgumentType]
    typed(mesh, *words)


Row = tuple[int, str, int, str, str, bytes]


def journal_of(node: Node) -> tuple[str, dict[int, Row]]:
    """Whose lake a Dragon's journal is, and its records by position, as they lie on its disk."""
    path = node.machine.home / "dragon" / "journal.db"
    db = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
    with closing(db):
        unlock(db, path, sealing_key(path.parent))
        db.set_busy_timeout(10_000)
        whose = str(db.execute("SELECT value FROM meta WHERE name='id'").get)
        rows: Iterator[Row] = db.execute(  # pyright: ignore[reportAssignmentType]
            "SELECT lsn, origin, seq, kind, project, body FROM records"
        )
        return whose, {row[0]: row for row in rows}


def led(node: Node) -> tuple[str, int]:
    """Who leads and under which epoch, as a Dragon wrote it down; epoch 0 when it is not known."""
    try:
        said = json.loads((node.machine.home / "dragon" / "replica.json").read_text("utf-8"))
    except FileNotFoundError:
        return "", 0
    return str(said["leader"]), int(said["epoch"])
