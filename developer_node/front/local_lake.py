"""How front ends look after the Dragon's lake, through the laptop's daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import grpc.aio

from common.model.lake import (
    KeptItem,
    LakeStats,
    LakeStep,
    Oblivion,
    ProjectStats,
    Related,
    RelatedQuery,
)
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.wire.translate import from_pb, to_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceAsyncStub

LAKE_S = 70.0
"""A project that is woken for a question may be large."""

Steps = AsyncGenerator[LakeStep]


class LocalLake:
    """LakeService behind the local API. Steps end when they end: closing them cancels."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: LakeServiceAsyncStub = LakeServiceStub(channel)
        self._metadata = metadata

    async def stats(self, node: str = "") -> LakeStats:
        """Sizes, budget, projects, generations; of all Dragons, or of the one that is named."""
        call = self._stub.Stats(pb.StatsRequest(node=node), timeout=LAKE_S, metadata=self._metadata)
        return from_pb(await answer(call), LakeStats)

    async def related(self, q: RelatedQuery) -> Related:
        """What is related to a thing."""
        request = to_pb(q, pb.RelatedRequest)
        call = self._stub.Related(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb(await answer(call), Related)

    async def kept(self) -> tuple[KeptItem, ...]:
        """What the Dragon keeps, where, how old."""
        call = self._stub.Kept(pb.KeptRequest(), timeout=LAKE_S, metadata=self._metadata)
        return tuple(from_pb(item, KeptItem) for item in (await answer(call)).items)

    async def pin(self, project: str, *, pinned: bool) -> ProjectStats:
        """Keeps a project awake, or lets it go."""
        request = pb.PinRequest(project=project, pinned=pinned)
        call = self._stub.Pin(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).project, ProjectStats)

    async def sleep(self, project: str) -> ProjectStats:
        """Sends a project to the SSD, now."""
        request = pb.SleepRequest(project=project)
        call = self._stub.Sleep(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).project, ProjectStats)

    async def alias(self, project: str, into: str) -> ProjectStats:
        """Makes one project part of another; an empty `into` parts it again."""
        request = pb.AliasRequest(project=project, into=into)
        call = self._stub.Alias(request, timeout=LAKE_S, metadata=self._metadata)
        return from_pb((await answer(call)).project, ProjectStats)

    def forget(self, o: Oblivion) -> Steps:
        """Here and on the Dragon, with the proof."""
        return self._steps(self._stub.Forget(to_pb(o, pb.ForgetRequest), metadata=self._metadata))

    def snapshot(self, node: str = "") -> Steps:
        """A generation on the Dragon's SSD."""
        return self._steps(
            self._stub.Snapshot(pb.SnapshotRequest(node=node), metadata=self._metadata)
        )

    def verify(self, node: str = "") -> Steps:
        """Everything durable is read, at every Dragon or at the one that is named."""
        return self._steps(self._stub.Verify(pb.VerifyRequest(node=node), metadata=self._metadata))

    def restore(self, at: int, node: str = "") -> Steps:
        """The stores anew from a generation; 0 is the newest that is whole."""
        request = pb.RestoreRequest(at=at, node=node)
        return self._steps(self._stub.Restore(request, metadata=self._metadata))

    def backup(self, to: str, key_to: str, node: str = "") -> Steps:
        """Into a directory of the Dragon, and its key into a file elsewhere."""
        request = pb.BackupRequest(to=to, key_to=key_to, node=node)
        return self._steps(self._stub.Backup(request, metadata=self._metadata))

    async def _steps(self, call: Any) -> Steps:
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message.step, LakeStep)
        finally:
            call.cancel()
