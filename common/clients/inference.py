"""The Dragon's models, as the laptop asks for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from grpc.aio import Channel, Metadata

from common.model.llm import ChatMessage, Generated, Model
from common.pb.postdevai.v1 import inference_service_pb2 as pb
from common.pb.postdevai.v1.inference_service_pb2_grpc import InferenceServiceStub
from common.rpc.routed import Routed
from common.wire.translate import from_pb, to_pb

LIST_S = 3.0
EMBED_S = 60.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of unit length, one a text, and who made them: two embedders are never mixed."""

    vectors: tuple[tuple[float, ...], ...]
    embedder: str


class InferenceClient:
    """Calls by whichever route there is. Raises the seven errors."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed

    async def models(self) -> tuple[Model, ...]:
        """The catalogue and its states."""

        async def call(channel: Channel, metadata: Metadata) -> pb.ListModelsResponse:
            request = pb.ListModelsRequest()
            stub = InferenceServiceStub(channel)
            return await stub.ListModels(request, metadata=metadata, timeout=LIST_S)

        answer = await self._routed.call(call)
        return tuple(from_pb(m, Model) for m in answer.models)

    async def embed(self, texts: Sequence[str], *, query: bool = False) -> Embedded:
        """Vectors of 1 to 256 texts."""

        async def call(channel: Channel, metadata: Metadata) -> pb.EmbedResponse:
            request = pb.EmbedRequest(texts=texts, query=query)
            stub = InferenceServiceStub(channel)
            return await stub.Embed(request, metadata=metadata, timeout=EMBED_S)

        answer = await self._routed.call(call)
        return Embedded(tuple(tuple(v.values) for v in answer.vectors), answer.embedder)

    async def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        model: str = "",
        max_tokens: int = 0,
        temperature: float = 0.0,
    ) -> AsyncGenerator[Generated]:
        """Pieces as they are made, the last with `finish`. Closing the iterator cancels."""
        request = pb.GenerateRequest(
            model=model,
            messages=[to_pb(m, pb.ChatMessage) for m in messages],
            max_tokens=max_tokens,
            temperature=temperature,
        )
        stream = self._routed.stream(
            lambda channel, metadata: InferenceServiceStub(channel).Generate(
                request, metadata=metadata
            )
        )
        async with aclosing(stream) as pieces:
            async for piece in pieces:
                yield from_pb(piece, Generated)
