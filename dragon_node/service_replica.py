"""ReplicaService: unwraps, asks the leader's side, wraps."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.model.ids import NodeId, ProjectId
from common.model.replica import JournalReach, ProjectHolding
from common.pb.postdevai.v1 import replica_service_pb2 as pb
from common.pb.postdevai.v1.replica_service_pb2_grpc import ReplicaServiceServicer
from common.rpc.peers import peer_identity
from common.wire.translate import from_pb, to_pb
from dragon_node.lake.replication import Copy, Reach
from dragon_node.replica.arriving import Arriving
from dragon_node.replica.following import messages, reach_of, reach_told
from dragon_node.replica.leading import Leading, Told
from dragon_node.replica.telling import Telling

Context = ServicerContext[Any, Any]


class ReplicaService(ReplicaServiceServicer):
    """Served to other Dragons."""

    def __init__(self, leading: Leading, telling: Telling, arriving: Arriving) -> None:
        self._leading = leading
        self._telling = telling
        self._arriving = arriving

    async def FollowJournal(
        self, request_iterator: AsyncIterator[pb.FollowJournalRequest], context: Context
    ) -> AsyncIterator[pb.FollowJournalResponse]:
        """The journal for one follower, until it goes."""
        first = await anext(request_iterator, None)
        if first is None or first.WhichOneof("part") != "open":
            raise Invalid("the first message must be open", field="open")
        theirs = reach_of(from_pb(first.open, JournalReach))
        follower = peer_identity(context).id
        served = self._leading.serve(follower, theirs, _written(request_iterator))
        async with aclosing(served) as told:
            async for each in told:
                for response in _responses(each):
                    yield response

    async def TellProject(
        self, request: pb.TellProjectRequest, context: Context
    ) -> AsyncIterator[pb.TellProjectResponse]:
        """What one project holds, for the Dragon that it moves to."""
        caller = peer_identity(context).id
        told = self._telling.tell(
            caller, ProjectId(request.project), request.after, handed=request.handed
        )
        async with aclosing(told) as parts:
            async for part in parts:
                if isinstance(part, ProjectHolding):
                    holding = to_pb(part, pb.ProjectHolding)
                    yield pb.TellProjectResponse(holding=holding)
                else:
                    yield pb.TellProjectResponse(rows=to_pb(part, pb.JournalRows))

    async def BringProject(
        self, request: pb.BringProjectRequest, context: Context
    ) -> AsyncIterator[pb.BringProjectResponse]:
        """Copies a project from the Dragon that holds it."""
        brought = self._arriving.bring(ProjectId(request.project), NodeId(request.holder))
        async with aclosing(brought) as moves:
            async for at, last_lsn in moves:
                yield pb.BringProjectResponse(at=at, last_lsn=last_lsn)


async def _written(requests: AsyncIterator[pb.FollowJournalRequest]) -> AsyncIterator[int]:
    async for request in requests:
        if request.WhichOneof("part") != "written":
            raise Invalid("open comes once, first", field="open")
        yield request.written


def _responses(told: Told) -> list[pb.FollowJournalResponse]:
    match told:
        case Reach():
            reach = to_pb(reach_told(told), pb.JournalReach)
            return [pb.FollowJournalResponse(welcome=reach)]
        case Copy():
            rows = (to_pb(each, pb.JournalRows) for each in messages(told))
            return [pb.FollowJournalResponse(rows=each) for each in rows]
        case int():
            return [pb.FollowJournalResponse(last_lsn=told)]
