"""The Dragon's answers and suggestions, as the laptop asks for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from google.protobuf.message import Message
from grpc.aio import Channel, Metadata

from common.model.answer import AskPart, AskRequest
from common.model.failure import Suggestion, Verdict
from common.model.near import FollowMemoryRequest, MemoryPart, Told
from common.model.remedy import CardStats, RemedyMaterial
from common.pb.postdevai.v1 import assistant_service_pb2 as pb
from common.pb.postdevai.v1.assistant_service_pb2_grpc import AssistantServiceStub
from common.rpc.repeatable import is_repeatable
from common.rpc.routed import Routed
from common.wire.nouns import ask_part_from_pb
from common.wire.translate import from_pb, to_pb

R = TypeVar("R", bound=Message)

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
        request = pb.FeedbackRequest(remedy_id=remedy_id, verdict=verdict)
        await self._answer("Feedback", request, pb.FeedbackResponse)

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then."""
        request = pb.SnoozeRequest(suggestion_id=suggestion_id, until_ms=until_ms)
        await self._answer("Snooze", request, pb.SnoozeResponse)

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """How cards were taken, of one project or of all."""
        request = pb.GetCardStatsRequest(project=project)
        found = await self._answer("GetCardStats", request, pb.GetCardStatsResponse)
        return tuple(from_pb(each, CardStats) for each in found.stats)

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        request = pb.QuietRequest(project=project, quiet=quiet)
        await self._answer("Quiet", request, pb.QuietResponse)

    async def material(self, remedy_id: str) -> RemedyMaterial:
        """What is needed to try a remedy again; Missing says what was not recorded."""
        request = pb.GetMaterialRequest(remedy_id=remedy_id)
        found = await self._answer(
            "GetMaterial", request, pb.GetMaterialResponse, timeout_s=MATERIAL_S
        )
        return from_pb(found.material, RemedyMaterial)

    async def follow_memory(self, request: FollowMemoryRequest) -> AsyncGenerator[Told]:
        """What a mirror lacks, then what changes, until closed; Unavailable when the Dragon goes
        away."""
        message = to_pb(request, pb.FollowMemoryRequest)
        stream = self._routed.stream(
            lambda channel, metadata: AssistantServiceStub(channel).FollowMemory(
                message, metadata=metadata
            )
        )
        async with aclosing(stream) as parts:
            async for part in parts:
                yield from_pb(part, MemoryPart).part

    async def _answer(
        self,
        method: str,
        request: Message,
        response: type[R],
        *,
        timeout_s: float = FEEDBACK_S,
    ) -> R:
        """One call by whichever route there is; `response` is what the method answers."""

        async def call(channel: Channel, metadata: Metadata) -> R:
            asked = getattr(AssistantServiceStub(channel), method)
            return await asked(request, metadata=metadata, timeout=timeout_s)

        idempotent = is_repeatable(f"AssistantService/{method}")
        return await self._routed.call(call, idempotent=idempotent)
