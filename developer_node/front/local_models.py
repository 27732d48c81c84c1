"""How front ends look after the Dragon's models, through the laptop's daemon."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any

import grpc.aio

from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceStub
from common.wire.translate import from_pb
from developer_node.front.local_refusals import answer, refusals

if TYPE_CHECKING:
    from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceAsyncStub

LIST_S = 10.0
UNLOAD_S = 610.0
"""A model that is in use is unloaded when its requests have ended."""

Progress = AsyncGenerator[Model]


class LocalModels:
    """InferenceService behind the local API. Closing what comes in pieces cancels it."""

    def __init__(self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...]) -> None:
        self._stub: InferenceServiceAsyncStub = InferenceServiceStub(channel)
        self._metadata = metadata

    async def list(self) -> ModelList:
        """The catalogue and its states."""
        call = self._stub.ListModels(
            pb.ListModelsRequest(), timeout=LIST_S, metadata=self._metadata
        )
        return from_pb(await answer(call), ModelList)

    async def stats(self) -> InferenceStats:
        """Memory, queue, speed and counts."""
        request = pb.InferenceStatsRequest()
        call = self._stub.InferenceStats(request, timeout=LIST_S, metadata=self._metadata)
        return from_pb(await answer(call), InferenceStats)

    def load(self, name: str) -> Progress:
        """Until it is loaded. Closing leaves the load to go on."""
        request = pb.LoadModelRequest(name=name)
        return self._progress(self._stub.LoadModel(request, metadata=self._metadata))

    def pull(self, name: str) -> Progress:
        """Until all of it has arrived. Closing ends the fetch; the next one goes on from there."""
        request = pb.PullModelRequest(name=name)
        return self._progress(self._stub.PullModel(request, metadata=self._metadata))

    async def unload(self, name: str, *, now: bool) -> Model:
        """Out of memory: when its requests have ended, or now."""
        request = pb.UnloadModelRequest(name=name, now=now)
        call = self._stub.UnloadModel(request, timeout=UNLOAD_S, metadata=self._metadata)
        return from_pb((await answer(call)).model, Model)

    async def pin(self, name: str, *, pinned: bool) -> Model:
        """Keeps it in memory, or lets it go."""
        request = pb.PinModelRequest(name=name, pinned=pinned)
        call = self._stub.PinModel(request, timeout=LIST_S, metadata=self._metadata)
        return from_pb((await answer(call)).model, Model)

    async def watch(self, after_cursor: int = 0) -> AsyncGenerator[ModelChange]:
        """Changes, without end."""
        request = pb.WatchModelsRequest(after_cursor=after_cursor)
        call = self._stub.WatchModels(request, metadata=self._metadata)
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message.change, ModelChange)
        finally:
            call.cancel()

    async def _progress(self, call: Any) -> Progress:
        try:
            with refusals():
                async for message in call:
                    yield from_pb(message.model, Model)
        finally:
            call.cancel()
