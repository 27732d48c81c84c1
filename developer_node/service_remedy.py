"""RemedyService on the local API: unwraps, calls, wraps. No decision here."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

import grpc.aio

from common.clock import Clock
from common.errors import Invalid
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
from common.pb.postdevai.v1 import event_pb2, remedy_pb2
from common.pb.postdevai.v1 import remedy_service_pb2 as pb
from common.pb.postdevai.v1.remedy_service_pb2_grpc import (
    RemedyServiceServicer,
    add_RemedyServiceServicer_to_server,
)
from common.wire.translate import from_pb, to_pb

Context = grpc.aio.ServicerContext[Any, Any]

SNOOZE_MINUTES_MAX = 30 * 24 * 60
PROOF_TIMEOUT_S_MAX = 3_600
MINED_MAX = 200


class Proofs(Protocol):
    """Tries remedies again."""

    def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]: ...


class Mining(Protocol):
    """Finds fixes of the past."""

    def mine(self, path: str, limit: int) -> AsyncGenerator[MineStep]: ...


class Acting(Protocol):
    """Patches, and what is done without asking."""

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch: ...
    async def revert(self, event_id: EventId) -> ActDone: ...
    async def setting(self, path: str) -> AutonomySetting: ...
    async def allow(self, setting: AutonomySetting) -> AutonomySetting: ...


class Reception(Protocol):
    """The Dragon's count of cards."""

    async def snooze(self, suggestion_id: str, until_ms: int) -> None: ...
    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]: ...
    async def quiet(self, project: str, quiet: bool) -> None: ...


class RemedyDoor(RemedyServiceServicer):
    """What is done with remedies."""

    def __init__(
        self, proofs: Proofs, mining: Mining, acting: Acting, reception: Reception, clock: Clock
    ) -> None:
        self._proofs = proofs
        self._mining = mining
        self._acting = acting
        self._reception = reception
        self._clock = clock

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_RemedyServiceServicer_to_server(self, server)

    async def Prove(
        self, request: pb.ProveRequest, context: Context
    ) -> AsyncGenerator[pb.ProveResponse, None]:
        target = from_pb(request, ProofTarget)
        if bool(target.remedy_id) == bool(target.commit):
            raise Invalid("name a remedy or a commit, not both", field="remedy_id")
        if target.commit and not target.path:
            raise Invalid("a commit needs the path of its working copy", field="path")
        if not 0 <= target.timeout_s <= PROOF_TIMEOUT_S_MAX:
            raise Invalid(f"timeout_s must be 0 to {PROOF_TIMEOUT_S_MAX}", field="timeout_s")
        async with aclosing(self._proofs.prove(target)) as steps:
            async for step in steps:
                yield to_pb(step, pb.ProveResponse)

    async def Mine(
        self, request: pb.MineRequest, context: Context
    ) -> AsyncGenerator[pb.MineResponse, None]:
        if not 0 <= request.limit <= MINED_MAX:
            raise Invalid(f"limit must be 0 to {MINED_MAX}", field="limit")
        async with aclosing(self._mining.mine(request.path, request.limit or 20)) as steps:
            async for step in steps:
                yield to_pb(step, pb.MineResponse)

    async def DraftPatch(
        self, request: pb.DraftPatchRequest, context: Context
    ) -> pb.DraftPatchResponse:
        patch = await self._acting.draft(request.remedy_id, request.path)
        return pb.DraftPatchResponse(patch=to_pb(patch, remedy_pb2.DraftedPatch))

    async def SnoozeCard(
        self, request: pb.SnoozeCardRequest, context: Context
    ) -> pb.SnoozeCardResponse:
        if not 1 <= request.minutes <= SNOOZE_MINUTES_MAX:
            raise Invalid(f"minutes must be 1 to {SNOOZE_MINUTES_MAX}", field="minutes")
        until_ms = self._clock.now_ms() + request.minutes * 60_000
        await self._reception.snooze(request.suggestion_id, until_ms)
        return pb.SnoozeCardResponse()

    async def ListCardStats(
        self, request: pb.ListCardStatsRequest, context: Context
    ) -> pb.ListCardStatsResponse:
        stats = await self._reception.card_stats(request.project)
        return pb.ListCardStatsResponse(stats=[to_pb(s, remedy_pb2.CardStats) for s in stats])

    async def SetQuiet(self, request: pb.SetQuietRequest, context: Context) -> pb.SetQuietResponse:
        await self._reception.quiet(request.project, request.quiet)
        return pb.SetQuietResponse()

    async def RevertAct(
        self, request: pb.RevertActRequest, context: Context
    ) -> pb.RevertActResponse:
        act = await self._acting.revert(EventId(request.event_id))
        return pb.RevertActResponse(act=to_pb(act, event_pb2.ActDone))

    async def GetAutonomy(
        self, request: pb.GetAutonomyRequest, context: Context
    ) -> pb.GetAutonomyResponse:
        setting = await self._acting.setting(request.path)
        return pb.GetAutonomyResponse(setting=to_pb(setting, remedy_pb2.AutonomySetting))

    async def SetAutonomy(
        self, request: pb.SetAutonomyRequest, context: Context
    ) -> pb.SetAutonomyResponse:
        wanted = from_pb(request.setting, AutonomySetting, "setting.")
        setting = await self._acting.allow(wanted)
        return pb.SetAutonomyResponse(setting=to_pb(setting, remedy_pb2.AutonomySetting))
