"""What front ends do with remedies, through the laptop's daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

import grpc.aio

from common.model.event import ActDone
from common.model.ids import EventId
from common.model.remedy import (
    AutonomySetting,
    CardStats,
    DraftedPatch,
    MineStep,
    ProofStep,
    ProofTarget,
)
from common.pb.postdevai.v1 import remedy_pb2
from common.pb.postdevai.v1 import remedy_service_pb2 as pb
from common.pb.postdevai.v1.remedy_service_pb2_grpc import RemedyServiceStub
from common.wire.translate import from_pb, to_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.remedy_service_pb2_grpc import RemedyServiceAsyncStub

QUICK_S = 5.0
LAKE_S = 20.0
"""For calls that go on to the Dragon or run git."""


class LocalRemedies:
    """RemedyService behind the local API. Closing what comes in pieces cancels it."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: RemedyServiceAsyncStub = RemedyServiceStub(channel)
        self._metadata = metadata

    async def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """Progress, then what came of it. Closing ends the runs."""
        call = self._stub.Prove(to_pb(target, pb.ProveRequest), metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message, ProofStep)
        finally:
            call.cancel()

    async def mine(self, path: str, limit: int = 0) -> AsyncGenerator[MineStep]:
        """Progress and fixes, then the end. Closing ends the walk."""
        request = pb.MineRequest(path=path, limit=limit)
        call = self._stub.Mine(request, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message, MineStep)
        finally:
            call.cancel()

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """The remedy as a patch for the files there."""
        request = pb.DraftPatchRequest(remedy_id=remedy_id, path=path)
        call = self._stub.DraftPatch(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).patch, DraftedPatch)

    async def snooze(self, suggestion_id: str, minutes: int) -> None:
        """No card for the same symptom for so long."""
        request = pb.SnoozeCardRequest(suggestion_id=suggestion_id, minutes=minutes)
        call = self._stub.SnoozeCard(request, timeout=LAKE_S, metadata=self._metadata)
        await answer(call)

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken."""
        request = pb.ListCardStatsRequest(project=project)
        call = self._stub.ListCardStats(request, timeout=LAKE_S, metadata=self._metadata)
        return tuple(from_pb(each, CardStats) for each in (await answer(call)).stats)

    async def quiet(self, project: str, *, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        request = pb.SetQuietRequest(project=project, quiet=quiet)
        call = self._stub.SetQuiet(request, timeout=LAKE_S, metadata=self._metadata)
        await answer(call)

    async def revert(self, event_id: EventId) -> ActDone:
        """Takes back what was done in the owner's name."""
        request = pb.RevertActRequest(event_id=event_id)
        call = self._stub.RevertAct(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).act, ActDone)

    async def autonomy(self, path: str = "") -> AutonomySetting:
        """What may be done without asking, there or everywhere."""
        request = pb.GetAutonomyRequest(path=path)
        call = self._stub.GetAutonomy(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).setting, AutonomySetting)

    async def allow(self, setting: AutonomySetting) -> AutonomySetting:
        """Changes it; what holds now."""
        request = pb.SetAutonomyRequest(setting=to_pb(setting, remedy_pb2.AutonomySetting))
        call = self._stub.SetAutonomy(request, timeout=QUICK_S, metadata=self._metadata)
        return from_pb((await answer(call)).setting, AutonomySetting)
