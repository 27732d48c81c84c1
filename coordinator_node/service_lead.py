"""LeadService: unwraps, asks who leads, wraps."""

from __future__ import annotations

from typing import Any

from grpc.aio import Server, ServicerContext

from common.model.ids import NodeId
from common.pb.postdevai.v1 import replica_service_pb2 as pb
from common.pb.postdevai.v1.replica_service_pb2_grpc import (
    LeadServiceServicer,
    add_LeadServiceServicer_to_server,
)
from common.rpc.peers import peer_identity
from common.wire.translate import to_pb
from coordinator_node.registry.leads import Leads

Context = ServicerContext[Any, Any]


class LeadService(LeadServiceServicer):
    """Served on the main port, to Dragons; laptops ask who took the place of one."""

    def __init__(self, leads: Leads) -> None:
        self._leads = leads

    def add_to(self, server: Server) -> None:
        """Registers the service."""
        add_LeadServiceServicer_to_server(self, server)

    async def Lead(self, request: pb.LeadRequest, context: Context) -> pb.LeadResponse:  # noqa: N802
        """Takes the lead."""
        lead = await self._leads.lead(request.lake, peer_identity(context).id)
        return pb.LeadResponse(lead=to_pb(lead, pb.LakeLead))

    async def SetFollowers(  # noqa: N802
        self, request: pb.SetFollowersRequest, context: Context
    ) -> pb.SetFollowersResponse:
        """Who has everything."""
        followers = [NodeId(each) for each in request.followers]
        caller = peer_identity(context).id
        lead = await self._leads.set_followers(request.lake, caller, request.epoch, followers)
        return pb.SetFollowersResponse(lead=to_pb(lead, pb.LakeLead))

    async def GetLead(self, request: pb.GetLeadRequest, context: Context) -> pb.GetLeadResponse:  # noqa: N802
        """Who leads."""
        return pb.GetLeadResponse(lead=to_pb(await self._leads.get(request.lake), pb.LakeLead))

    async def GetSuccessor(  # noqa: N802
        self, request: pb.GetSuccessorRequest, context: Context
    ) -> pb.GetSuccessorResponse:
        """Who leads now what a Dragon led."""
        return pb.GetSuccessorResponse(leader=await self._leads.successor(request.node))
