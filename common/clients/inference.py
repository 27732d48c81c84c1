"""The Dragon's models, as the laptop and other nodes ask for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from grpc.aio import Channel, Metadata

from common.model.llm import (
    Generated,
    GenerationRequest,
    InferenceStats,
    Model,
    ModelChange,
    ModelList,
)
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceStub
from common.rpc.routed import Routed
from common.wire.translate import from_pb, to_pb

LIST_S = 3.0
EMBED_S = 60.0
UNLOAD_S = 600.0
"""A model that is in use is unloaded when its requests have ended."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of unit length, one a text, and who made them: two embedders are never mixed."""

    vectors: tuple[tuple[float, ...], ...]
    embedder: str


class InferenceClient:
    """Calls by whichever route there is. Raises the seven errors."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed

    async def catalog(self) -> ModelList:
        """The catalogue, its states, and what is wrong with its file."""

        async def call(channel: Channel, metadata: Metadata) -> pb.ListModelsResponse:
            request = pb.ListModelsRequest()
            stub = InferenceServiceStub(channel)
            return await stub.ListModels(request, metadata=metadata, timeout=LIST_S)

        return from_pb(await self._routed.call(call), ModelList)

    async def models(self) -> tuple[Model, ...]:
        """The models of the catalogue and their states."""
        return (await self.catalog()).models

    async def stats(self) -> InferenceStats:
        """Memory, queue, speed and counts."""

        async def call(channel: Channel, metadata: Metadata) -> pb.InferenceStatsResponse:
            request = pb.InferenceStatsRequest()
            stub = InferenceServiceStub(channel)
            return await stub.InferenceStats(request, metadata=metadata, timeout=LIST_S)

        return from_pb(await self._routed.call(call), InferenceStats)

    async def embed(
        self, texts: Sequence[str], *, query: bool = False, model: str = ""
    ) -> Embedded:
        """Vectors of 1 to 256 texts."""

        async def call(channel: Channel, metadata: Metadata) -> pb.EmbedResponse:
            request = pb.EmbedRequest(texts=texts, query=query, model=model)
            stub = InferenceServiceStub(channel)
            return await stub.Embed(request, metadata=metadata, timeout=EMBED_S)

        answer = await self._routed.call(call)
        return Embedded(tuple(tuple(v.values) for v in answer.vectors), answer.embedder)

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Generated]:
        """Pieces as they are made, the last with `finish`. Closing the iterator cancels."""
        message = to_pb(request, pb.GenerateRequest)
        stream = self._routed.stream(
            lambda channel, metadata: InferenceServiceStub(channel).Generate(
                message, metadata=metadata
            )
        )
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                yield from_pb(piece, Generated)

    def load(self, name: str) -> AsyncGenerator[Model]:
        """How far the load has come; it ends when the model is loaded."""
        return self._models("LoadModel", pb.LoadModelRequest(name=name))

    def pull(self, name: str) -> AsyncGenerator[Model]:
        """How much has arrived; it ends when all has, and closing it ends the fetch."""
        return self._models("PullModel", pb.PullModelRequest(name=name))

    async def unload(self, name: str, *, now: bool = False) -> Model:
        """The model, out of memory; Conflict when it is pinned."""

        async def call(channel: Channel, metadata: Metadata) -> pb.UnloadModelResponse:
            request = pb.UnloadModelRequest(name=name, now=now)
            stub = InferenceServiceStub(channel)
            return await stub.UnloadModel(request, metadata=metadata, timeout=UNLOAD_S)

        return from_pb((await self._routed.call(call)).model, Model)

    async def pin(self, name: str, *, pinned: bool) -> Model:
        """The model, pinned or let go."""

        async def call(channel: Channel, metadata: Metadata) -> pb.PinModelResponse:
            request = pb.PinModelRequest(name=name, pinned=pinned)
            stub = InferenceServiceStub(channel)
            return await stub.PinModel(request, metadata=metadata, timeout=LIST_S)

        return from_pb((await self._routed.call(call)).model, Model)

    async def watch(self, after_cursor: int = 0) -> AsyncGenerator[ModelChange]:
        """Changes from a cursor on, without end."""
        request = pb.WatchModelsRequest(after_cursor=after_cursor)
        async with aclosing(self._stream("WatchModels", request)) as changes:
            async for response in changes:
                yield from_pb(response.change, ModelChange)

    async def _models(self, method: str, request: Any) -> AsyncGenerator[Model]:
        async with aclosing(self._stream(method, request)) as responses:
            async for response in responses:
                yield from_pb(response.model, Model)

    def _stream(self, method: str, request: Any) -> AsyncGenerator[Any]:
        def call(channel: Channel, metadata: Metadata) -> Any:
            return getattr(InferenceServiceStub(channel), method)(request, metadata=metadata)

        return self._routed.stream(call)
