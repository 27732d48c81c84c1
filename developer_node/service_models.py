"""InferenceService on the local API: front ends look after the Dragon's models by the laptop."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc.aio

from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import (
    InferenceServiceServicer,
    InferenceServiceStub,
    add_InferenceServiceServicer_to_server,
)
from common.rpc.onward import Onward
from common.rpc.routed import Routed

Context = grpc.aio.ServicerContext[Any, Any]

ANSWER_S = 600.0
"""A model that is in use is unloaded when its requests have ended."""


class ModelsDoor(InferenceServiceServicer):
    """Passes on what it is asked as it is. Generating and embedding are for nodes and tools."""

    def __init__(self, dragon: Routed, to: Callable[[str], Routed] | None = None) -> None:
        """`to` gives the way to the Dragon that is the one for a model, by its name: where it is
        loaded, before any other."""
        self._dragon = Onward(dragon, InferenceServiceStub, ANSWER_S)
        self._to = to

    def add(self, server: grpc.aio.Server) -> None:
        """Registers it."""
        add_InferenceServiceServicer_to_server(self, server)

    def _of(self, model: str) -> Onward:
        if self._to is None or not model:
            return self._dragon
        return Onward(self._to(model), InferenceServiceStub, ANSWER_S)

    async def ListModels(
        self, request: pb.ListModelsRequest, context: Context
    ) -> pb.ListModelsResponse:
        return await self._dragon.answer("ListModels", request, pb.ListModelsResponse)

    async def InferenceStats(
        self, request: pb.InferenceStatsRequest, context: Context
    ) -> pb.InferenceStatsResponse:
        return await self._dragon.answer("InferenceStats", request, pb.InferenceStatsResponse)

    async def UnloadModel(
        self, request: pb.UnloadModelRequest, context: Context
    ) -> pb.UnloadModelResponse:
        return await self._of(request.name).answer("UnloadModel", request, pb.UnloadModelResponse)

    async def PinModel(self, request: pb.PinModelRequest, context: Context) -> pb.PinModelResponse:
        return await self._of(request.name).answer("PinModel", request, pb.PinModelResponse)

    async def LoadModel(
        self, request: pb.LoadModelRequest, context: Context
    ) -> AsyncIterator[pb.LoadModelResponse]:
        async for response in self._of(request.name).stream(
            "LoadModel", request, pb.LoadModelResponse
        ):
            yield response

    async def PullModel(
        self, request: pb.PullModelRequest, context: Context
    ) -> AsyncIterator[pb.PullModelResponse]:
        async for response in self._of(request.name).stream(
            "PullModel", request, pb.PullModelResponse
        ):
            yield response

    async def WatchModels(
        self, request: pb.WatchModelsRequest, context: Context
    ) -> AsyncIterator[pb.WatchModelsResponse]:
        async for response in self._dragon.stream("WatchModels", request, pb.WatchModelsResponse):
            yield response
