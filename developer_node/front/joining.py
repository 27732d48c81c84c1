"""`postdevai join`: spends a one-time code and keeps the identity that it buys."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from common.daemon.addresses import is_loopback
from common.daemon.elsewhere import came
from common.daemon.home import Home, Ready
from common.daemon.listening import ALL
from common.errors import Conflict, Invalid, Unavailable
from common.model.node import Identity, Role
from common.rpc.certificates import read_leaf
from common.rpc.credentials import MeshInfo, NodeIdentity
from developer_node.front.output_page import Page, line

NODES: tuple[Role, ...] = ("dragon", "developer")
"""What a code can make of a machine; a Coordinator comes with its files."""
OWN_HOME = "Join with a HOME of its own: POSTDEVAI_HOME=DIR postdevai join CODE"
TOOL: Role = "tool"
ANOTHER_ROLE = "roles"
"""The field of the refusal of a code that is for another role; such a code stays good."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Who this machine is now, and where that is kept."""

    identity: Identity
    directory: Path
    coordinator: str

    @property
    def starts(self) -> bool:
        """Whether it is a node that runs by itself; a tool is not."""
        return self.identity.role != "tool"

    @property
    def uri(self) -> str:
        """spiffe://MESH/ROLE/ID."""
        return self.identity.uri

    def as_json(self) -> dict[str, Any]:
        """`join --json`."""
        return {
            "role": self.identity.role,
            "id": self.identity.id,
            "uri": self.uri,
            "directory": str(self.directory),
            "coordinator_address": self.coordinator,
        }


async def join_mesh(code: str, home: Home, to: Path | None) -> Joined:
    """The role is the code's, so the identity finds its place only once it is known.

    A HOME may be several nodes, each once, and all of one mesh. A tool's goes to `to`, with the
    Coordinator's name and address beside it as plain files, so that any gRPC client can use them.
    """
    if to is not None:
        return await _tool(to, code)
    here = _here(home)
    if all(role in here for role in NODES):
        raise _taken(home, " and a ".join(NODES))
    free: tuple[Role, ...] = tuple(role for role in (*NODES, TOOL) if role not in here)
    arriving = home.root / "joining" / "identity"
    try:
        joined = await _into(arriving, code, free)
    except Invalid as error:
        if error.field != ANOTHER_ROLE:
            raise
        shutil.rmtree(arriving.parent)
        raise Conflict(
            f"{error.message}, and this HOME has one already, in {home.root}",
            hint=f"The code is as good as before. {OWN_HOME}",
        ) from None
    role = joined.identity.role
    try:
        for each in here.values():
            if each.mesh != joined.identity.mesh:
                raise Conflict(
                    f"{home.root} holds a {each.role} of another mesh; the code is spent",
                    hint=f"Ask for another code. {OWN_HOME}",
                )
        if role in here:
            raise _taken(home, role)
    except Conflict:
        shutil.rmtree(arriving.parent)
        raise
    place = home.identity_directory(role)
    place.rmdir()  # made just now, or left empty by a start that could not join
    arriving.rename(place)
    arriving.parent.rmdir()
    came(home, role)
    return Joined(joined.identity, place, joined.coordinator)


def _here(home: Home) -> dict[Role, Identity]:
    """The nodes that this HOME is already."""
    every: tuple[Role, ...] = ("coordinator", *NODES, TOOL)
    here: dict[Role, Identity] = {}
    for role in every:
        leaf = home.root / role / "identity" / "leaf.pem"
        if leaf.is_file():
            here[role] = read_leaf(leaf.read_bytes()).identity
    return here


def _taken(home: Home, roles: str) -> Conflict:
    return Conflict(
        f"this HOME has a {roles} node already, in {home.root}",
        hint=OWN_HOME,
    )


def host_for(joined: Joined) -> str:
    """Where it should listen: everywhere when it is there for other machines; empty for where
    the nodes of this machine listen already."""
    serves = joined.identity.role in ("dragon", "coordinator")
    others = serves and not is_loopback(joined.coordinator)
    return ALL if others else ""


async def start_joined(home: Home, host: str, stream: TextIO) -> tuple[Ready, ...]:
    """Starts the node that joined and leaves it running; what it says goes to the stream."""
    from developer_node.front import bare_machine
    from developer_node.front.up.supervisor import Supervisor

    if missing := bare_machine.lacking():
        raise Unavailable(
            f"it joined, and is not started: {bare_machine.refusal(missing)}",
            hint=f"{bare_machine.INSTALL}; then: postdevai up",
        )
    page = Page(stream)
    started = await Supervisor(home, page).begin(host)
    page.show(line("It goes on by itself. How it stands: postdevai status"))
    return started


async def _tool(to: Path, code: str) -> Joined:
    """A tool in a directory that holds no certificates yet."""
    if (to / "leaf.pem").exists():
        raise Conflict(
            f"{to} holds certificates already; the code was not used",
            hint=f"Give another directory; or renew what is there: postdevai renew {to}",
        )
    try:
        joined = await _into(to, code, (TOOL,))
    except Invalid as error:
        if error.field != ANOTHER_ROLE:
            raise
        raise Invalid(
            f"{error.message}, and --to is for a tool",
            hint="The code is as good as before: postdevai join CODE, without --to",
            field="to",
        ) from None
    if joined.starts:  # by an older Coordinator, which heeds no roles
        raise Conflict(
            f"this code was for a {joined.identity.role}, and is spent; --to is for a tool",
            hint=f"Remove {to}, and ask for a code for a tool: postdevai invite tool",
        )
    return joined


async def _into(directory: Path, code: str, roles: tuple[Role, ...]) -> Joined:
    try:
        node = await NodeIdentity.open(directory, code=code, roles=roles)
        put_beside(directory, node.mesh)
    except OSError as error:
        raise Conflict(
            f"nothing can be kept in {directory}: {error.strerror or error}",
            hint="Give a directory that you may write to.",
        ) from error
    return Joined(node.identity, directory, node.mesh.coordinator_address)


def put_beside(directory: Path, mesh: MeshInfo) -> None:
    """The Coordinator's address and name as plain files, for any gRPC client."""
    (directory / "coordinator.address").write_text(mesh.coordinator_address + "\n")
    (directory / "coordinator.name").write_text(_dns(mesh.coordinator_identity) + "\n")


def _dns(uri: str) -> str:
    """spiffe://MESH/ROLE/ID -> ID.ROLE.postdevai, the name in the leaf."""
    role, node_id = uri.rsplit("/", 2)[-2:]
    return f"{node_id}.{role}.postdevai"
