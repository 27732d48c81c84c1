"""Nodes of the mesh and the ways to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from common.model.ids import NodeId

Role = Literal["coordinator", "dragon", "developer", "tool"]
Capability = Literal["lake", "inference", "assistant"]
NodeState = Literal["serving", "draining", "gone"]

NO_ROUTE = "route"
"""The field of an Unavailable: the Coordinator answered, and nobody does it."""
NOBODY_YET = "nobody yet"
"""Stands for the leader, where a Dragon that led once has not yet been told who leads now."""


def id_in(uri: str) -> NodeId:
    """The id at the end of a node's URI; an id alone is itself."""
    return NodeId(uri.rsplit("/", 1)[-1])


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
    context_bytes_free: int = 0
    """What new contexts of models may still take; 0 when it is not known."""
    lake_bytes_free: int = 0
    """What the lake may still take; 0 when it is not known."""


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
    addresses: tuple[str, ...] = ()
    """Every host:port at which it may be reached, the likeliest first."""
    projects: tuple[str, ...] = ()
    """Ids of the projects that its lake holds."""
    models: tuple[str, ...] = ()
    """Names of the models that are loaded on it."""
    epoch: int = 0
    """Under which registration it holds its lease; rises with every one of them."""
    certificate_ends_ms: int = 0
    """0 when it is not known."""
    clock_ahead_ms: int = 0
    """Its clock less the Coordinator's, at the last heartbeat."""
    machine: str = ""
    """The name of its machine."""
    follows: str = ""
    """Id of the Dragon that it follows; empty when it follows none; or NOBODY_YET."""
    behind: int = 0
    """Records that it lacks of the one that it follows; -1 when that is not known."""
    followers: tuple[str, ...] = ()
    """Ids of the Dragons that follow it, have everything and may take its place."""
    hidden: tuple[str, ...] = ()
    """Ids of the projects of which it keeps a copy out of sight: they moved on, or are to come."""
    put_out: bool = False
    """It is out of the mesh for good: its owner put it out, or it left."""
    left: bool = False
    """It left by its own word; it is put out, too."""
    on_disk: tuple[str, ...] = ()
    """Names of the models whose weights are on its disk; empty also when it does not tell."""
    in_the_way: str = ""
    """Why it copies nothing from the one that it follows; empty when nothing is."""
    first_lsn: int = 0
    """The oldest position that its journal holds; 0 when nothing was cut, or it is not known."""


@dataclass(frozen=True, slots=True)
class Member:
    """Who was let in and is not among the nodes: a tool, or a node that never came."""

    role: Role
    id: NodeId
    certificate_ends_ms: int
    put_out: bool = False
    """It is out of the mesh for good: its owner put it out, or it left."""
    left: bool = False
    """It left by its own word; it is put out, too."""


@dataclass(frozen=True, slots=True)
class NodeOffer:
    """What a node holds; it changes while the node runs."""

    projects: tuple[str, ...] = ()
    """Ids of the projects that its lake holds."""
    models: tuple[str, ...] = ()
    """Names of the models that are loaded."""
    follows: str = ""
    """Id of the Dragon that it follows; empty when it follows none."""
    behind: int = 0
    """Records that it lacks of the one that it follows; -1 when that is not known."""
    followers: tuple[str, ...] = ()
    """Ids of the Dragons that follow it, have everything and may take its place."""
    hidden: tuple[str, ...] = ()
    """Ids of the projects of which it keeps a copy out of sight: they moved on, or are to come."""
    on_disk: tuple[str, ...] = ()
    """Names of the models whose weights are on its disk, those that are loaded as well."""
    in_the_way: str = ""
    """Why it copies nothing from the one that it follows; empty when nothing is."""
    first_lsn: int = 0
    """The oldest position that its journal holds; 0 when nothing was cut."""


@dataclass(frozen=True, slots=True)
class CoordinatorAddress:
    """A Coordinator of the mesh and where it may be reached, the likeliest address first."""

    identity: str
    """spiffe://MESH/coordinator/ID."""
    addresses: tuple[str, ...] = ()
    """host:port of its main port."""
    enrolment_addresses: tuple[str, ...] = ()
    """host:port of its enrolment port."""


@dataclass(frozen=True, slots=True)
class Route:
    """A way to reach a capability."""

    endpoint: str
    identity: str
    """spiffe URI of the node there."""
    ticket: str
    ticket_expires_ms: int
    reason: str = ""
    endpoints: tuple[str, ...] = ()
    """Every host:port at which it may be reached, in the order to try."""
    relay: str = ""
    """spiffe URI of the Coordinator that relays calls to it; empty where no relay is offered."""
    sealing_key: str = ""
    """The key for calls sealed end to end, with the owner's signature."""
    epoch: int = 0
    """Under which registration the node held its lease when this was answered."""


@dataclass(frozen=True, slots=True)
class RankedNode:
    """A node and what speaks for and against it."""

    node: Node
    rank: int
    """1 for the best; 0 when it was left out."""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code for a new node."""

    code: str
    """To be typed into `postdevai join`."""
    expires_ms: int
    """Milliseconds since 1970 UTC."""
