"""The half of RegistryService that answers where work goes: unwraps, asks the router, wraps."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grpc.aio import ServicerContext

from common.errors import Unavailable
from common.model.node import Node
from common.pb.postdevai.v1 import node_pb2, registry_service_pb2
from common.pb.postdevai.v1.registry_service_pb2 import (
    ExplainRouteRequest,
    ExplainRouteResponse,
    PinProjectRequest,
    PinProjectResponse,
    ResolveRequest,
    ResolveResponse,
    UnpinProjectRequest,
    UnpinProjectResponse,
)
from common.rpc.peers import peer_identity
from common.wire.translate import to_pb
from coordinator_node.routing.places import Places
from coordinator_node.routing.resolve import Router, work_of

Context = ServicerContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """What decides."""

    router: Router
    places: Places


class RouteCalls:
    """Resolve, ExplainRoute, PinProject and UnpinProject."""

    def __init__(self, routes: Routes, nodes: Callable[[], tuple[Node, ...]]) -> None:
        self._router = routes.router
        self._places = routes.places
        self._nodes = nodes

    async def _told(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """The nodes as others are told of them; without a quorum as they were heard of."""
        try:
            return await self._places.told(nodes)
        except Unavailable:
            return nodes

    async def Resolve(self, request: ResolveRequest, context: Context) -> ResolveResponse:
        """Ranked routes with tickets for the caller."""
        work = work_of(request.capability, request.project, request.model, request.task)
        routes = await self._router.resolve(peer_identity(context), work)
        return ResolveResponse(routes=[to_pb(route, node_pb2.Route) for route in routes])

    async def ExplainRoute(
        self, request: ExplainRouteRequest, context: Context
    ) -> ExplainRouteResponse:
        """Every node with its rank and reasons; no ticket is made."""
        work = work_of(request.capability, request.project, request.model, request.task)
        explained = await self._router.explain(peer_identity(context), work)
        ranked = [to_pb(each, registry_service_pb2.RankedNode) for each in explained.nodes]
        return ExplainRouteResponse(nodes=ranked, policy=explained.policy)

    async def PinProject(self, request: PinProjectRequest, context: Context) -> PinProjectResponse:
        """Keeps a project at a Dragon that holds it, or has copied it."""
        await self._places.pin(request.project, request.node, self._nodes(), copied=request.copied)
        return PinProjectResponse()

    async def UnpinProject(
        self, request: UnpinProjectRequest, context: Context
    ) -> UnpinProjectResponse:
        """Lets the mesh decide again."""
        await self._places.unpin(request.project)
        return UnpinProjectResponse()
