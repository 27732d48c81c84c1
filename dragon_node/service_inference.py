"""InferenceService: unwraps, checks the limits of the protocol, calls, wraps."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.model.llm import ChatMessage
from common.pb.postdevai.v1.inference_service_pb2 import (
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    ListModelsRequest,
    ListModelsResponse,
    Vector,
)
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceServicer
from common.pb.postdevai.v1.model_pb2 import Model
from common.wire.translate import from_pb, to_pb
from dragon_node.inference.models import Models
from dragon_node.inference.scheduling.scheduler import Prompt

MODEL_CHARS_MAX = 200
MESSAGES_MAX = 100
CONVERSATION_CHARS_MAX = 200_000
TOKENS_MAX = 4_096
TOKENS_DEFAULT = 256
TEMPERATURE_MAX = 2.0
TEXTS_MAX = 256
TEXT_CHARS_MAX = 100_000

Context = ServicerContext[Any, Any]


class InferenceService(InferenceServiceServicer):
    """Models for whoever may call them."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def Generate(  # noqa: N802
        self, request: GenerateRequest, context: Context
    ) -> AsyncGenerator[GenerateResponse]:
        """Tokens for a prompt; the caller's leaving cancels."""
        async with aclosing(self._models.generate(prompt_from_pb(request))) as pieces:
            async for piece in pieces:
                yield to_pb(piece, GenerateResponse)

    async def Embed(self, request: EmbedRequest, context: Context) -> EmbedResponse:  # noqa: N802
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
        rows = await self._models.embedder.embed(texts, query=request.query)
        return EmbedResponse(
            vectors=[Vector(values=row.tolist()) for row in rows],
            embedder=self._models.embedder.id,
        )

    async def ListModels(  # noqa: N802
        self, request: ListModelsRequest, context: Context
    ) -> ListModelsResponse:
        """The catalogue and its states."""
        return ListModelsResponse(models=[to_pb(m, Model) for m in await self._models.list()])


def prompt_from_pb(request: GenerateRequest) -> Prompt:
    """What is asked of a model; Invalid names the field at fault."""
    if len(request.model) > MODEL_CHARS_MAX:
        raise Invalid(f"a model's name has {MODEL_CHARS_MAX} characters at most", field="model")
    if not 1 <= len(request.messages) <= MESSAGES_MAX:
        raise Invalid(
            f"{len(request.messages)} messages; 1 to {MESSAGES_MAX} are taken", field="messages"
        )
    if not 0 <= request.max_tokens <= TOKENS_MAX:
        raise Invalid(f"max_tokens must be 0 to {TOKENS_MAX}", field="max_tokens")
    if not (math.isfinite(request.temperature) and 0 <= request.temperature <= TEMPERATURE_MAX):
        raise Invalid(f"temperature must be 0 to {TEMPERATURE_MAX:g}", field="temperature")
    messages = tuple(
        from_pb(m, ChatMessage, f"messages[{i}].") for i, m in enumerate(request.messages)
    )
    chars = sum(len(m.content) for m in messages)
    if chars > CONVERSATION_CHARS_MAX:
        raise Invalid(
            f"the conversation has {chars} characters, {CONVERSATION_CHARS_MAX} at most",
            field="messages",
        )
    return Prompt(
        model=request.model or "fast",
        messages=messages,
        max_tokens=request.max_tokens or TOKENS_DEFAULT,
        temperature=request.temperature,
    )
