"""AssistantService: unwraps, checks the limits of the protocol, calls, wraps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Protocol, get_args

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.model import answer
from common.model.failure import Suggestion, Verdict
from common.pb.postdevai.v1 import failure_pb2
from common.pb.postdevai.v1.assistant_service_pb2 import (
    AskRequest,
    AskResponse,
    FeedbackRequest,
    FeedbackResponse,
    WatchSuggestionsRequest,
    WatchSuggestionsResponse,
)
from common.pb.postdevai.v1.assistant_service_pb2_grpc import AssistantServiceServicer
from common.wire.nouns import ask_part_to_pb
from common.wire.translate import from_pb, to_pb

QUESTION_CHARS_MAX = 4_096
PROJECT_CHARS_MAX = 500
TOKENS_MAX = 4_096
REMEDY_CHARS_MAX = 200
VERDICTS: dict[str, Verdict] = {verdict: verdict for verdict in get_args(Verdict)}

Context = ServicerContext[Any, Any]
Feedback = Callable[[str, Verdict], Awaitable[None]]


class AnsweringLike(Protocol):
    """Who answers."""

    def ask(self, request: answer.AskRequest) -> AsyncGenerator[answer.AskPart]:
        """Passages, text, end."""
        ...


class SuggestionsLike(Protocol):
    """Who offers things unasked."""

    def watch(self, after_cursor: int) -> AsyncIterator[Suggestion]:
        """Suggestions after a cursor, without end."""
        ...


class AssistantService(AssistantServiceServicer):
    """Answers, cards, and what people thought of them."""

    def __init__(
        self, answering: AnsweringLike, suggestions: SuggestionsLike, feedback: Feedback
    ) -> None:
        self._answering = answering
        self._suggestions = suggestions
        self._feedback = feedback

    async def Ask(  # noqa: N802
        self, request: AskRequest, context: Context
    ) -> AsyncGenerator[AskResponse]:
        """Passages first, then text, then the end; the caller's leaving cancels the model."""
        async with aclosing(self._answering.ask(question_from_pb(request))) as parts:
            async for part in parts:
                yield ask_part_to_pb(part)

    async def WatchSuggestions(  # noqa: N802
        self, request: WatchSuggestionsRequest, context: Context
    ) -> AsyncGenerator[WatchSuggestionsResponse]:
        """Cards from a cursor on, without end."""
        cards = self._suggestions.watch(request.after_cursor)
        try:
            async for card in cards:
                yield WatchSuggestionsResponse(suggestion=to_pb(card, failure_pb2.Suggestion))
        finally:
            if isinstance(cards, AsyncGenerator):
                await cards.aclose()

    async def Feedback(  # noqa: N802
        self, request: FeedbackRequest, context: Context
    ) -> FeedbackResponse:
        """What the person thought of a remedy."""
        if not 1 <= len(request.remedy_id) <= REMEDY_CHARS_MAX:
            raise Invalid("remedy_id must name a remedy", field="remedy_id")
        verdict = VERDICTS.get(request.verdict)
        if verdict is None:
            raise Invalid(f"verdict must be one of {list(VERDICTS)}", field="verdict")
        await self._feedback(request.remedy_id, verdict)
        return FeedbackResponse()


def question_from_pb(request: AskRequest) -> answer.AskRequest:
    """A question; Invalid names the field at fault."""
    if not request.question.strip():
        raise Invalid("there is no question", field="question")
    if len(request.question) > QUESTION_CHARS_MAX:
        raise Invalid(
            f"the question has {len(request.question)} characters, {QUESTION_CHARS_MAX} at most",
            field="question",
        )
    if len(request.project) > PROJECT_CHARS_MAX:
        raise Invalid(f"a project has {PROJECT_CHARS_MAX} characters at most", field="project")
    if not 0 <= request.max_tokens <= TOKENS_MAX:
        raise Invalid(f"max_tokens must be 0 to {TOKENS_MAX}", field="max_tokens")
    return from_pb(request, answer.AskRequest)
