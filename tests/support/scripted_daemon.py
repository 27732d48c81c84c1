"""A laptop's daemon in memory: says what a test tells it to say, and keeps what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import replace

from common.errors import Missing, PostDevAIError, Unavailable
from common.model.answer import AskPart, AskRequest
from common.model.event import ActDone, Event, kind_of
from common.model.failure import Suggestion, Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery, SearchQuery, SearchResult
from common.model.laptop import ContextEdit, FeedItem, FeedState, LaptopStatus, WorkContext
from common.model.node import Invitation, Node, Role
from common.model.remedy import CardStats, DraftedPatch, MineStep, ProofStep, ProofTarget
from tests.support.scripted_rooms import (
    ScriptedLake,
    ScriptedModels,
    ScriptedShared,
    ScriptedTasks,
)

NOW_MS = 1_772_546_700_000
"""3 March 2026, 14:05:00 UTC."""


class SetClock:
    """Stands still until it is moved."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        """Where it stands."""
        return self.at_ms

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at_ms / 1_000


class ScriptedRemedies:
    """Proofs, past fixes, patches and cards put off, as a test wrote them."""

    def __init__(self) -> None:
        self.proof: tuple[ProofStep | asyncio.Event | PostDevAIError, ...] = ()
        """In order; an event is waited for, an error is raised."""
        self.past: tuple[MineStep, ...] = ()
        self.patch = DraftedPatch("", True, "It applies.", "git apply")
        self.proven: list[ProofTarget] = []
        self.mined: list[str] = []
        self.drafted: list[tuple[str, str]] = []
        self.snoozed: list[tuple[str, int]] = []
        self.stats: tuple[CardStats, ...] = ()
        self.reverted: list[EventId] = []
        self.ended = 0
        """Proofs that were ended or have come to their end."""

    async def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """The scripted steps."""
        self.proven.append(target)
        try:
            for part in self.proof:
                match part:
                    case asyncio.Event():
                        await part.wait()
                    case PostDevAIError():
                        raise part
                    case _:
                        yield part
        finally:
            self.ended += 1

    async def mine(self, path: str, limit: int = 0) -> AsyncGenerator[MineStep]:
        """The scripted past."""
        self.mined.append(path)
        for step in self.past:
            yield step

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """The scripted patch."""
        self.drafted.append((remedy_id, path))
        return self.patch

    async def revert(self, event_id: EventId) -> ActDone:
        """Kept for the test to look at."""
        self.reverted.append(event_id)
        return ActDone("assistant", "reverted", "r1", "gone: a worktree", reverts=event_id)

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        """What the test set."""
        return self.stats

    async def snooze(self, suggestion_id: str, minutes: int) -> None:
        """Kept for the test to look at."""
        self.snoozed.append((suggestion_id, minutes))


class ScriptedDaemon:
    """Implements the screens' `Daemon`; `connect` is what `make_app` takes."""

    def __init__(
        self,
        *,
        status: LaptopStatus | None = None,
        items: Iterable[Event | Suggestion | FeedState] = (),
        history: Iterable[HistoryEntry] = (),
        answer: Iterable[AskPart | asyncio.Event | PostDevAIError] = (),
    ) -> None:
        self.status_now = status or LaptopStatus()
        self.past = tuple(history)
        self.answer = tuple(answer)
        """Parts in order; an event is waited for, an error is raised."""
        self.whole: dict[EventId, Event] = {}
        self.blobs: dict[ContentHash, bytes] = {}
        self.gone = ""
        """Why it cannot be reached; empty when it can."""
        self.asked: list[AskRequest] = []
        self.closed_answers = 0
        self.speaking = 0
        """Answers that have more to say and do not wait for the test."""
        self.verdicts: list[tuple[str, Verdict]] = []
        self.remedies = ScriptedRemedies()
        self.lake = ScriptedLake()
        self.models = ScriptedModels()
        self.tasks = ScriptedTasks()
        self.shared = ScriptedShared()
        self.found = SearchResult()
        """What every search finds."""
        self.searched: list[SearchQuery] = []
        self.contexts: dict[str, WorkContext] = {}
        """By working copy; the first stands for the one that was worked in last."""
        self.edits: list[ContextEdit] = []
        self.invited: list[Role] = []
        self.invitation = Invitation("code-of-a-test", NOW_MS + 600_000)
        self.connections = 0
        self._items = list(items)
        self._read = 0
        self._changed = asyncio.Event()

    async def connect(self) -> ScriptedDaemon:
        """Reaches it, unless it is gone."""
        if self.gone:
            raise Unavailable(self.gone, hint="postdevai up")
        self.connections += 1
        return self

    def say(self, *items: Event | Suggestion | FeedState) -> None:
        """Into every feed that listens."""
        self._items += items
        self._wake()

    def go(self, sentence: str) -> None:
        """Every feed ends; nobody connects until `come_back`."""
        self.gone = sentence
        self._wake()

    def come_back(self) -> None:
        """Can be reached again."""
        self.gone = ""

    @property
    def all_read(self) -> bool:
        """The last feed has taken everything that was said."""
        return self._read == len(self._items)

    async def status(self) -> LaptopStatus:
        """What the test set."""
        if self.gone:
            raise Unavailable(self.gone)
        return self.status_now

    async def feed(self, after: int = 0, epoch: str = "") -> AsyncIterator[FeedItem]:
        """All that was said, then what is said."""
        cursor = after
        while not self.gone:
            while cursor < len(self._items):
                cursor += 1
                self._read = cursor
                yield FeedItem(cursor, self._items[cursor - 1])
            await self._changed.wait()
        raise Unavailable(self.gone, hint="postdevai up")

    async def ask(self, request: AskRequest) -> AsyncIterator[AskPart]:
        """The scripted parts."""
        self.asked.append(request)
        self.speaking += 1
        try:
            for part in self.answer:
                match part:
                    case asyncio.Event():
                        self.speaking -= 1
                        try:
                            await part.wait()
                        finally:
                            self.speaking += 1
                    case PostDevAIError():
                        raise part
                    case _:
                        yield part
        finally:
            self.closed_answers += 1
            self.speaking -= 1

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """What the test set; the Dragon is needed for it."""
        if self.status_now.dragon_unavailable:
            raise Unavailable(self.status_now.dragon_unavailable)
        kept = [e for e in self.past if query.kind in ("", kind_of(e.event.body))]
        kept = [e for e in kept if not query.until_ms or e.event.at_ms < query.until_ms]
        return HistoryPage(tuple(kept[: query.limit]))

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One that the test gave."""
        if event_id not in self.whole:
            raise Missing("There is no such event.", hint="It may not have arrived yet.")
        return self.whole[event_id], ""

    async def blob(self, content: ContentHash) -> bytes:
        """One that the test gave."""
        if content not in self.blobs:
            raise Missing("This content is not in the lake.")
        return self.blobs[content]

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """Kept for the test to look at."""
        if self.status_now.dragon_unavailable:
            raise Unavailable(self.status_now.dragon_unavailable, hint="Try again later.")
        self.verdicts.append((remedy_id, verdict))

    async def search(self, query: SearchQuery) -> SearchResult:
        """What the test set; the Dragon is needed for it."""
        self.searched.append(query)
        if self.status_now.dragon_unavailable:
            raise Unavailable(self.status_now.dragon_unavailable)
        return self.found

    async def context(self, working_copy: str = "") -> WorkContext:
        """What the test set."""
        if not working_copy:
            return next(iter(self.contexts.values()), WorkContext())
        return self.contexts.get(working_copy, WorkContext(working_copy))

    async def set_context(self, edit: ContextEdit) -> WorkContext:
        """Into what the test set."""
        self.edits.append(edit)
        held = await self.context(edit.working_copy)
        changed = replace(held, pinned=edit.pinned, excluded=edit.excluded, note=edit.note)
        self.contexts[changed.working_copy] = changed
        return changed

    async def nodes(self) -> tuple[Node, ...]:
        """Those of the status."""
        return self.status_now.nodes

    async def invite(self, role: Role) -> Invitation:
        """The scripted code."""
        if self.status_now.coordinator_unavailable:
            raise Unavailable(self.status_now.coordinator_unavailable)
        self.invited.append(role)
        return self.invitation

    async def close(self) -> None:
        """Nothing is held."""

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
