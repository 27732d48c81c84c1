"""How front ends ask where work would go, and pin projects, through the laptop's daemon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc.aio

from common.model.node import Member, RankedNode
from common.pb.postdevai.v1 import registry_service_pb2 as pb
from common.pb.postdevai.v1.registry_service_pb2_grpc import RegistryServiceStub
from common.wire.translate import from_pb
from developer_node.front.local_refusals import answer

if TYPE_CHECKING:
    from common.pb.postdevai.v1.registry_service_pb2_grpc import RegistryServiceAsyncStub

MESH_S = 5.0
MOVE_S = 3_600.0
"""A large project takes its time."""


@dataclass(frozen=True, slots=True)
class Explained:
    """How the Coordinator would decide now."""

    policy: str
    """least_loaded or project_affinity."""
    nodes: tuple[RankedNode, ...]
    """Best first, then those that were left out."""


class LocalRoutes:
    """The part of RegistryService that is behind the local API."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: RegistryServiceAsyncStub = RegistryServiceStub(channel)
        self._metadata = metadata

    async def members(self) -> tuple[Member, ...]:
        """Who was let in and is not among the nodes: tools, and nodes that never came."""
        call = self._stub.ListNodes(pb.ListNodesRequest(), timeout=MESH_S, metadata=self._metadata)
        return tuple(from_pb(each, Member) for each in (await answer(call)).members)

    async def explain(
        self, capability: str, project: str = "", model: str = "", task: str = ""
    ) -> Explained:
        """Every node with its rank and reasons; Unavailable without a Coordinator."""
        request = pb.ExplainRouteRequest(
            capability=capability, project=project, model=model, task=task
        )
        call = self._stub.ExplainRoute(request, timeout=MESH_S, metadata=self._metadata)
        given = await answer(call)
        return Explained(given.policy, tuple(from_pb(each, RankedNode) for each in given.nodes))

    async def pin(self, project: str, node: str) -> bool:
        """Keeps a project, by its id, at a Dragon; true when it was copied there first, which the
        laptop's daemon goes on with when nobody waits for it."""
        request = pb.PinProjectRequest(project=project, node=node)
        call = self._stub.PinProject(request, timeout=MOVE_S, metadata=self._metadata)
        return (await answer(call)).moved

    async def unpin(self, project: str) -> None:
        """Lets the mesh decide again."""
        request = pb.UnpinProjectRequest(project=project)
        await answer(self._stub.UnpinProject(request, timeout=MESH_S, metadata=self._metadata))
