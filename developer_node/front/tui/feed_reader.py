"""The only bridge to the daemon: keeps one connection and tells the app what came in."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import cast

from textual.message import Message

from common.errors import PostDevAIError, Unavailable
from common.model.answer import AskPart, AskRequest
from common.model.event import ActDone, Event, EventKind, FileChanged
from common.model.failure import Suggestion, Verdict
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryPage, HistoryQuery, SearchQuery, SearchResult
from common.model.laptop import ContextEdit, FeedGap, FeedState, LaptopStatus, WorkContext
from common.model.node import Invitation, Node, Role
from common.model.remedy import CardStats, DraftedPatch, MineStep, ProofStep, ProofTarget
from developer_node.front.output_words import count
from developer_node.front.tui.daemon import Connect, Daemon, Lake, Models, Shared, Tasks
from developer_node.front.tui.messages import (
    Connected,
    ConnectionLost,
    FeedArrived,
    FeedMissed,
    HistoryArrived,
    StatusArrived,
    TasksArrived,
)
from developer_node.front.tui.steady import steadily, steady

EVENTS_WAITING_MAX = 1_000
"""Of each sort, between two repaints; beyond it the oldest go, for no screen shows more."""
CARDS_WAITING_MAX = 100
HISTORY_LIMIT = 500
HISTORY_KINDS: tuple[EventKind, ...] = (
    "file",
    "editor",
    "git",
    "command",
    "working_copy",
    "proof",
    "act",
)
"""Each asked for apart, so that the files of a scan cannot push the commands out."""
STATUS_TIMEOUT_S = 5.0
TASKS_ENDED_MAX = 10
"""Tasks that have ended, of those that are shown."""


class FeedReader:
    """Follows the daemon until cancelled; a lost connection is a message, not an exception."""

    def __init__(
        self,
        connect: Connect,
        post: Callable[[Message], object],
        *,
        repaint_s: float = 0.25,
        poll_s: float = 2.0,
        retry_s: float = 1.0,
    ) -> None:
        self._connect = connect
        self._post = post
        self._repaint_s = repaint_s
        self._poll_s = poll_s
        self._retry_s = retry_s
        self._daemon: Daemon | None = None
        self._events: deque[Event] = deque(maxlen=EVENTS_WAITING_MAX)
        self._files: deque[Event] = deque(maxlen=EVENTS_WAITING_MAX)
        self._cards: deque[Suggestion] = deque(maxlen=CARDS_WAITING_MAX)
        self._state: FeedState | None = None
        self._cursor, self._epoch = 0, ""
        self._stands: FeedState | None = None
        """What the feed said last of the mesh, however long ago."""
        self._arrived = asyncio.Event()
        self._history_due = True

    async def run(self) -> None:
        """Connects, follows, connects again."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repaint())
            group.create_task(self._stay_connected())

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """One event whole, its output included."""
        return await steady(self._held().event(event_id))

    async def blob(self, content: ContentHash) -> bytes:
        """Content as it was indexed."""
        return await steady(self._held().blob(content))

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        """What the person thought of a remedy."""
        await steady(self._held().feedback(remedy_id, verdict))

    def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """Progress, then what came of it; closing it ends the runs."""
        return steadily(self._held().remedies.prove(target))

    def mine(self, path: str, limit: int) -> AsyncGenerator[MineStep]:
        """Fixes of the past; closing it ends the walk."""
        return steadily(self._held().remedies.mine(path, limit))

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """A remedy as a patch for the files there."""
        return await steady(self._held().remedies.draft(remedy_id, path))

    async def snooze(self, suggestion_id: str, minutes: int) -> None:
        """No card for the same symptom for so long."""
        await steady(self._held().remedies.snooze(suggestion_id, minutes))

    async def revert(self, act: EventId) -> ActDone:
        """Takes back what was done in the owner's name."""
        return await steady(self._held().remedies.revert(act))

    async def card_stats(self) -> tuple[CardStats, ...]:
        """How cards were taken, project by project."""
        return await steady(self._held().remedies.card_stats())

    def ask(self, request: AskRequest) -> AsyncGenerator[AskPart]:
        """The parts of an answer; closing it closes the daemon's stream: the model stops."""
        return steadily(self._held().ask(request))

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events by time, newest first: what lies before those that are held here."""
        return await steady(self._held().history(query))

    async def search(self, query: SearchQuery) -> SearchResult:
        """Places in code, with why each was found."""
        return await steady(self._held().search(query))

    async def context(self, working_copy: str = "") -> WorkContext:
        """What is being worked on there; empty for the working copy that was worked in last."""
        return await steady(self._held().context(working_copy))

    async def set_context(self, edit: ContextEdit) -> WorkContext:
        """Changes what answers are given, in place of what was set before."""
        return await steady(self._held().set_context(edit))

    async def nodes(self) -> tuple[Node, ...]:
        """The nodes of the mesh, asked of the Coordinator now."""
        return await steady(self._held().nodes())

    async def invite(self, role: Role) -> Invitation:
        """A one-time code for a new node of this role."""
        return await steady(self._held().invite(role))

    @property
    def lake(self) -> Lake:
        """How the lake is looked after; Unavailable without a connection."""
        return self._held().lake

    @property
    def models(self) -> Models:
        """How the models are looked after; Unavailable without a connection."""
        return self._held().models

    @property
    def shared(self) -> Shared:
        """What the owner's laptops share; Unavailable without a connection."""
        return self._held().shared

    @property
    def tasks(self) -> Tasks:
        """The backlog of the mesh; Unavailable without a connection."""
        return self._held().tasks

    def _held(self) -> Daemon:
        if self._daemon is None:
            raise Unavailable("The laptop's daemon cannot be reached.", hint="postdevai up")
        return self._daemon

    async def _stay_connected(self) -> None:
        while True:
            sentence = hint = ""
            try:
                await self._session()
            except* (PostDevAIError, OSError) as errors:
                sentence, hint = _said(errors)
            self._post(ConnectionLost(sentence, hint))
            await asyncio.sleep(self._retry_s)

    async def _session(self) -> None:
        daemon = await self._connect()
        self._daemon = daemon
        self._history_due = True
        self._post(Connected())
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(daemon))
                group.create_task(self._poll(daemon))
                group.create_task(self._look_at_tasks(daemon))
        finally:
            self._daemon = None
            await daemon.close()

    async def _follow(self, daemon: Daemon) -> None:
        # From one before the last that came: the first item then tells at once whether this is
        # still the same life of the daemon, and the notebook knows what it has.
        before, first = self._cursor, True
        after = before - 1 if before > 1 else before  # 0 is a reader that has nothing
        async for item in steadily(daemon.feed(after, self._epoch)):
            if first and before and item.epoch == self._epoch:
                self._resume(item.item)
            first = False
            self._cursor, self._epoch = item.cursor, item.epoch
            match item.item:
                case Event(body=FileChanged()) as event:
                    self._files.append(event)
                case Event() as event:
                    self._events.append(event)
                case Suggestion() as card:
                    self._cards.append(card)
                case FeedState() as state:
                    self._state = self._stands = state
                case FeedGap() as gap:
                    self._stands = None
                    if sentence := _missed(gap, before - after):
                        self._post(FeedMissed(sentence))
                    continue
            self._arrived.set()
        raise Unavailable("The laptop's daemon has ended.", hint="postdevai up")

    def _resume(self, first: Event | Suggestion | FeedState | FeedGap) -> None:
        """Nothing was said of the mesh meanwhile: what was said last is so still."""
        if not isinstance(first, FeedGap):
            self._state = self._state or self._stands
            self._arrived.set()

    async def _poll(self, daemon: Daemon) -> None:
        read_early = False
        while True:
            async with asyncio.timeout(STATUS_TIMEOUT_S):
                status = await steady(daemon.status())
            self._post(StatusArrived(status))
            scanning = _is_scanning(status)
            # What a scan finds is no news for the feed, so history is read again after it, once
            # nothing of it is on its way any more.
            if read_early and not scanning and not status.outbox.waiting:
                self._history_due, read_early = True, False
            if self._history_due and not status.dragon_unavailable:
                await self._read_history(daemon)
            read_early = read_early or scanning
            await asyncio.sleep(self._poll_s)

    async def _look_at_tasks(self, daemon: Daemon) -> None:
        """Apart from the status: the Coordinator is asked, and that may take its time."""
        while True:
            try:
                page = await steady(daemon.tasks.list((), TASKS_ENDED_MAX))
            except PostDevAIError:
                page = None  # what was known is not shown as if it were so now
            self._post(TasksArrived(page))
            await asyncio.sleep(self._poll_s)

    async def _read_history(self, daemon: Daemon) -> None:
        try:
            pages = [
                await steady(daemon.history(HistoryQuery(limit=HISTORY_LIMIT, kind=kind)))
                for kind in HISTORY_KINDS
            ]
        except PostDevAIError:
            return  # the Dragon went between two calls: the next poll says so and tries again
        self._history_due = False
        self._post(HistoryArrived(tuple(entry for page in pages for entry in page.entries)))

    async def _repaint(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            events = (*self._events, *self._files)
            self._post(FeedArrived(events, tuple(self._cards), self._state))
            self._events.clear()
            self._files.clear()
            self._cards.clear()
            self._state = None
            await asyncio.sleep(self._repaint_s)


def _is_scanning(status: LaptopStatus) -> bool:
    return any(repository.state == "scanning" for repository in status.repositories)


def _missed(gap: FeedGap, had: int) -> str:
    """Without those that the reader has; empty where nothing else is gone."""
    if gap.missed < 0:
        return gap.sentence
    missed = gap.missed - had
    gone = f"{count(missed, 'item')} of the feed went by while nobody listened"
    return f"{gone}: the timeline has what the Dragon remembers." if missed else ""


def _said(errors: BaseExceptionGroup[BaseException]) -> tuple[str, str]:
    """The first refusal's own words; an error of the system in ours."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return _said(cast("BaseExceptionGroup[BaseException]", error))
        if isinstance(error, PostDevAIError):
            return error.message, error.hint
    return "The laptop's daemon does not answer.", "postdevai status"
