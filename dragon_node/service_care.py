"""LakeService, the part that cares for the lake: relations, what is kept, forgetting, recovery."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.model.lake import (
    FORGOTTEN_TEXT_MIN,
    KeptItem,
    LakeStep,
    Oblivion,
    ProjectStats,
    Related,
    RelatedQuery,
)
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceServicer
from common.rpc.peers import peer_leaf
from common.wire.translate import fill_pb, from_pb, to_pb

Context = ServicerContext[Any, Any]
Steps = AsyncGenerator[LakeStep]
R = TypeVar(
    "R",
    pb.ForgetResponse,
    pb.SnapshotResponse,
    pb.VerifyResponse,
    pb.RestoreResponse,
    pb.BackupResponse,
)

HOPS_MAX = 4
RELATIONS_MAX = 1_000
RELATIONS_USUAL = 100
TEXT_CHARACTERS_MAX = 4_096


class CaredFor(Protocol):
    """What of the lake is asked here."""

    async def related(self, q: RelatedQuery) -> Related: ...
    async def kept(self) -> Sequence[KeptItem]: ...
    async def pin(self, project: str, *, pinned: bool) -> ProjectStats: ...
    async def sleep(self, project: str) -> ProjectStats: ...
    async def alias(self, project: str, into: str) -> ProjectStats: ...
    def forget(self, o: Oblivion) -> Steps: ...
    def snapshot(self) -> Steps: ...
    def verify(self) -> Steps: ...
    def restore(self, at: int) -> Steps: ...
    def backup(self, to: Path, key_to: Path) -> Steps: ...


class LakeCare(LakeServiceServicer):
    """Unwraps, calls, wraps."""

    def __init__(self, lake: CaredFor) -> None:
        self._cared_for = lake

    async def Related(self, request: pb.RelatedRequest, context: Context) -> pb.RelatedResponse:
        """What is related to a thing."""
        q = from_pb(request, RelatedQuery)
        _within(q.hops, HOPS_MAX, "hops")
        _within(q.limit, RELATIONS_MAX, "limit")
        _named(q.id, "id")
        asked = RelatedQuery(
            q.kind, q.id, q.project, q.hops or 1, q.limit or RELATIONS_USUAL, q.verbs
        )
        return to_pb(await self._cared_for.related(asked), pb.RelatedResponse)

    async def Kept(self, request: pb.KeptRequest, context: Context) -> pb.KeptResponse:
        """What is kept, where, how old."""
        items = await self._cared_for.kept()
        return pb.KeptResponse(items=[to_pb(item, pb.KeptItem) for item in items])

    async def Pin(self, request: pb.PinRequest, context: Context) -> pb.PinResponse:
        """Keeps a project awake, or lets it go."""
        _named(request.project, "project")
        now = await self._cared_for.pin(request.project, pinned=request.pinned)
        return pb.PinResponse(project=to_pb(now, pb.ProjectStats))

    async def Sleep(self, request: pb.SleepRequest, context: Context) -> pb.SleepResponse:
        """To the SSD, now."""
        _named(request.project, "project")
        now = await self._cared_for.sleep(request.project)
        return pb.SleepResponse(project=to_pb(now, pb.ProjectStats))

    async def Alias(self, request: pb.AliasRequest, context: Context) -> pb.AliasResponse:
        """Joins two projects, or parts them."""
        _named(request.project, "project")
        now = await self._cared_for.alias(request.project, request.into)
        return pb.AliasResponse(project=to_pb(now, pb.ProjectStats))

    async def Forget(
        self, request: pb.ForgetRequest, context: Context
    ) -> AsyncIterator[pb.ForgetResponse]:
        """Step by step, with the proof at the end."""
        leaf = peer_leaf(context)
        node = leaf.identity.id if leaf else ""
        o = replace(from_pb(request, Oblivion), node=node)
        if not (o.path or o.text or o.since_ms or o.until_ms):
            raise Invalid("say what to forget: a path, a text or a time", field="path")
        if 0 < len(o.text) < FORGOTTEN_TEXT_MIN:
            raise Invalid(f"text must have at least {FORGOTTEN_TEXT_MIN}", field="text")
        if len(o.text) > TEXT_CHARACTERS_MAX:
            raise Invalid(f"text must have at most {TEXT_CHARACTERS_MAX:,}", field="text")
        async with _told(self._cared_for.forget(o), pb.ForgetResponse) as responses:
            async for response in responses:
                yield response

    async def Snapshot(
        self, request: pb.SnapshotRequest, context: Context
    ) -> AsyncIterator[pb.SnapshotResponse]:
        """A generation on the SSD, read back."""
        async with _told(self._cared_for.snapshot(), pb.SnapshotResponse) as responses:
            async for response in responses:
                yield response

    async def Verify(
        self, request: pb.VerifyRequest, context: Context
    ) -> AsyncIterator[pb.VerifyResponse]:
        """Everything durable is read; what is damaged is named."""
        async with _told(self._cared_for.verify(), pb.VerifyResponse) as responses:
            async for response in responses:
                yield response

    async def Restore(
        self, request: pb.RestoreRequest, context: Context
    ) -> AsyncIterator[pb.RestoreResponse]:
        """The stores anew, from a generation and the journal after it."""
        if request.at < 0:
            raise Invalid(f"at is {request.at}; generations count from 1", field="at")
        async with _told(self._cared_for.restore(request.at), pb.RestoreResponse) as responses:
            async for response in responses:
                yield response

    async def Backup(
        self, request: pb.BackupRequest, context: Context
    ) -> AsyncIterator[pb.BackupResponse]:
        """All that another machine needs, and its key elsewhere."""
        to, key_to = _absolute(request.to, "to"), _absolute(request.key_to, "key_to")
        async with _told(self._cared_for.backup(to, key_to), pb.BackupResponse) as responses:
            async for response in responses:
                yield response


@asynccontextmanager
async def _told(work: Steps, response: type[R]) -> AsyncGenerator[AsyncIterator[R]]:
    """Each step in a message of this type; the work ends with the block."""

    async def messages() -> AsyncIterator[R]:
        async for step in work:
            message = response()
            fill_pb(step, message.step)
            yield message

    async with aclosing(work):
        yield messages()


def _absolute(path: str, name: str) -> Path:
    if not path or "\x00" in path or not Path(path).is_absolute():
        raise Invalid(f"{name} must be an absolute path on the Dragon", field=name)
    return Path(path)


def _named(value: str, name: str) -> None:
    if not 1 <= len(value) <= TEXT_CHARACTERS_MAX:
        raise Invalid(f"{name} must have 1 to {TEXT_CHARACTERS_MAX:,} characters", field=name)


def _within(asked: int, most: int, name: str) -> None:
    if not 0 <= asked <= most:
        raise Invalid(f"{name} is {asked}; it must be 1 to {most:,}", field=name)
