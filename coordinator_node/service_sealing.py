"""SealingService: the sealing keys that nodes told, and what the owner has signed about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grpc.aio import Server, ServicerContext

from common.model.ids import NodeId
from common.model.node import Identity, Node
from common.pb.postdevai.v1 import sealing_service_pb2 as pb
from common.pb.postdevai.v1.sealing_service_pb2_grpc import (
    SealingServiceServicer,
    add_SealingServiceServicer_to_server,
)
from common.rpc.certificates import identity_from_uri
from coordinator_node.relay.statements import Statements

Context = ServicerContext[Any, Any]


class SealingService(SealingServiceServicer):
    """Served on the main port, to laptops."""

    def __init__(
        self,
        mesh: str,
        nodes: Callable[[], tuple[Node, ...]],
        offered: Callable[[NodeId], str],
        statements: Statements,
    ) -> None:
        """`offered`: the key that a node told when it registered."""
        self._mesh = mesh
        self._nodes = nodes
        self._offered = offered
        self._statements = statements

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_SealingServiceServicer_to_server(self, server)

    async def ListKeys(  # noqa: N802
        self, request: pb.ListKeysRequest, context: Context
    ) -> pb.ListKeysResponse:
        """Of the nodes that are there, by role and id."""
        await self._statements.refresh()
        answer = pb.ListKeysResponse()
        for node in self._nodes():
            identity = Identity(self._mesh, node.role, node.id)
            offer, statement = self._offered(node.id), self._statements.of(identity)
            if offer:
                answer.keys.add(node=identity.uri, offer=offer, statement=statement)
        return answer

    async def KeepStatement(  # noqa: N802
        self, request: pb.KeepStatementRequest, context: Context
    ) -> pb.KeepStatementResponse:
        """Whoever uses it checks the owner's signature; here it is only kept."""
        await self._statements.keep(identity_from_uri(request.node), request.statement)
        return pb.KeepStatementResponse()
