"""What a check is given, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.daemon.home import Home, Ready
from common.errors import PostDevAIError
from common.model.audit import AuditCheck
from common.model.laptop import LaptopStatus
from common.model.node import Role
from common.model.task import Task
from developer_node.front.service.files import Found
from developer_node.front.service.services import Service

ROLES: tuple[Role, ...] = ("coordinator", "dragon", "developer")

MORE_WATCHES = "Type: sudo sysctl fs.inotify.max_user_watches=524288"

ATTENTION, NOT_INSTALLED, UNAVAILABLE, REFUSED, CORRUPT = 1, 2, 3, 4, 5
"""What a finding's code means: those of docs/cli.md; 1 is meant so, and worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault."""

    name: str
    """Stable, for scripts."""
    sentence: str
    next: str
    """What to do."""
    code: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system and where it is."""

    place: str
    kind: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What there is to look at, read once."""

    home: Home
    status: LaptopStatus | PostDevAIError
    """What the laptop's daemon says, or why it says nothing."""
    now_ms: int
    version: str
    """Of this program."""
    environment: Mapping[str, str]
    mounts: tuple[Mount, ...]
    free_bytes: Callable[[Path], int]
    """On the disk that holds a path."""
    memory_bytes: int
    watches_max: int
    """Directories that the kernel lets one user watch; 0 where it does not say."""
    lacking: tuple[str, ...]
    """Python packages that are not there."""
    rc_files: tuple[Path, ...]
    ready: Mapping[Role, Ready] = field(default_factory=dict[Role, Ready])
    """Of the nodes that run here."""
    units: tuple[Found, ...] = ()
    """Every unit of ours on this machine, those of other directories, too."""
    services: tuple[Service, ...] = ()
    """How those of this HOME stand."""
    addresses: tuple[str, ...] = ()
    """Of this machine's interfaces."""
    machine: str = ""
    """This machine's name."""
    listening: Mapping[Role, tuple[str, ...]] = field(default_factory=dict[Role, tuple[str, ...]])
    """The hosts at which each node here takes calls."""
    engine: Mapping[str, Any] | None = None
    """What `coordinator-node engine --json` says, where the state is in NATS and can be asked."""
    dead_tasks: tuple[Task, ...] = ()
    """Put aside after every attempt failed, as far as the mesh can be asked."""
    audit: AuditCheck | None = None
    """What a look at every line of the audit log found, where it can be looked at."""

    @property
    def known(self) -> LaptopStatus | None:
        """What the daemon says; None when it says nothing."""
        return self.status if isinstance(self.status, LaptopStatus) else None

    def lives_here(self, role: Role) -> bool:
        """Whether this HOME has such a node, running or not."""
        if role == "coordinator":
            return (self.home.root / "coordinator" / "authority" / "ca.pem").exists()
        return (self.home.root / role / "identity").is_dir()


Check = Callable[[Ground], Iterator[Finding]]
