"""InferenceService on the local API with scripted answers."""

# ruff: noqa: N802 - gRPC names the methods

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1 import model_pb2
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceServicer
from common.wire.translate import to_pb


@dataclass
class ModelsScript:
    """What the models are."""

    catalog: ModelList = field(default_factory=lambda: ModelList(()))
    stats: InferenceStats = field(default_factory=lambda: InferenceStats(0))
    coming: tuple[Model, ...] = ()
    """What loading and pulling say, in order."""
    changes: tuple[ModelChange, ...] = ()
    changed: Model = field(default_factory=lambda: Model("tiny", "fast", "ready"))


class ModelsApi(InferenceServiceServicer):
    """Says what the script says; `heard` is told what was asked, and may refuse."""

    def __init__(self, script: ModelsScript, heard: Callable[[Any], None]) -> None:
        self._script = script
        self._heard = heard

    async def ListModels(self, request, context):
        self._heard("models")
        return to_pb(self._script.catalog, pb.ListModelsResponse)

    async def InferenceStats(self, request, context):
        self._heard("inference stats")
        return to_pb(self._script.stats, pb.InferenceStatsResponse)

    async def LoadModel(self, request, context):
        self._heard(("load", request.name))
        for model in self._script.coming:
            yield pb.LoadModelResponse(model=to_pb(model, model_pb2.Model))

    async def PullModel(self, request, context):
        self._heard(("pull", request.name))
        for model in self._script.coming:
            yield pb.PullModelResponse(model=to_pb(model, model_pb2.Model))

    async def UnloadModel(self, request, context):
        self._heard(("unload", request.name, request.now))
        return pb.UnloadModelResponse(model=to_pb(self._script.changed, model_pb2.Model))

    async def PinModel(self, request, context):
        self._heard(("pin", request.name, request.pinned))
        return pb.PinModelResponse(model=to_pb(self._script.changed, model_pb2.Model))

    async def WatchModels(self, request, context):
        self._heard(("watch", request.after_cursor))
        for change in self._script.changes:
            yield pb.WatchModelsResponse(change=to_pb(change, model_pb2.ModelChange))
