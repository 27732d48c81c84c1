"""Nodes of the mesh and the ways to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.ids import NodeId

Role = Literal["coordinator", "dragon", "developer", "tool"]
Capability = Literal["lake", "inference", "assistant"]
NodeState = Literal["serving", "draining", "gone"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a node is: spiffe://MESH/ROLE/ID."""

    mesh: str
    role: Role
    id: NodeId

    @property
    def uri(self) -> str:
        """The URI in the leaf's subject alternative name."""
        return f"spiffe://{self.mesh}/{self.role}/{self.id}"

    @property
    def dns(self) -> str:
        """The one DNS name of the leaf, which callers override as the TLS target."""
        return f"{self.id}.{self.role}.postdevai"


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """What a node is busy with."""

    queue: int = 0
    rss_bytes: int = 0
    cpu: float = 0.0
    """Since the last heartbeat; 1.0 is one core."""
    machine_cpu: float = 0.0
    """Of the whole machine since the last heartbeat, 0 to 1."""
    machine_memory_bytes: int = 0
    """In use on the whole machine."""
    machine_memory_bytes_max: int = 0
    """What the machine has; 0 when it is not known."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node as the Coordinator knows it."""

    role: Role
    id: NodeId
    address: str
    """host:port; empty for nodes that listen to nobody."""
    state: NodeState
    lease_s: float
    """Seconds until the lease ends; negative when it has."""
    version: str = ""
    pid: int = 0
    capabilities: tuple[Capability, ...] = ()
    load: NodeLoad = field(default_factory=NodeLoad)


@dataclass(frozen=True, slots=True)
class Route:
    """A way to reach a capability."""

    endpoint: str
    identity: str
    """spiffe URI of the node there."""
    ticket: str
    ticket_expires_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code for a new node."""

    code: str
    """To be typed into `postdevai join`."""
    expires_ms: int
    """Milliseconds since 1970 UTC."""
