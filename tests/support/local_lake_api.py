"""LakeService on the local API with scripted answers."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.model.ids import ProjectId
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
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceServicer
from common.wire.translate import fill_pb, from_pb, to_pb

DONE = LakeStep("done", 1, 1, "All of it is done.", ended=True)


@dataclass
class LakeScript:
    """What the lake says."""

    stats: LakeStats = field(default_factory=lambda: LakeStats(1, 2, True, "tmpfs", "/l", 3, 4))
    project: ProjectStats = field(
        default_factory=lambda: ProjectStats(ProjectId("p"), "thing", "awake", pinned=True, bytes=9)
    )
    kept: tuple[KeptItem, ...] = ()
    related: Related = field(default_factory=Related)
    steps: tuple[LakeStep, ...] = (DONE,)


class LakeApi(LakeServiceServicer):
    """Says what the script says; `heard` is told what was asked, and may refuse."""

    def __init__(self, script: LakeScript, heard: Callable[[Any], None]) -> None:
        self._script = script
        self._heard = heard

    async def Stats(self, request, context):
        self._heard("stats")
        return to_pb(self._script.stats, pb.StatsResponse)

    async def Related(self, request, context):
        self._heard(from_pb(request, RelatedQuery))
        return to_pb(self._script.related, pb.RelatedResponse)

    async def Kept(self, request, context):
        self._heard("kept")
        return pb.KeptResponse(items=[to_pb(item, pb.KeptItem) for item in self._script.kept])

    async def Pin(self, request, context):
        self._heard(("pin", request.project, request.pinned))
        return pb.PinResponse(project=to_pb(self._script.project, pb.ProjectStats))

    async def Sleep(self, request, context):
        self._heard(("sleep", request.project))
        return pb.SleepResponse(project=to_pb(self._script.project, pb.ProjectStats))

    async def Alias(self, request, context):
        self._heard(("alias", request.project, request.into))
        return pb.AliasResponse(project=to_pb(self._script.project, pb.ProjectStats))

    async def Forget(self, request, context):
        self._heard(from_pb(request, Oblivion))
        for step in self._script.steps:
            yield _stepped(pb.ForgetResponse(), step)

    async def Snapshot(self, request, context):
        self._heard("snapshot")
        for step in self._script.steps:
            yield _stepped(pb.SnapshotResponse(), step)

    async def Verify(self, request, context):
        self._heard("verify")
        for step in self._script.steps:
            yield _stepped(pb.VerifyResponse(), step)

    async def Restore(self, request, context):
        self._heard(("restore", request.at))
        for step in self._script.steps:
            yield _stepped(pb.RestoreResponse(), step)

    async def Backup(self, request, context):
        self._heard(("backup", request.to, request.key_to))
        for step in self._script.steps:
            yield _stepped(pb.BackupResponse(), step)


def _stepped(response: Any, step: LakeStep) -> Any:
    fill_pb(step, response.step)
    return response
