"""The local API on a real socket: the laptop's own answers, the Dragon's, and their absence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar, cast

import pytest

from common.clients.lake import LakeClient
from common.clock import SystemClock
from common.errors import Denied, Invalid, Missing, Unavailable
from common.model.answer import (
    AskEnd,
    AskPart,
    AskPassages,
    AskRequest,
    AskText,
    Freshness,
    ProjectFreshness,
)
from common.model.event import EditorEvent, Event, FileChanged
from common.model.failure import Failure, Recollection, Remedy, Suggestion, Verdict
from common.model.ids import ContentHash, EventId, Fingerprint, WorkingCopyId, new_event_id
from common.model.lake import HistoryQuery, SearchQuery
from common.model.laptop import ContextEdit, WatchedRepository
from common.model.llm import InferenceStats, MemoryShare, Model
from common.model.node import Invitation, Node, Role
from common.pb.postdevai.v1 import answer_pb2, event_pb2, lake_service_pb2
from common.pb.postdevai.v1 import developer_service_pb2 as pb
from common.rpc.server import open_local_server
from common.wire.translate import to_pb
from developer_node.feed import Feed
from developer_node.front.door import Door
from developer_node.front.local_client import LocalClient
from developer_node.laptop import Laptop
from developer_node.outbox.outbox import Outbox
from developer_node.service_developer import DeveloperService
from developer_node.working import WorkContexts
from tests.support.strict_lake import Neighbourhood, StrictLake

T = TypeVar("T")

COPY, SEEN = WorkingCopyId("c" * 16), WorkingCopyId("5" * 16)
ME = Node("developer", "d", "", "serving", 0.0)  # type: ignore[arg-type]


@dataclass
class Assistant:
    """Answers one word at a time, and notes when it was cancelled."""

    away: bool = False
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    asked: list[AskRequest] = field(default_factory=list)
    freshness: Freshness = field(default_factory=Freshness)

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        self.asked.append(request)
        if self.away:
            raise Unavailable("nobody answers at that address")
        try:
            yield AskPassages(freshness=self.freshness, model="m")
            yield AskText(request.question)
            if request.question == "endless":
                await asyncio.Event().wait()
            yield AskEnd("done", finish="stop")
        finally:
            if request.question == "endless":
                self.cancelled.set()

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        self.verdicts.append((remedy_id, verdict))


@dataclass
class Mesh:
    connected: bool = True
    sentence: str = ""
    put_out: str = ""

    async def nodes(self) -> tuple[Node, ...]:
        if not self.connected:
            raise Unavailable("the Coordinator is away")
        return (ME,)

    async def invite(self, role: Role) -> Invitation:
        return Invitation(f"code for {role}", 1)


@dataclass
class Copies:
    async def watch(self, path: str) -> WatchedRepository:
        raise Missing(f"There is no directory {path}", hint="Check the path.")

    def repositories(self) -> tuple[WatchedRepository, ...]:
        return (WatchedRepository("/w", COPY, 3, 1, "watching"),)

    def known(self) -> dict[str, WorkingCopyId]:
        return {"/w": COPY, "/seen": SEEN}


class Models:
    """One model, and what it takes."""

    async def models(self) -> tuple[Model, ...]:
        """One."""
        return (Model("smol", "fast", "ready"),)

    async def stats(self) -> InferenceStats:
        """Of a machine with a thousand bytes."""
        return InferenceStats(1_000, (MemoryShare("lake", 400),), running=2)


@dataclass
class Stage:
    """The API with everything behind it."""

    client: LocalClient
    near: Neighbourhood
    lake: StrictLake
    outbox: Outbox
    assistant: Assistant
    mesh: Mesh
    feed: Feed
    door: Door


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage, None]:
    lake, feed, assistant, mesh = StrictLake(), Feed(), Assistant(), Mesh()
    async with Neighbourhood.open(lake) as near, Outbox.open(tmp_path / "o.db") as outbox:

        async def record(event: Event) -> None:
            await outbox.append([(event, {})])
            feed.publish(event)

        laptop = Laptop(
            me=lambda: ME,
            lake=LakeClient(near.routed()),
            models=Models(),
            assistant=assistant,
            mesh=mesh,
            copies=Copies(),
            outbox=outbox,
            feed=feed,
            contexts=WorkContexts(
                tmp_path,
                lambda: {"/w": WorkingCopyId("a" * 16)},
                lambda root: ("main", "h" * 40),
                SystemClock(),
            ),
            spooled=lambda: 2,
            record=record,
            redact=lambda text: text.replace("hunter2", "<redacted>"),
            parse=lambda text, cwd: (
                Failure("pytest", "E", "test", text, cwd) if "assert" in text else None
            ),
            head=lambda root: "h" * 40,
            clock=SystemClock(),
        )
        door = Door(tmp_path / "s.sock", "token")
        server = await open_local_server(door.socket, door.token, DeveloperService(laptop).add)
        async with await LocalClient.open(door) as client:
            yield Stage(client, near, lake, outbox, assistant, mesh, feed, door)
        await server.stop(0)


def closing(items: AsyncIterator[T]) -> aclosing[AsyncGenerator[T, None]]:
    """The client's iterators are generators, which its types do not promise."""
    return aclosing(cast(AsyncGenerator[T, None], items))


async def test_status_tells_of_everybody(stage: Stage) -> None:
    status = await stage.client.status()
    assert status.nodes == (ME,)
    assert status.lake is not None
    assert [model.name for model in status.models] == ["smol"]
    assert status.inference is not None
    assert (status.inference.shares[0].bytes, status.inference.running) == (400, 2)
    assert status.repositories[0].path == "/w"
    assert status.outbox.spooled == 2
    assert (status.dragon_unavailable, status.coordinator_unavailable) == ("", "")


async def test_status_answers_when_everybody_else_is_away_and_says_so(stage: Stage) -> None:
    await stage.near.kill()
    stage.mesh.connected, stage.mesh.sentence = False, "the Coordinator cannot be used"
    async with asyncio.timeout(5):
        status = await stage.client.status()
    assert status.nodes == (ME,), "this node at least"
    assert status.lake is None
    assert status.dragon_unavailable
    assert status.coordinator_unavailable == "the Coordinator cannot be used"


async def test_a_dead_dragon_is_unavailable_with_what_to_do_and_soon(stage: Stage) -> None:
    await stage.near.kill()
    stage.assistant.away = True
    calls = (
        stage.client.search(SearchQuery("x")),
        stage.client.history(HistoryQuery()),
        stage.client.recall(last=True),
        anext(stage.client.ask(AskRequest("x"))),
    )
    async with asyncio.timeout(5):
        for call in calls:
            with pytest.raises(Unavailable) as refusal:
                await call
            assert "Dragon" in refusal.value.message
            assert "postdevai up" in refusal.value.hint


async def test_a_question_goes_out_with_what_its_owner_set(stage: Stage) -> None:
    """Through the local API: set once, given every time, the question's own words first."""
    await stage.client.set_context(ContextEdit("/w", ("a.py",), ("secret/",), "We use tabs."))
    for request in (AskRequest("why"), AskRequest("why", pinned=("b.py",))):
        async with closing(stage.client.ask(request)) as parts:
            await anext(parts)
    (first, second) = stage.assistant.asked
    assert (first.pinned, first.excluded, first.note) == (("a.py",), ("secret/",), "We use tabs.")
    assert (second.pinned, second.excluded) == (("b.py",), ("secret/",))


async def test_answers_of_the_dragon_come_through_as_nouns(stage: Stage) -> None:
    event = Event(new_event_id(), 1, COPY, FileChanged("a"))
    stage.lake.events["o"] = [event]
    content = ContentHash("b" * 32)
    stage.lake.blobs[content] = b"text"
    assert (await stage.client.search(SearchQuery("x"))).hits[0].path == "x"
    assert (await stage.client.history(HistoryQuery())).entries[0].event == event
    assert await stage.client.event(event.id) == (event, "p")
    assert await stage.client.blob(content) == b"text"
    with pytest.raises(Missing):
        await stage.client.event(EventId("0" * 32))


async def test_text_is_redacted_and_parsed_here_before_it_is_looked_up(stage: Stage) -> None:
    assert (await stage.client.recall(text="assert 1", cwd="/w")).note == "by failure"
    assert (await stage.client.recall(text="something else")).note == "by text"
    assert (await stage.client.recall(fingerprint="f")).note == "by fingerprint"


async def test_an_answer_streams_and_leaving_it_cancels_to_the_model(stage: Stage) -> None:
    async with closing(stage.client.ask(AskRequest("why"))) as parts:
        assert [type(part) async for part in parts] == [AskPassages, AskText, AskEnd]
    async with closing(stage.client.ask(AskRequest("endless"))) as parts:
        await anext(parts)
        await anext(parts)
    async with asyncio.timeout(5):
        await stage.assistant.cancelled.wait()


async def test_the_feed_is_live_and_resumes_by_cursor(stage: Stage) -> None:
    said = EditorEvent("save", "ignored", 3, "password hunter2")
    service = stage.client._stub
    async with closing(stage.client.feed()) as items:
        request = pb.RecordEditorRequest(path="/w/a.py", event=to_pb(said, event_pb2.EditorEvent))
        await service.RecordEditor(request, metadata=stage.client._metadata, timeout=5)
        first = await anext(items)
    assert isinstance(first.item, Event)
    assert first.item.working_copy == COPY
    assert first.item.body == replace(said, path="a.py", message="password <redacted>")
    stage.feed.publish(first.item)
    async with closing(stage.client.feed(after=first.cursor)) as items:
        assert (await anext(items)).cursor == first.cursor + 1


async def test_feedback_nodes_and_invitations_go_through(stage: Stage) -> None:
    await stage.client.feedback("r1", "accepted")
    assert stage.assistant.verdicts == [("r1", "accepted")]
    assert await stage.client.nodes() == (ME,)
    assert (await stage.client.invite("tool")).code == "code for tool"


async def test_a_verdict_is_on_the_cards_of_its_remedy_as_the_dragon_says_it(
    stage: Stage,
) -> None:
    failure = Failure("pytest", "E", "test", "m", "m", fingerprint=Fingerprint("f" * 32))
    known = Recollection("same", failure, remedies=(Remedy("r1", "observed", "code"),))
    stage.feed.publish(Suggestion("s", 1, 1, EventId("e"), "p", "why", known))
    now = Remedy("r1", "confirmed", "code", accepted=True)
    stage.lake.remedies = (now,)
    await stage.client.feedback("r1", "accepted")
    async with closing(stage.client.feed()) as items:
        item = (await anext(items)).item
    assert isinstance(item, Suggestion)
    assert [(r.state, r.accepted) for r in item.recollection.remedies] == [("confirmed", True)]
    await stage.near.kill()
    await stage.client.feedback("r1", "rejected")
    async with closing(stage.client.feed()) as items:
        item = (await anext(items)).item
    assert isinstance(item, Suggestion)
    assert item.recollection.remedies[0].state == "rejected"


async def test_bad_input_is_refused_by_the_name_of_its_field(stage: Stage) -> None:
    for call, named in (
        (stage.client.search(SearchQuery("x" * 5_000)), "search.query"),
        (stage.client.search(SearchQuery("  ")), "search.query"),
        (anext(stage.client.ask(AskRequest(""))), "ask.question"),
        (stage.client.invite("coordinator"), "role"),
    ):
        with pytest.raises(Invalid) as refusal:
            await call
        assert refusal.value.field == named
    with pytest.raises(Missing) as missing:
        await stage.client.watch("/nowhere")
    assert missing.value.hint == "Check the path."


async def test_without_the_token_nothing_is_answered(stage: Stage) -> None:
    async with await LocalClient.open(replace(stage.door, token="another")) as stranger:
        with pytest.raises(Denied):
            await stranger.status()


async def test_what_answers_are_given_is_set_and_read_again(stage: Stage) -> None:
    edit = ContextEdit("/w", ("src/money.py",), ("vendor/",), "Amounts are cents.")
    await stage.client.set_context(edit)
    context = await stage.client.context()
    assert (context.working_copy, context.branch, context.head) == ("/w", "main", "h" * 40)
    assert (context.pinned, context.excluded, context.note) == (
        edit.pinned,
        edit.excluded,
        edit.note,
    )


async def test_what_answers_are_given_lies_within_the_working_copy(stage: Stage) -> None:
    with pytest.raises(Invalid):
        await stage.client.set_context(ContextEdit("/w", ("../secrets",)))
    with pytest.raises(Missing):
        await stage.client.context("/elsewhere")


ASKED = Freshness(
    (ProjectFreshness("thing", "/seen", copy=SEEN), ProjectFreshness("work", "/w", copy=COPY))
)


async def test_a_search_that_finds_nothing_where_nobody_watches_is_not_called_complete(
    stage: Stage,
) -> None:
    known = to_pb(ASKED, answer_pb2.Freshness)
    stage.lake.finds = lake_service_pb2.SearchResponse(complete=True, freshness=known)
    found = await stage.client.search(SearchQuery("x"))
    assert not found.complete
    (said,) = found.freshness.not_asked
    assert said.startswith("thing is not watched") and said.endswith("postdevai watch /seen")
    in_commands = await stage.client.search(SearchQuery("x", kind="event"))
    elsewhere = await stage.client.search(SearchQuery("x", working_copy="/w"))
    for whole in (in_commands, elsewhere):
        assert whole.complete
        assert not whole.freshness.not_asked


async def test_an_answer_from_nothing_says_that_the_project_is_not_watched(stage: Stage) -> None:
    stage.assistant.freshness = ASKED
    async with closing(stage.client.ask(AskRequest("where"))) as parts:
        first = await anext(parts)
    assert isinstance(first, AskPassages)
    (said,) = first.freshness.not_asked
    assert said.startswith("thing is not watched") and said.endswith("postdevai watch /seen")
