"""The services of one HOME: installed, started, stopped and told of, in the right order."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.daemon.home import Home
from common.errors import Conflict, Denied, Invalid, Missing, Unavailable
from common.model.node import Role
from developer_node.front.service import files
from developer_node.front.service.files import ROLES, Found
from developer_node.front.service.launchd import Launchd
from developer_node.front.service.manager import Manager, Run, Standing, run_tool
from developer_node.front.service.running_service import service_of
from developer_node.front.service.systemd import Systemd
from developer_node.front.service.unit import (
    Kind,
    Scope,
    Unit,
    kind_here,
    programs_here,
    unit_of,
)
from developer_node.front.up import daemons

LINGER = Path("/var/lib/systemd/linger")
Told = Callable[[Role, str], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A unit file, written or shown."""

    role: Role
    path: Path
    content: bytes


@dataclass(frozen=True, slots=True)
class Service:
    """A node of this HOME as a service."""

    role: Role
    found: Found | None
    """Its file; None when it is not installed."""
    standing: Standing | None
    """What the manager says; None when there is nothing to ask about."""


def _nothing(role: Role, said: str) -> None:
    """For callers who are told nothing."""


@dataclass(frozen=True, slots=True)
class Services:
    """`root` is for packages and tests: files go below it, and no manager is asked."""

    home: Home
    kind: Kind = field(default_factory=kind_here)
    root: Path | None = None
    run: Run = run_tool
    programs: Path = field(default_factory=programs_here)

    def manager(self, scope: Scope) -> Manager:
        """Of that scope."""
        if self.kind == "systemd":
            return Systemd(scope, self.run)
        return Launchd(scope, files.directory(self.kind, scope), self.run)

    def plan(
        self, roles: Iterable[Role], scope: Scope, environment: Mapping[str, str]
    ) -> list[Written]:
        """The files that `install` would write. Invalid for a node that this HOME has not got."""
        named = set(roles)
        wanted: list[Role] = [role for role in ROLES if role in named]
        here: tuple[Role, ...] = tuple(role for role in ROLES if self.lives_here(role))
        for role in wanted:
            if role not in here:
                raise Invalid(
                    f"{self.home.root} has no {role} node yet",
                    field="node",
                    hint="make one first: postdevai up --detach, then postdevai down; "
                    "or for another's mesh: postdevai join CODE",
                )
            self._refuse_others(role, scope)
        version = 0
        if self.kind == "systemd" and self.root is None:
            version = Systemd(scope, self.run).version()
        written: list[Written] = []
        for role in wanted:
            unit = self._unit(role, scope, environment, here)
            path = files.directory(self.kind, scope, self.root) / files.file_name(role, self.kind)
            written.append(Written(role, path, files.content(unit, version)))
        return written

    def install(self, written: Sequence[Written], scope: Scope) -> None:
        """Writes the files and has the manager start them from the next boot or login on.

        Where the manager cannot be asked, nothing that is new stays behind.
        """
        before = {each.path: _bytes(each.path) for each in written}
        self._write(written)
        if self.root is not None:
            return
        try:
            self.manager(scope).installed([self._unit(each.role, scope) for each in written])
        except Unavailable:
            for path, data in before.items():
                if data is None:
                    path.unlink(missing_ok=True)
                else:
                    path.write_bytes(data)
            raise

    def _write(self, written: Sequence[Written]) -> None:
        for each in written:
            try:
                each.path.parent.mkdir(parents=True, exist_ok=True)
                each.path.write_bytes(each.content)
                each.path.chmod(0o644)
            except PermissionError as error:
                hint = "type it with sudo, or leave --system away"
                raise Denied(f"{each.path} cannot be written", hint=hint) from error

    def uninstall(self, roles: Iterable[Role], told: Told = _nothing) -> int:
        """Stops them, has them forgotten and removes the files; how many there were."""
        number = 0
        for service in reversed(self.mine(roles)):
            said = f"removed {service.path}"
            if self.root is None:
                said += self._forgotten(service)
            else:
                files.remove(service.path)
            told(service.role, said)
            number += 1
        return number

    def _forgotten(self, service: Found) -> str:
        """Removes a unit; what could not be done of it. Unavailable while its process runs."""
        manager, unit = self.asked(service)
        try:
            manager.removing([unit])
        except Unavailable as error:
            pid = daemons.holder(self.home, service.role)
            if pid is not None and service_of(pid):
                raise
            files.remove(service.path)
            return f"; the manager was not told: {error.message}"
        files.remove(service.path)
        manager.removed([unit])
        return ""

    def start(self, roles: Iterable[Role], told: Told = _nothing) -> None:
        """In order; Conflict when `up` runs one of them already."""
        for service in self._installed(roles):
            pid = daemons.holder(self.home, service.role)
            if pid is not None and not service_of(pid):
                raise Conflict(
                    f"the {service.role} node runs already (pid {pid}), and not as a service",
                    hint="stop it first: postdevai down",
                )
            manager, unit = self.asked(service)
            manager.start(unit)
            told(service.role, "started")

    def stop(self, roles: Iterable[Role], told: Told = _nothing) -> None:
        """The other way round. They come back at the next boot or login."""
        for service in reversed(self._installed(roles)):
            manager, unit = self.asked(service)
            manager.stop(unit)
            told(service.role, "stopped")

    def all(self) -> list[Service]:
        """Each node that lives here or has a unit of this HOME, and how it stands."""
        mine = {each.role: each for each in self.mine(ROLES)}
        services: list[Service] = []
        for role in ROLES:
            found = mine.get(role)
            if found is None:
                if self.lives_here(role):
                    services.append(Service(role, None, None))
                continue
            manager, unit = self.asked(found)
            services.append(Service(role, found, manager.standing(unit)))
        return services

    def repoint(self, programs: Path) -> list[Role]:
        """The units of this HOME run the programs of another directory from now on."""
        changed: list[Role] = []
        for service in self.mine(ROLES):
            if service.program is None or service.program.parent == programs:
                continue
            program = programs / service.program.name
            data = files.with_program(self.kind, service.path.read_bytes(), program)
            service.path.write_bytes(data)
            if self.root is None:
                manager, unit = self.asked(service)
                manager.installed([unit])
            changed.append(service.role)
        return changed

    def mine(self, roles: Iterable[Role]) -> list[Found]:
        """Unit files of this HOME, and those that nobody can read: they bear our names."""
        wanted, own = set(roles), self.home.root
        there = [each for each in files.found(self.kind, self.root) if each.role in wanted]
        return [each for each in there if each.home is None or files.of_home(each, own)]

    def lives_here(self, role: Role) -> bool:
        """Whether this HOME has such a node, running or not."""
        if role == "coordinator":
            return (self.home.root / "coordinator" / "authority" / "ca.pem").is_file()
        return (self.home.root / role / "identity" / "leaf.pem").is_file()

    def lingers(self) -> bool:
        """Whether a person's own services go on when the person logs out."""
        if self.kind != "systemd":
            return True
        return (LINGER / pwd.getpwuid(os.getuid()).pw_name).exists()

    def _installed(self, roles: Iterable[Role]) -> list[Found]:
        wanted = set(roles)
        found = self.mine(wanted)
        if not found:
            names = " and ".join(role for role in ROLES if role in wanted)
            raise Missing(
                f"no service of {self.home.root} is installed for: {names}",
                hint="install it first: postdevai service install all",
            )
        return found

    def _refuse_others(self, role: Role, scope: Scope) -> None:
        for other in files.found(self.kind, self.root):
            if other.role != role or other.home is None:
                continue
            if not files.of_home(other, self.home.root):
                raise Conflict(
                    f"{other.path} runs the {role} node of {other.home}",
                    hint=f"remove it first: POSTDEVAI_HOME={other.home} "
                    f"postdevai service uninstall {role}",
                )
            if other.scope != scope:
                raise Conflict(
                    f"{other.path} runs the {role} node already, for the {other.scope}",
                    hint=f"remove it first: postdevai service uninstall {role}",
                )

    def asked(self, found: Found) -> tuple[Manager, Unit]:
        """Whom to ask about a unit, and by which name."""
        return self.manager(found.scope), self._unit(found.role, found.scope)

    def _unit(
        self,
        role: Role,
        scope: Scope,
        environment: Mapping[str, str] | None = None,
        beside: tuple[Role, ...] = (),
    ) -> Unit:
        return unit_of(
            role,
            self.home,
            self.kind,
            scope,
            programs=self.programs,
            environment=environment or {},
            beside=beside,
        )


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
