"""What the local API offers, in nouns: this laptop's own state, and the Dragon's answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

from common.clock import Clock
from common.errors import PostDevAIError, Unavailable
from common.model.answer import AskPart, AskPassages, AskRequest, Freshness
from common.model.event import EditorEvent, Event
from common.model.failure import Failure, Recollection, Remedy, Verdict
from common.model.ids import ContentHash, EventId, WorkingCopyId, new_event_id
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from common.model.laptop import (
    Circuit,
    ContextEdit,
    LaptopStatus,
    NearStatus,
    OutboxStatus,
    WatchedRepository,
    WorkContext,
)
from common.model.llm import InferenceStats, Model
from common.model.node import Invitation, Node, Role
from developer_node.away.ports import Assistant, Lake
from developer_node.feed import Feed
from developer_node.freshening import Here, freshen, without_files
from developer_node.given import given, meant
from developer_node.revising import judged
from developer_node.watch.editor import heard

T = TypeVar("T")

API_VERSION = "1.1"
"""Major.minor: within a major number things are only added."""

STATUS_S = 2.5
"""How long a status waits for each of the others."""

AWAY_HINT = "Recording goes on here. Start the Dragon with: postdevai up"


class Models(Protocol):
    """The Dragon's models."""

    async def models(self) -> tuple[Model, ...]: ...
    async def stats(self) -> InferenceStats: ...


class Mesh(Protocol):
    """The Coordinator."""

    @property
    def connected(self) -> bool: ...
    @property
    def sentence(self) -> str: ...
    @property
    def put_out(self) -> str: ...
    async def nodes(self) -> tuple[Node, ...]: ...
    async def invite(self, role: Role) -> Invitation: ...


class Copies(Protocol):
    """The working copies of this machine."""

    async def watch(self, path: str) -> WatchedRepository: ...
    def repositories(self) -> tuple[WatchedRepository, ...]: ...
    def known(self) -> dict[str, WorkingCopyId]: ...


class Contexts(Protocol):
    """What is being worked on, and what answers are given of it."""

    async def get(self, working_copy: str = "") -> WorkContext: ...
    async def set(self, edit: ContextEdit) -> WorkContext: ...


class Waiting(Protocol):
    """The outbox, as far as people ask for it."""

    async def status(self) -> OutboxStatus: ...
    async def waiting_files(self) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True)
class Laptop:
    """One method for each of the local API's; everything is a noun."""

    me: Callable[[], Node]
    lake: Lake
    models: Models
    assistant: Assistant
    mesh: Mesh
    copies: Copies
    outbox: Waiting
    feed: Feed
    contexts: Contexts
    spooled: Callable[[], int]
    record: Callable[[Event], Awaitable[None]]
    redact: Callable[[str], str]
    parse: Callable[[str, str], Failure | None]
    """The first failure in a text, paths meant from a directory."""
    head: Callable[[Path], str]
    clock: Clock
    closed: Callable[[Path], str] = lambda directory: ""
    """Why nothing is recorded in a directory now; empty when it is."""
    circuits: Callable[[], tuple[Circuit, ...]] = tuple
    """How the calls to the other nodes fare."""
    refusal: Callable[[], str] = str
    """Why the Dragon takes nothing that is recorded here; empty when it does."""
    near: Callable[[], NearStatus | None] = lambda: None
    """What this laptop remembers by itself."""

    async def status(self) -> LaptopStatus:
        """Answers in time whoever is away."""
        nodes, lake, models, inference = await asyncio.gather(
            _or_why(self.mesh.nodes()),
            _or_why(self.lake.stats()),
            _or_why(self.models.models()),
            _or_why(self.models.stats()),
        )
        coordinator = "" if self.mesh.connected else self.mesh.sentence or "not connected"
        waiting = await self.outbox.status()
        return LaptopStatus(
            nodes=(self.me(),) if isinstance(nodes, str) else nodes,
            outbox=replace(
                waiting,
                spooled=await asyncio.to_thread(self.spooled),
                refusal="" if self.mesh.put_out else self.refusal(),
            ),
            lake=None if isinstance(lake, str) else await self._fresh_stats(lake),
            models=() if isinstance(models, str) else models,
            repositories=self.copies.repositories(),
            dragon_unavailable=lake if isinstance(lake, str) else "",
            coordinator_unavailable=coordinator or (nodes if isinstance(nodes, str) else ""),
            inference=None if isinstance(inference, str) else inference,
            api_version=API_VERSION,
            circuits=self.circuits(),
            near=self.near(),
            node=self.me().id,
            put_out=self.mesh.put_out,
        )

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code."""
        found = await _of_the_dragon(self.lake.search(query))
        fresh = told = await self._fresh(found.freshness)
        if query.kind in ("", "code") and (query.project or query.working_copy or not found.hits):
            fresh = without_files(told, self._merely_seen(), query.working_copy)
        return replace(found, complete=found.complete and fresh == told, freshness=fresh)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first."""
        page = await _of_the_dragon(self.lake.history(query))
        return replace(page, freshness=await self._fresh(page.freshness))

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole."""
        return await _of_the_dragon(self.lake.event(event_id))

    async def blob(self, content: ContentHash) -> bytes:
        """Content as indexed."""
        return await _of_the_dragon(self.lake.blob(content))

    async def recall(
        self, *, last: bool = False, fingerprint: str = "", text: str = "", cwd: str = ""
    ) -> Recollection:
        """What is remembered; text is redacted and parsed here, so that it is matched exactly."""
        failure: Failure | None = None
        if text:
            text = await asyncio.to_thread(self.redact, text)
            failure = await asyncio.to_thread(self.parse, text, cwd)
        asked = self.lake.recall(
            last=last,
            fingerprint=fingerprint,
            failure=failure,
            text="" if failure is not None else text,
        )
        found = await _of_the_dragon(asked)
        return replace(found, freshness=await self._fresh(found.freshness))

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        """The parts of an answer; closing it cancels to the model. What the owner wants answers to
        be given goes with the question."""
        request = await self._given(request)
        try:
            async with aclosing(self.assistant.ask(request)) as parts:
                async for part in parts:
                    if isinstance(part, AskPassages):
                        fresh = await self._fresh(part.freshness)
                        if request.project or not part.passages:
                            fresh = without_files(fresh, self._merely_seen())
                        part = replace(part, freshness=fresh)
                    yield part
        except Unavailable as error:
            raise _away(error) from error

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy; its cards say so from then on."""
        await _of_the_dragon(self.assistant.feedback(remedy_id, verdict))
        now = await self._remedy(remedy_id)
        self.feed.revise(remedy_id, lambda known: judged(known, remedy_id, verdict, now))

    async def record_editor(self, path: str, said: EditorEvent) -> None:
        """An editor's event, in the working copy that holds the file; unless nothing is recorded
        there now."""
        known = self.copies.known()
        body, copy = await asyncio.to_thread(heard, path, said, known, self.redact)
        if not await asyncio.to_thread(self.closed, Path(path).parent):
            await self.record(Event(new_event_id(), self.clock.now_ms(), copy, body))

    async def _given(self, request: AskRequest) -> AskRequest:
        place = meant(request.project, self.copies.known())
        return request if place is None else given(request, await self.contexts.get(place))

    async def _remedy(self, remedy_id: str) -> Remedy | None:
        """One that a card shows, as the Dragon has it now; None when it does not say."""
        try:
            for symptom in self.feed.symptoms(remedy_id):
                found = await self.lake.recall(fingerprint=symptom)
                if here := next((r for r in found.remedies if r.id == remedy_id), None):
                    return here
        except PostDevAIError:
            return None  # the verdict is kept all the same
        return None

    async def _fresh_stats(self, stats: LakeStats) -> LakeStats:
        return replace(stats, freshness=await self._fresh(stats.freshness))

    async def _fresh(self, told: Freshness) -> Freshness:
        here, waiting = await asyncio.gather(self._here(told), self.outbox.status())
        return freshen(told, here, waiting.waiting)

    def _merely_seen(self) -> set[WorkingCopyId]:
        """Copies in which a command ran, and whose files nobody asked to be watched."""
        return {*self.copies.known().values()} - {
            w.working_copy for w in self.copies.repositories()
        }

    async def _here(self, told: Freshness) -> dict[WorkingCopyId, Here]:
        paths = {copy: path for path, copy in self.copies.known().items()}
        waiting = await self.outbox.waiting_files()
        asked = [p.copy for p in told.projects if p.copy in paths]
        heads = await asyncio.gather(
            *(asyncio.to_thread(self.head, Path(paths[copy])) for copy in asked)
        )
        return {
            copy: Here(head, waiting.get(copy, 0)) for copy, head in zip(asked, heads, strict=True)
        }


async def _or_why(asked: Awaitable[T]) -> T | str:
    """The answer, or why there is none."""
    try:
        async with asyncio.timeout(STATUS_S):
            return await asked
    except TimeoutError:
        return "no answer in time"
    except PostDevAIError as error:
        return error.message


async def _of_the_dragon(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except Unavailable as error:
        raise _away(error) from error


def _away(error: Unavailable) -> Unavailable:
    return Unavailable(
        f"The Dragon cannot be reached: {error.message}.", hint=error.hint or AWAY_HINT
    )
