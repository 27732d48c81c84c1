"""InferenceService: unwraps, checks the limits of the protocol, calls, wraps."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.pb.postdevai.v1.inference_service_pb2 import (
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    InferenceStatsRequest,
    InferenceStatsResponse,
    ListModelsRequest,
    ListModelsResponse,
    LoadModelRequest,
    LoadModelResponse,
    PinModelRequest,
    PinModelResponse,
    PullModelRequest,
    PullModelResponse,
    UnloadModelRequest,
    UnloadModelResponse,
    Vector,
    WatchModelsRequest,
    WatchModelsResponse,
)
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceServicer
from common.pb.postdevai.v1.model_pb2 import Model, ModelChange
from common.wire.translate import to_pb
from dragon_node.inference.models import Models
from dragon_node.service_limits import MODEL_CHARS_MAX, TEXT_CHARS_MAX, TEXTS_MAX, request_from_pb

Context = ServicerContext[Any, Any]


class InferenceService(InferenceServiceServicer):
    """Models for whoever may call them."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def Generate(
        self, request: GenerateRequest, context: Context
    ) -> AsyncGenerator[GenerateResponse]:
        """Tokens for a conversation; the caller's leaving cancels."""
        async with aclosing(self._models.generate(request_from_pb(request))) as pieces:
            async for piece in pieces:
                yield to_pb(piece, GenerateResponse)

    async def Embed(self, request: EmbedRequest, context: Context) -> EmbedResponse:
        """Vectors for texts."""
        texts = tuple(request.texts)
        if not 1 <= len(texts) <= TEXTS_MAX:
            raise Invalid(f"{len(texts)} texts; 1 to {TEXTS_MAX} are taken", field="texts")
        for index, text in enumerate(texts):
            if len(text) > TEXT_CHARS_MAX:
                raise Invalid(
                    f"a text has {len(text)} characters, {TEXT_CHARS_MAX} at most",
                    field=f"texts[{index}]",
                )
        embedder = self._models.embedder_named(_name(request.model, "model", empty=True))
        rows = await embedder.embed(texts, query=request.query)
        return EmbedResponse(
            vectors=[Vector(values=row.tolist()) for row in rows], embedder=embedder.id
        )

    async def ListModels(self, request: ListModelsRequest, context: Context) -> ListModelsResponse:
        """The catalogue and its states."""
        return to_pb(await self._models.catalog(), ListModelsResponse)

    async def LoadModel(
        self, request: LoadModelRequest, context: Context
    ) -> AsyncGenerator[LoadModelResponse]:
        """How far the load has come; the caller's leaving does not end it."""
        async with aclosing(self._models.load(_name(request.name))) as coming:
            async for model in coming:
                yield LoadModelResponse(model=to_pb(model, Model))

    async def UnloadModel(
        self, request: UnloadModelRequest, context: Context
    ) -> UnloadModelResponse:
        """Out of memory."""
        model = await self._models.unload(_name(request.name), now=request.now)
        return UnloadModelResponse(model=to_pb(model, Model))

    async def PinModel(self, request: PinModelRequest, context: Context) -> PinModelResponse:
        """Pinned, or let go."""
        model = await self._models.pin(_name(request.name), pinned=request.pinned)
        return PinModelResponse(model=to_pb(model, Model))

    async def PullModel(
        self, request: PullModelRequest, context: Context
    ) -> AsyncGenerator[PullModelResponse]:
        """How much has arrived; the caller's leaving ends the fetch."""
        async with aclosing(self._models.pull(_name(request.name))) as coming:
            async for model in coming:
                yield PullModelResponse(model=to_pb(model, Model))

    async def WatchModels(
        self, request: WatchModelsRequest, context: Context
    ) -> AsyncGenerator[WatchModelsResponse]:
        """Changes, without end."""
        async with aclosing(self._models.watch(request.after_cursor)) as changes:
            async for change in changes:
                yield WatchModelsResponse(change=to_pb(change, ModelChange))

    async def InferenceStats(
        self, request: InferenceStatsRequest, context: Context
    ) -> InferenceStatsResponse:
        """What the models take and do."""
        return to_pb(await self._models.stats(), InferenceStatsResponse)


def _name(name: str, field: str = "name", *, empty: bool = False) -> str:
    if len(name) > MODEL_CHARS_MAX or not (name or empty):
        raise Invalid(f"a model's name has 1 to {MODEL_CHARS_MAX} characters", field=field)
    return name
