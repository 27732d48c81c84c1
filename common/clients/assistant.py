"""The Dragon's answers and suggestions, as the laptop asks for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from grpc.aio import Channel, Metadata

from common.model.answer import AskPart, AskRequest
from common.model.failure import Suggestion, Verdict
from common.model.remedy import CardStats, RemedyMaterial
from common.pb.postdevai.v1 import assistant_service_pb2 as pb
from common.pb.postdevai.v1.assistant_service_pb2_grpc import AssistantServiceStub
from common.rpc.routed import Routed
from common.wire.nouns import ask_part_from_pb
from common.wire.translate import from_pb, to_pb

FEEDBACK_S = 5.0
MATERIAL_S = 20.0


class AssistantClient:
    """Calls by whichever route there is. Raises the seven errors."""

    def __init__(self, routed: Routed) -> None:
        self._routed = routed

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart]:
        """Passages, text, end. Closing the iterator cancels, down to the model."""
        message = to_pb(request, pb.AskRequest)
        stream = self._routed.stream(
            lambda channel, metadata: AssistantServiceStub(channel).Ask(message, metadata=metadata)
        )
        async with aclosing(stream) as parts:
            async for part in parts:
                yield ask_part_from_pb(part)

    async def suggestions(self, after_cursor: int = 0) -> AsyncGenerator[Suggestion]:
        """Cards after a cursor, until closed; Unavailable when the Dragon goes away."""
        message = pb.WatchSuggestionsRequest(after_cursor=after_cursor)
        stream = self._routed.stream(
            lambda channel, metadata: AssistantServiceStub(channel).WatchSuggestions(
                message, metadata=metadata
            )
        )
        async with aclosing(stream) as cards:
            async for card in cards:
                yield from_pb(card.suggestion, Suggestion)

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy."""

        async def call(channel: Channel, metadata: Metadata) -> pb.FeedbackResponse:
            request = pb.FeedbackRequest(remedy_id=remedy_id, verdict=verdict)
            stub = AssistantServiceStub(channel)
            return await stub.Feedback(request, metadata=metadata, timeout=FEEDBACK_S)

        await self._routed.call(call, idempotent=False)

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then."""

        async def call(channel: Channel, metadata: Metadata) -> pb.SnoozeResponse:
            request = pb.SnoozeRequest(suggestion_id=suggestion_id, until_ms=until_ms)
            stub = AssistantServiceStub(channel)
            return await stub.Snooze(request, metadata=metadata, timeout=FEEDBACK_S)

        await self._routed.call(call, idempotent=True)

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken, of one project or of all."""

        async def call(channel: Channel, metadata: Metadata) -> pb.GetCardStatsResponse:
            request = pb.GetCardStatsRequest(project=project)
            stub = AssistantServiceStub(channel)
            return await stub.GetCardStats(request, metadata=metadata, timeout=FEEDBACK_S)

        found = await self._routed.call(call, idempotent=True)
        return tuple(from_pb(each, CardStats) for each in found.stats)

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""

        async def call(channel: Channel, metadata: Metadata) -> pb.QuietResponse:
            request = pb.QuietRequest(project=project, quiet=quiet)
            stub = AssistantServiceStub(channel)
            return await stub.Quiet(request, metadata=metadata, timeout=FEEDBACK_S)

        await self._routed.call(call, idempotent=True)

    async def material(self, remedy_id: str) -> RemedyMaterial:
        """What is needed to try a remedy again; Missing says what was not recorded."""

        async def call(channel: Channel, metadata: Metadata) -> pb.GetMaterialResponse:
            request = pb.GetMaterialRequest(remedy_id=remedy_id)
            stub = AssistantServiceStub(channel)
            return await stub.GetMaterial(request, metadata=metadata, timeout=MATERIAL_S)

        return from_pb((await self._routed.call(call, idempotent=True)).material, RemedyMaterial)
