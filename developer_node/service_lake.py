"""LakeService on the local API: front ends look after the Dragon's lake through the laptop."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

import asyncio
import logging
from asyncio import Queue
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any, Protocol, TypeVar

import grpc.aio
from google.protobuf.message import Message

from common.errors import Missing, Unavailable
from common.model.lake import KeptItem, LakeStats, LakeStep, Oblivion
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    LakeServiceStub,
    add_LakeServiceServicer_to_server,
)
from common.rpc.onward import Onward
from common.rpc.routed import Routed
from common.wire.translate import fill_pb, from_pb, to_pb
from developer_node.forgetting import Forgetting

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Message)
Context = grpc.aio.ServicerContext[Any, Any]

NOTHING_FOUND = "find"
"""The step at which a Dragon ends that has nothing to forget."""

ANSWER_S = 60.0
"""A project that is woken for a question may be large."""


class Several(Protocol):
    """What of all Dragons is needed here."""

    async def stats(self) -> LakeStats | None:
        """Of all of them; None where there is one alone."""
        ...

    async def away(self) -> Sequence[str]:
        """Those that hold something and do not serve, as people call them."""
        ...

    async def way(self, said: str) -> Routed:
        """The way to the one that a person names so; Missing when none is."""
        ...


class LakeDoor(LakeServiceServicer):
    """Passes on what it is asked as it is; only forgetting begins and ends here."""

    def __init__(
        self,
        dragon: Routed,
        forgetting: Forgetting,
        here: Sequence[Callable[[], KeptItem]] = (),
        everywhere: Callable[[], Awaitable[Sequence[Routed]]] | None = None,
        others: Callable[[], Awaitable[Sequence[tuple[str, Routed]]]] | None = None,
        several: Several | None = None,
    ) -> None:
        """`here` is what this laptop keeps besides the Dragon; `everywhere` gives all Dragons, or
        Unavailable while one that may hold something is away; `others` those that serve now besides
        `dragon`, each with how people call it; `several` answers for all, and finds one by name."""
        self._others = others
        self._several = several
        self._here = here
        self._everywhere = everywhere
        self._dragon = Onward(dragon, LakeServiceStub, ANSWER_S)
        self._forgetting = forgetting
        self._running: set[asyncio.Task[None]] = set()

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_LakeServiceServicer_to_server(self, server)

    async def Stats(self, request: pb.StatsRequest, context: Context) -> pb.StatsResponse:
        if self._several is not None and not request.node:
            with suppress(Unavailable):  # then it is said below who that is
                if (stats := await self._several.stats()) is not None:
                    return to_pb(stats, pb.StatsResponse)
        dragon = await self._named(request.node)
        return await dragon.answer("Stats", request, pb.StatsResponse)

    async def Related(self, request: pb.RelatedRequest, context: Context) -> pb.RelatedResponse:
        return await self._holder("Related", request, pb.RelatedResponse)

    async def Kept(self, request: pb.KeptRequest, context: Context) -> pb.KeptResponse:
        response = await self._dragon.answer("Kept", request, pb.KeptResponse)
        for name, dragon in await self._beside():
            said = await dragon.answer("Kept", request, pb.KeptResponse)
            for item in said.items:
                item.where = f"{name}: {item.where}"
            response.items.extend(said.items)
        for kept in self._here:
            fill_pb(kept(), response.items.add())
        return response

    async def Pin(self, request: pb.PinRequest, context: Context) -> pb.PinResponse:
        return await self._holder("Pin", request, pb.PinResponse)

    async def Sleep(self, request: pb.SleepRequest, context: Context) -> pb.SleepResponse:
        return await self._holder("Sleep", request, pb.SleepResponse)

    async def Alias(self, request: pb.AliasRequest, context: Context) -> pb.AliasResponse:
        return await self._holder("Alias", request, pb.AliasResponse)

    async def _holder(self, method: str, request: Message, response: type[R]) -> R:
        """The answer of the Dragon that knows what is meant, the home Dragon before others."""
        try:
            return await self._dragon.answer(method, request, response)
        except Missing:
            for _, dragon in await self._beside():
                with suppress(Missing):
                    return await dragon.answer(method, request, response)
            raise

    async def _named(self, node: str) -> Onward:
        """The Dragon that is called so; this laptop's own for an empty name."""
        if not node or self._several is None:
            return self._dragon
        return Onward(await self._several.way(node), LakeServiceStub, ANSWER_S)

    async def _beside(self) -> list[tuple[str, Onward]]:
        if self._others is None:
            return []
        return [(n, Onward(w, LakeServiceStub, ANSWER_S)) for n, w in await self._others()]

    async def Forget(
        self, request: pb.ForgetRequest, context: Context
    ) -> AsyncIterator[pb.ForgetResponse]:
        """It goes on to its end when nobody listens any more."""
        what = self._forgetting.whose(from_pb(request, Oblivion))
        said: Queue[pb.ForgetResponse | None] = Queue()
        task = asyncio.create_task(self._forget(what, said))
        self._running.add(task)
        task.add_done_callback(self._ended)
        while (response := await said.get()) is not None:
            yield response
        await task

    async def _forget(self, what: Oblivion, said: Queue[pb.ForgetResponse | None]) -> None:
        try:
            async with aclosing(self._forgotten(what)) as responses:
                async for response in responses:
                    said.put_nowait(response)
        finally:
            said.put_nowait(None)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("what was to be forgotten was not, or not all of it: %s", error)

    async def _forgotten(self, what: Oblivion) -> AsyncGenerator[pb.ForgetResponse]:
        request = to_pb(what, pb.ForgetRequest)
        async for step in self._forgetting.before(what):
            yield _forgetting(step)
        last = pb.ForgetResponse()
        async for last in self._at_each(request):
            if not last.step.ended:
                yield last
        if last.step.ended and not what.dry_run:
            async for step in self._forgetting.after(what):
                yield _forgetting(step)
        yield last

    async def _at_each(self, request: pb.ForgetRequest) -> AsyncGenerator[pb.ForgetResponse]:
        """What the Dragons say, one after another; only the last step of all is the end. That one
        knows nothing of it counts only when all say so."""
        ways = [self._dragon]
        if self._everywhere is not None:
            ways = [Onward(each, LakeServiceStub, ANSWER_S) for each in await self._everywhere()]
        ends: list[pb.ForgetResponse] = []
        unknown: Missing | None = None
        for dragon in ways:
            try:
                async for response in dragon.stream("Forget", request, pb.ForgetResponse):
                    if response.step.ended:
                        ends.append(response)
                    else:
                        yield response
            except Missing as error:
                unknown = error
        told = [end for end in ends if end.step.step != NOTHING_FOUND] or ends[-1:]
        if not told and unknown is not None:
            raise unknown
        for end in told:
            end.step.ended = end is told[-1]
            yield end

    async def Snapshot(
        self, request: pb.SnapshotRequest, context: Context
    ) -> AsyncIterator[pb.SnapshotResponse]:
        dragon = await self._named(request.node)
        async for response in dragon.stream("Snapshot", request, pb.SnapshotResponse):
            yield response

    async def Verify(
        self, request: pb.VerifyRequest, context: Context
    ) -> AsyncIterator[pb.VerifyResponse]:
        beside = [] if request.node else await self._beside()
        away = [] if request.node or self._several is None else [*await self._several.away()]
        dragon = await self._named(request.node)
        async for response in dragon.stream("Verify", request, pb.VerifyResponse):
            response.step.ended &= not (beside or away)
            yield response
        for name, other in beside:
            async for response in other.stream("Verify", request, pb.VerifyResponse):
                response.step.sentence = f"{name}: {response.step.sentence}"
                response.step.ended &= name == beside[-1][0] and not away
                yield response
        for name in away:
            said = f"{name} is away: nothing of it was read"
            step = pb.LakeStep(step="away", done=0, total=1, sentence=said)
            step.ended = name == away[-1]
            yield pb.VerifyResponse(step=step)

    async def Restore(
        self, request: pb.RestoreRequest, context: Context
    ) -> AsyncIterator[pb.RestoreResponse]:
        dragon = await self._named(request.node)
        async for response in dragon.stream("Restore", request, pb.RestoreResponse):
            yield response

    async def Backup(
        self, request: pb.BackupRequest, context: Context
    ) -> AsyncIterator[pb.BackupResponse]:
        dragon = await self._named(request.node)
        async for response in dragon.stream("Backup", request, pb.BackupResponse):
            yield response


def _forgetting(step: LakeStep) -> pb.ForgetResponse:
    response = pb.ForgetResponse()
    fill_pb(step, response.step)
    return response
