"""A HOME as a healthy mesh leaves it: real locks, ready files, keys, certificates, a real door."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home, Ready
from common.daemon.keys import sealing_key
from common.daemon.locks import only_instance
from common.model.ids import NodeId, WorkingCopyId
from common.model.lake import LakeStats
from common.model.laptop import LaptopStatus, WatchedRepository
from common.model.llm import InferenceStats, Model
from common.model.node import Identity, Node, Role
from common.rpc.certificates import key_to_pem, new_key, node_id
from coordinator_node.gateway.authority import Authority
from developer_node.front.doctor.examining import examine, ground_of
from developer_node.front.doctor.finding import Finding, Ground
from tests.support.local_api import Script, serve
from tests.support.small_mesh import ShiftedClock

VERSION = "0.1.0"
GB = 1_000_000_000
MACHINE = "desk"
Changed = dict[str, object]
Plant = Callable[["Bench"], Changed | None]
PLANTS: dict[str, tuple[int, Plant]] = {}


def plants(name: str, code: int) -> Callable[[Plant], Plant]:
    """The fault that this function makes, and the code that it has."""

    def keep(plant: Plant) -> Plant:
        PLANTS[name] = (code, plant)
        return plant

    return keep


@dataclass
class Bench:
    """What a test may break, and the ground that the doctor then finds."""

    home: Home
    script: Script
    locks: dict[Role, ExitStack]
    tmp: Path
    environment: dict[str, str]
    at_end: ExitStack

    def status(self, **changed: object) -> None:
        """The daemon says something else."""
        self.script.status = replace(self.script.status, **changed)  # type: ignore[arg-type]

    def identity(self, role: Role, hours: float = 0, directory: Path | None = None) -> None:
        """A leaf of a mesh's CA that was issued so many hours from now, and what is beside it."""
        clock = ShiftedClock(int(hours * 3_600_000))
        made = directory or self.home.root / "coordinator" / "authority"
        authority = Authority.make(made, clock)
        key = new_key()
        leaf = authority.issue(
            Identity(authority.mesh, role, node_id(key.public_key())), key.public_key()
        )
        place = self.home.identity_directory(role)
        write_private(place / "key.pem", key_to_pem(key))
        write_private(place / "ca.pem", authority.ca_pem)
        write_private(place / "mesh.json", json.dumps({}).encode())
        write_private(place / "leaf.pem", leaf)

    def start(self, role: Role, version: str = VERSION) -> None:
        """The node holds its lock and says that it serves."""
        stack = self.locks[role] = ExitStack()
        self.home.directory(role)
        stack.enter_context(only_instance(self.home.lock_path(role), role))
        self.home.write_ready(Ready(role, os.getpid(), "127.0.0.1:1", 1, version))

    def stop(self, role: Role, *, killed: bool = False) -> None:
        """The node lets its lock go; one that was killed leaves what it said."""
        self.locks.pop(role).close()
        if not killed:
            self.home.ready_path(role).unlink()

    async def ground(self, **changed: object) -> Ground:
        """What the doctor looks at; what this machine happens to be like is left out."""
        found = await ground_of(self.home, self.environment)
        own = {"mounts": (), "watches_max": 0, "rc_files": (self.tmp / ".bashrc",)}
        own |= {"free_bytes": lambda _: 100 * GB, "memory_bytes": 16 * GB, "lacking": ()}
        own |= {"units": (), "services": (), "listening": {}, "machine": MACHINE}
        own |= {"addresses": ("127.0.0.1", "192.168.7.2")}
        return replace(found, **(own | changed))  # type: ignore[arg-type]

    async def examined(self, **changed: object) -> list[Finding]:
        """What the doctor finds."""
        return examine(await self.ground(**changed))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[Bench]:
    """Nothing is wrong yet."""
    home = Home.from_env(str(tmp_path / "home"))
    repository = tmp_path / "thing"
    repository.mkdir()
    lake = tmp_path / "lake"
    lake.mkdir()
    script = Script(
        status=LaptopStatus(
            (Node("dragon", NodeId("d"), "127.0.0.1:1", "serving", 2.0, pid=os.getpid()),),
            lake=LakeStats(10, GB, True, "tmpfs", str(lake), 1, 1, inodes_free=100_000),
            models=(Model("small", "fast", "ready", bytes=1000),),
            repositories=(
                WatchedRepository(str(repository), WorkingCopyId("w"), 3, 0, "watching"),
            ),
            inference=InferenceStats(8 * GB),
            api_version="1.0",
        )
    )
    environment = {"PATH": os.environ["PATH"]}
    made = Bench(home, script, {}, tmp_path, environment, ExitStack())
    for role in ("dragon", "developer"):
        made.identity(role)
        sealing_key(home.directory(role))
    for role in ("coordinator", "dragon"):
        made.start(role)
    async with serve(home.root, script, os.getpid()):
        yield made
    for stack in (made.at_end, *made.locks.values()):
        stack.close()
