"""One node as a service: what its unit must say, whichever manager reads it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from common.daemon.home import Home, models_directory
from common.daemon.service import VARIABLE
from common.model.node import Role

Kind = Literal["systemd", "launchd"]
Scope = Literal["user", "system"]

STOP_S: dict[Role, int] = {"coordinator": 30, "dragon": 90, "developer": 30}
"""Longer than each takes to drain; what does not stop then is killed on Linux."""
STOP_MAC_S: dict[Role, int] = {"coordinator": 60, "dragon": 600, "developer": 60}
"""A Dragon that holds wired GPU memory is not to be killed on a Mac: it may stay lost."""
RESTART_S = 10
"""From an end to the first start after it."""
RESTART_MAX_S = 300
"""And from there ever longer, to this, where the manager can do so."""
FILES_MAX = 65536

_DESCRIBED: dict[Role, str] = {
    "coordinator": "PostDevAI Coordinator: registry and certificates of the mesh",
    "dragon": "PostDevAI Dragon: the lake and the models",
    "developer": "PostDevAI Developer: watches this laptop, answers its front ends",
}
_NOT_KEPT = frozenset(
    (VARIABLE, *(f"POSTDEVAI_{each}" for each in ("HOME", "LOG_TO", "SEEN", "TTY", "FAILPOINT")))
)
"""Of one shell, one test or one HOME."""
_USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class Unit:
    """What runs, for whom, and with which words."""

    role: Role
    kind: Kind
    scope: Scope
    home: Path
    program: Path
    """The node's own program, by an absolute path."""
    user: str = ""
    """Whose it is, for the units of a whole system."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    beside: tuple[Role, ...] = ()
    """Other nodes of this HOME: a Coordinator among them is started first."""

    @property
    def name(self) -> str:
        """By which the manager knows it."""
        if self.kind == "systemd":
            return f"postdevai-{self.role}.service"
        return f"com.postdevai.{self.role}"

    @property
    def words(self) -> tuple[str, ...]:
        """The command line."""
        serve = ("serve",) if self.role == "coordinator" else ()
        return (str(self.program), *serve, "--home", str(self.home))

    @property
    def description(self) -> str:
        """One line for people who list services."""
        return _DESCRIBED[self.role]

    @property
    def printed(self) -> Path:
        """Where what it prints goes: the reason when it could not even write its log."""
        return self.home / self.role / f"{self.role}.err"

    @property
    def settings(self) -> dict[str, str]:
        """Its environment: what the person had set when the unit was written, and our own."""
        return {
            **self.environment,
            "POSTDEVAI_HOME": str(self.home),
            VARIABLE: f"{self.kind}:{self.scope}",
        }

    @property
    def writable(self) -> tuple[Path, ...]:
        """Directories that it writes to."""
        return (self.home, models_directory(), Path("/tmp"), Path("/dev/shm"))


def kind_here() -> Kind:
    """The manager of this operating system."""
    return "launchd" if sys.platform == "darwin" else "systemd"


def kept_environment(environment: Mapping[str, str], scope: Scope) -> dict[str, str]:
    """What a unit takes over: settings of ours, and for a person's own units where programs are."""
    kept = {
        name: value
        for name, value in sorted(environment.items())
        if name.startswith("POSTDEVAI_") and name not in _NOT_KEPT
    }
    path = [each for each in environment.get("PATH", "").split(os.pathsep) if os.path.isabs(each)]
    kept["PATH"] = os.pathsep.join(path) if path and scope == "user" else _USUAL_PATH
    return kept


def unit_of(
    role: Role,
    home: Home,
    kind: Kind,
    scope: Scope,
    *,
    programs: Path,
    environment: Mapping[str, str],
    beside: tuple[Role, ...] = (),
) -> Unit:
    """The unit of a node here. `programs` is the directory that holds `dragon-node` and others."""
    import pwd

    owner = pwd.getpwuid(home.root.stat().st_uid).pw_name if scope == "system" else ""
    return Unit(
        role,
        kind,
        scope,
        home.root,
        programs / f"{role}-node",
        owner,
        kept_environment(environment, scope),
        beside,
    )


def programs_here() -> Path:
    """The directory of this very environment's programs."""
    return Path(sys.executable).parent
