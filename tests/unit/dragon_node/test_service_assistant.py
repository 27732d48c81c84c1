"""Questions and cards over real gRPC: what comes back, what is refused, what a leaving cancels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from common.clients.assistant import AssistantClient
from common.errors import Invalid, Missing, PostDevAIError
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, AskText
from common.model.event import PathChange
from common.model.failure import Failure, Proof, Recollection, Remedy, Suggestion, Verdict
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.near import (
    EventsGone,
    FollowMemoryRequest,
    HeldSymptom,
    MemoryComplete,
    MemoryReset,
    SymptomGone,
    Told,
)
from common.model.remedy import CardStats, RemedyMaterial
from common.pb.postdevai.v1.assistant_service_pb2 import AskRequest as PbAskRequest
from common.pb.postdevai.v1.assistant_service_pb2 import AskTurn as PbAskTurn
from common.pb.postdevai.v1.assistant_service_pb2_grpc import (
    add_AssistantServiceServicer_to_server,
)
from dragon_node.service_assistant import AssistantService, question_from_pb
from tests.support.mirrored import entry, symptom
from tests.support.passages import FRESH, passage
from tests.support.served import served

HIT = passage(1, "def close(self): ...", "close")
ANSWER: tuple[AskPart, ...] = (
    AskPassages((HIT,), FRESH, "small", True),
    AskText("It closes [1]."),
    AskEnd("It closes [1].", (HIT,), "stop", 5, 50),
)
CARD = Suggestion("s1", 7, 1_000, EventId("e" * 32), "thing", "seen before", Recollection("same"))

MATERIAL = RemedyMaterial(
    Remedy("r1", "observed", "code", proof=Proof("unproven", 3, "no sandbox here")),
    Failure("pytest", "E", "test", "m", "m"),
    WorkingCopyId("w"),
    "/code/thing",
    "pytest",
    "/code/thing",
    "h",
    "t",
    dirty=(PathChange("a.py", "1", "2"),),
)


MEMORY: tuple[Told, ...] = (
    MemoryReset("a journal"),
    symptom(1),
    SymptomGone(Fingerprint("f2"), "v"),
    entry(3),
    EventsGone((EventId("e" * 32),)),
    MemoryComplete("a journal", 3),
)


class Dragon:
    """Answers, offers and listens as a test scripts it."""

    def __init__(self) -> None:
        self.asked: list[AskRequest] = []
        self.after: list[int] = []
        self.verdicts: list[tuple[str, Verdict]] = []
        self.said: list[tuple[object, ...]] = []
        self.refusal: PostDevAIError | None = None
        self.followed: list[FollowMemoryRequest] = []
        self.endless = False
        self.closed = asyncio.Event()

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart]:
        self.asked.append(request)
        try:
            for part in ANSWER:
                yield part
                while self.endless:
                    yield AskText("on and ")
            if self.refusal is not None:
                raise self.refusal
        finally:
            self.closed.set()

    async def watch(self, after_cursor: int) -> AsyncGenerator[Suggestion]:
        self.after.append(after_cursor)
        try:
            yield CARD
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        self.said.append(("snooze", suggestion_id, until_ms))

    async def stats(self, project: str) -> tuple[CardStats, ...]:
        return (CardStats(project or "thing", shown=7, accepted=5, rejected=1),)

    async def quiet(self, project: str, quiet: bool) -> None:
        self.said.append(("quiet", project, quiet))

    async def of(self, remedy_id: str) -> RemedyMaterial:
        if remedy_id != MATERIAL.remedy.id:
            raise Missing("there is no such remedy")
        return MATERIAL

    async def follow(self, request: FollowMemoryRequest) -> AsyncGenerator[Told]:
        self.followed.append(request)
        try:
            for part in MEMORY:
                yield part
            await asyncio.Event().wait()
        finally:
            self.closed.set()

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.verdicts.append((remedy_id, verdict))


@pytest.fixture
def dragon() -> Dragon:
    return Dragon()


@pytest.fixture
async def client(dragon: Dragon) -> AsyncIterator[AssistantClient]:
    async with reached(dragon) as opened:
        yield opened


@asynccontextmanager
async def reached(dragon: Dragon) -> AsyncGenerator[AssistantClient]:
    service = AssistantService(
        dragon, dragon, dragon.feedback, reception=dragon, material=dragon, following=dragon
    )
    async with served(lambda s: add_AssistantServiceServicer_to_server(service, s)) as (routed, _):
        yield AssistantClient(routed)


async def test_an_answer_arrives_as_it_was_given(dragon: Dragon, client: AssistantClient):
    request = AskRequest("how does it close", "thing", 99)
    assert [part async for part in client.ask(request)] == list(ANSWER)
    assert dragon.asked == [request]


async def test_closing_the_answer_reaches_the_dragon(dragon: Dragon, client: AssistantClient):
    dragon.endless = True
    asking = client.ask(AskRequest("how does it close"))
    assert isinstance(await anext(asking), AskPassages)
    await asking.aclose()
    async with asyncio.timeout(10):
        await dragon.closed.wait()


async def test_a_failure_in_the_middle_comes_after_what_was_said(
    dragon: Dragon, client: AssistantClient
):
    dragon.refusal = Missing("the model is gone", hint="look for it")
    heard: list[AskPart] = []
    with pytest.raises(Missing, match="gone") as why:
        async for part in client.ask(AskRequest("how")):
            heard.append(part)
    assert heard == list(ANSWER)
    assert why.value.hint == "look for it"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (PbAskRequest(), "question"),
        (PbAskRequest(question="  \n"), "question"),
        (PbAskRequest(question="x" * 4_097), "question"),
        (PbAskRequest(question="x", project="p" * 501), "project"),
        (PbAskRequest(question="x", max_tokens=-1), "max_tokens"),
        (PbAskRequest(question="x", max_tokens=4_097), "max_tokens"),
        (PbAskRequest(question="x", model="m" * 201), "model"),
        (PbAskRequest(question="x", before=[PbAskTurn()] * 9), "before"),
        (PbAskRequest(question="x", before=[PbAskTurn(question="q" * 4_097)]), "before"),
        (PbAskRequest(question="x", note="n" * 2_001), "note"),
        (PbAskRequest(question="x", pinned=["a.py"] * 21), "pinned"),
        (PbAskRequest(question="x", pinned=["/etc/passwd"]), "pinned"),
        (PbAskRequest(question="x", pinned=[""]), "pinned"),
        (PbAskRequest(question="x", excluded=["src/"] * 51), "excluded"),
        (PbAskRequest(question="x", excluded=["../other/"]), "excluded"),
    ],
)
def test_a_malformed_question_names_its_field(request_: PbAskRequest, field: str):
    with pytest.raises(Invalid) as why:
        question_from_pb(request_)
    assert why.value.field == field


async def test_a_refused_question_is_invalid_at_the_callers_end_too(
    dragon: Dragon, client: AssistantClient
):
    with pytest.raises(Invalid) as why:
        await anext(client.ask(AskRequest("x" * 4_097)))
    assert why.value.field == "question"
    assert dragon.asked == []


async def test_cards_come_from_the_cursor_on_until_the_listener_leaves(
    dragon: Dragon, client: AssistantClient
):
    cards = client.suggestions(after_cursor=6)
    assert await anext(cards) == CARD
    assert dragon.after == [6]
    await cards.aclose()
    async with asyncio.timeout(10):
        await dragon.closed.wait()


async def test_feedback_arrives(dragon: Dragon, client: AssistantClient):
    await client.feedback("r1", "rejected")
    assert dragon.verdicts == [("r1", "rejected")]


@pytest.mark.parametrize(
    ("remedy", "verdict", "field"),
    [("", "accepted", "remedy_id"), ("r" * 201, "accepted", "remedy_id"), ("r", "", "verdict")],
)
async def test_malformed_feedback_names_its_field(
    dragon: Dragon, client: AssistantClient, remedy: str, verdict: Verdict, field: str
):
    with pytest.raises(Invalid) as why:
        await client.feedback(remedy, verdict)
    assert why.value.field == field
    assert dragon.verdicts == []


async def test_a_card_is_put_off_and_a_project_kept_quiet_by_the_owners_word(
    dragon: Dragon, client: AssistantClient
):
    await client.snooze("s1", 5_000)
    await client.quiet("thing", True)
    assert dragon.said == [("snooze", "s1", 5_000), ("quiet", "thing", True)]


async def test_the_count_of_cards_arrives_as_it_was_given(client: AssistantClient):
    assert await client.card_stats("thing") == (CardStats("thing", 7, 5, 1),)


async def test_what_is_needed_for_a_proof_arrives_whole(client: AssistantClient):
    assert await client.material("r1") == MATERIAL
    with pytest.raises(Missing, match="no such remedy"):
        await client.material("r2")


async def test_a_card_without_a_name_or_a_time_cannot_be_put_off(client: AssistantClient):
    with pytest.raises(Invalid) as why:
        await client.snooze("", 5_000)
    assert why.value.field == "suggestion_id"
    with pytest.raises(Invalid) as why:
        await client.snooze("s1", 0)
    assert why.value.field == "until_ms"


async def test_a_mirror_is_told_what_there_is_and_leaving_ends_it(
    dragon: Dragon, client: AssistantClient
):
    held = HeldSymptom(Fingerprint("f1"), "v", "s")
    request = FollowMemoryRequest("a journal", 7, (held,), 5)
    told: list[Told] = []
    async with aclosing(client.follow_memory(request)) as parts:
        async for part in parts:
            told.append(part)
            if isinstance(part, MemoryComplete):
                break
    assert tuple(told) == MEMORY
    assert dragon.followed == [request]
    async with asyncio.timeout(30):
        await dragon.closed.wait()


async def test_a_time_before_all_times_is_refused(client: AssistantClient):
    async with aclosing(client.follow_memory(FollowMemoryRequest(since_ms=-1))) as parts:
        with pytest.raises(Invalid, match="since_ms"):
            await anext(parts)
