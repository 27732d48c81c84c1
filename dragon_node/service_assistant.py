"""AssistantService: unwraps, checks the limits of the protocol, calls, wraps."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import Any, Protocol, get_args

from grpc.aio import ServicerContext

from common.errors import Invalid
from common.model import answer, near
from common.model.failure import Suggestion, Verdict
from common.model.remedy import CardStats, RemedyMaterial
from common.pb.postdevai.v1 import failure_pb2, remedy_pb2
from common.pb.postdevai.v1.assistant_service_pb2 import (
    AskRequest,
    AskResponse,
    FeedbackRequest,
    FeedbackResponse,
    FollowMemoryRequest,
    FollowMemoryResponse,
    GetCardStatsRequest,
    GetCardStatsResponse,
    GetMaterialRequest,
    GetMaterialResponse,
    QuietRequest,
    QuietResponse,
    SnoozeRequest,
    SnoozeResponse,
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
MODEL_CHARS_MAX = 200
BEFORE_MAX = 8
ANSWER_CHARS_MAX = 100_000
"""Of an earlier turn."""
PINNED_MAX = 20
EXCLUDED_MAX = 50
PATH_CHARS_MAX = 1_000
NOTE_CHARS_MAX = 2_000
HELD_MAX = 100_000
"""Symptoms that a mirror may hold."""
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


class ReceptionLike(Protocol):
    """How cards are taken."""

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then; Missing when there is no such card."""
        ...

    async def stats(self, project: str) -> tuple[CardStats, ...]:
        """Of one project, or of all."""
        ...

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        ...


class MaterialLike(Protocol):
    """What is needed to try a remedy again."""

    async def of(self, remedy_id: str) -> RemedyMaterial:
        """Missing with a sentence when it is not there, or not all of it."""
        ...


class FollowingLike(Protocol):
    """What a laptop's mirror is told."""

    def follow(self, request: near.FollowMemoryRequest) -> AsyncGenerator[near.Told]:
        """What differs from what it holds, then what changes, without end."""
        ...


class AssistantService(AssistantServiceServicer):
    """Answers, cards, and what people thought of them."""

    def __init__(
        self,
        answering: AnsweringLike,
        suggestions: SuggestionsLike,
        feedback: Feedback,
        reception: ReceptionLike,
        material: MaterialLike,
        following: FollowingLike,
    ) -> None:
        self._answering = answering
        self._suggestions = suggestions
        self._feedback = feedback
        self._reception = reception
        self._material = material
        self._following = following

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

    async def Snooze(self, request: SnoozeRequest, context: Context) -> SnoozeResponse:  # noqa: N802
        """Puts a card off."""
        if not 1 <= len(request.suggestion_id) <= REMEDY_CHARS_MAX:
            raise Invalid("suggestion_id must name a card", field="suggestion_id")
        if request.until_ms <= 0:
            raise Invalid("until_ms must be a time", field="until_ms")
        await self._reception.snooze(request.suggestion_id, request.until_ms)
        return SnoozeResponse()

    async def GetCardStats(  # noqa: N802
        self, request: GetCardStatsRequest, context: Context
    ) -> GetCardStatsResponse:
        """How cards were taken."""
        _within(request.project)
        stats = await self._reception.stats(request.project)
        return GetCardStatsResponse(stats=[to_pb(s, remedy_pb2.CardStats) for s in stats])

    async def Quiet(self, request: QuietRequest, context: Context) -> QuietResponse:  # noqa: N802
        """The owner's word on a project's cards."""
        if not request.project:
            raise Invalid("project must name a project", field="project")
        _within(request.project)
        await self._reception.quiet(request.project, request.quiet)
        return QuietResponse()

    async def GetMaterial(  # noqa: N802
        self, request: GetMaterialRequest, context: Context
    ) -> GetMaterialResponse:
        """What is needed to try a remedy again."""
        if not 1 <= len(request.remedy_id) <= REMEDY_CHARS_MAX:
            raise Invalid("remedy_id must name a remedy", field="remedy_id")
        found = await self._material.of(request.remedy_id)
        return GetMaterialResponse(material=to_pb(found, remedy_pb2.RemedyMaterial))

    async def FollowMemory(  # noqa: N802
        self, request: FollowMemoryRequest, context: Context
    ) -> AsyncGenerator[FollowMemoryResponse]:
        """What a mirror lacks, then what changes, without end."""
        if len(request.held) > HELD_MAX:
            raise Invalid(f"held has {len(request.held)}, {HELD_MAX:,} at most", field="held")
        if not 0 <= request.since_ms < 1 << 63:
            raise Invalid("since_ms must be a time", field="since_ms")
        wanted = from_pb(request, near.FollowMemoryRequest)
        async with aclosing(self._following.follow(wanted)) as parts:
            async for part in parts:
                yield to_pb(near.MemoryPart(part), FollowMemoryResponse)


def question_from_pb(request: AskRequest) -> answer.AskRequest:
    """A question; Invalid names the field at fault."""
    if not request.question.strip():
        raise Invalid("there is no question", field="question")
    if len(request.question) > QUESTION_CHARS_MAX:
        raise Invalid(
            f"the question has {len(request.question)} characters, {QUESTION_CHARS_MAX} at most",
            field="question",
        )
    _within(request.project)
    if not 0 <= request.max_tokens <= TOKENS_MAX:
        raise Invalid(f"max_tokens must be 0 to {TOKENS_MAX}", field="max_tokens")
    asked = from_pb(request, answer.AskRequest)
    _check_given(asked)
    return asked


def _check_given(asked: answer.AskRequest) -> None:
    """What goes with a question."""
    if len(asked.model) > MODEL_CHARS_MAX:
        raise Invalid(f"a model has {MODEL_CHARS_MAX} characters at most", field="model")
    if len(asked.before) > BEFORE_MAX:
        raise Invalid(f"there are {len(asked.before)} turns, {BEFORE_MAX} at most", field="before")
    for turn in asked.before:
        if len(turn.question) > QUESTION_CHARS_MAX or len(turn.answer) > ANSWER_CHARS_MAX:
            raise Invalid(
                f"a turn has a question of {QUESTION_CHARS_MAX} and an answer of"
                f" {ANSWER_CHARS_MAX} characters at most",
                field="before",
            )
    if len(asked.note) > NOTE_CHARS_MAX:
        raise Invalid(
            f"the note has {len(asked.note)} characters, {NOTE_CHARS_MAX} at most", field="note"
        )
    _paths(asked.pinned, PINNED_MAX, "pinned")
    _paths(asked.excluded, EXCLUDED_MAX, "excluded")


def _paths(paths: tuple[str, ...], most: int, field: str) -> None:
    if len(paths) > most:
        raise Invalid(f"{field} has {len(paths)} paths, {most} at most", field=field)
    for path in paths:
        if not 1 <= len(path) <= PATH_CHARS_MAX:
            raise Invalid(f"a path has 1 to {PATH_CHARS_MAX} characters", field=field)
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise Invalid(f"{path} is not relative to a working copy", field=field)


def _within(project: str) -> None:
    if len(project) > PROJECT_CHARS_MAX:
        raise Invalid(f"a project has {PROJECT_CHARS_MAX} characters at most", field="project")
