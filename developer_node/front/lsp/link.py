"""The one connection to the laptop's daemon: what it tells of failures, and what it is told."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import cast

from common.backoff import Backoff
from common.clock import Clock
from common.errors import PostDevAIError, Unavailable
from common.model.event import (
    CommandFinished,
    EditorEvent,
    Event,
    GitOperation,
    ProofFinished,
    WorkingCopySeen,
)
from common.model.failure import Recollection, Suggestion
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryQuery
from common.model.laptop import FeedGap, FeedState, LaptopStatus
from developer_node.front.lsp.daemon import Daemon
from developer_node.front.lsp.standing import STANDS_MS, Standing, standing
from developer_node.front.lsp.wording import Known

COMMANDS_MAX = 300
"""Of each working copy, the newest."""
PAST_COMMANDS = 200
"""Read from history once a file of a working copy is open."""
TOLD_MAX = 200
"""What the editor did and the daemon has not heard; beyond it the oldest is not told."""
KNOWN_MAX = 500
"""Symptoms whose past is kept here."""


class Link:
    """`run` until cancelled: connects, follows, connects again, ever more slowly.

    `changed` is called when something that is shown may be different now; `say` is told once that
    the daemon is away, and once that it is back.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Daemon]],
        changed: Callable[[], None],
        say: Callable[[str], None],
        *,
        clock: Clock,
        alive_s: float = 5.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._clock = clock
        self._connect = connect
        self._changed = changed
        self._say = say
        self._alive_s = alive_s
        self._backoff = backoff or Backoff(0.5, 10.0)
        self._cursor, self._epoch = 0, ""
        self._roots: dict[str, WorkingCopyId] = {}
        self._allowed: set[str] = set()
        """Where the owner lets cards be shown."""
        self._used: dict[str, bool] = {}
        """Roots of open files, and whether their past was read in this session."""
        self._commands: dict[WorkingCopyId, OrderedDict[EventId, Event]] = {}
        self._known: OrderedDict[Fingerprint, Known] = OrderedDict()
        self._wanted: OrderedDict[Fingerprint, None] = OrderedDict()
        self._asked = asyncio.Event()
        self._past_due = asyncio.Event()
        self._told: deque[tuple[str, EditorEvent]] = deque(maxlen=TOLD_MAX)
        self._telling = asyncio.Event()
        self._dragon = True
        self._away = False
        self.daemon: Daemon | None = None
        """None while it cannot be reached."""

    def root_of(self, path: str) -> str:
        """The watched working copy that holds this file; empty outside any, and while away."""
        if self.daemon is None:
            return ""
        inside = (r for r in self._roots if path.startswith(r.rstrip("/") + "/"))
        return max(inside, key=len, default="")

    def use(self, root: str) -> None:
        """A file of it is open: what failed there before now counts too."""
        if root and root not in self._used:
            self._used[root] = False
            self._past_due.set()

    def standing(self, root: str) -> tuple[Standing, ...]:
        """Failures of a working copy that nothing ended; none where the owner wants no cards."""
        if self.daemon is None or root not in self._allowed or root not in self._roots:
            return ()
        commands = self._commands.get(self._roots[root])
        since_ms = self._clock.now_ms() - STANDS_MS
        return standing(commands.values(), since_ms) if commands else ()

    def known(self, symptom: Fingerprint) -> Known:
        """What is remembered about it, as far as it is known here; asked for when it is not."""
        if symptom not in self._known:
            self._want(symptom)
            return Known()
        return self._known[symptom]

    async def ask(self, symptom: Fingerprint, timeout_s: float) -> Known:
        """The same, asked now; what was known before, saying so, when nobody answers in time."""
        before = self._known.get(symptom, Known())
        if self.daemon is None:
            return replace(before, why_not="the developer node is away")
        try:
            async with asyncio.timeout(timeout_s):
                found = Known(await self.daemon.recall(fingerprint=symptom))
        except TimeoutError:
            return replace(before, why_not=f"no answer within {timeout_s:g} s")
        except PostDevAIError as error:
            return replace(before, why_not=error.message)
        self._keep(symptom, found)
        return found

    def tell(self, path: str, said: EditorEvent) -> None:
        """What the editor did with a file of a watched working copy; never waits."""
        if self.root_of(path):
            self._told.append((path, said))
            self._telling.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            sentence = ""
            try:
                await self._session()
            except* (PostDevAIError, OSError) as errors:
                sentence = _said(errors)
            if not self._away:
                self._away = True
                self._say(f"{sentence} No failures are shown until it is back.")
            await asyncio.sleep(self._backoff.next_s())

    async def _session(self) -> None:
        daemon = await self._connect()
        try:
            self._look(await daemon.status())
            self.daemon = daemon
            self._used = dict.fromkeys(self._used, False)
            self._past_due.set()
            self._renew()
            if self._away:
                self._say("The developer node is back.")
            self._away = False
            self._backoff.reset()
            self._changed()
            async with asyncio.TaskGroup() as group:
                for work in (self._follow, self._stay, self._past, self._recall, self._tell):
                    group.create_task(work(daemon))
        finally:
            self.daemon = None
            self._told.clear()
            self._changed()
            await daemon.close()

    async def _follow(self, daemon: Daemon) -> None:
        async for shown in daemon.feed(self._cursor, self._epoch):
            self._hear(shown.item)
            self._cursor, self._epoch = shown.cursor, shown.epoch
        raise Unavailable("The developer node has ended.")

    def _hear(self, item: Event | Suggestion | FeedState | FeedGap) -> None:
        match item:
            case Event(body=CommandFinished() as command):
                self._add(item)
                self._want(
                    *(f.fingerprint for f in command.failures if f.fingerprint in self._known)
                )
            case Event(body=WorkingCopySeen(path=path)) if item.working_copy:
                self._roots[path] = item.working_copy
            case Event(body=ProofFinished(fingerprint=symptom)):
                self._want(symptom)
            case Event(body=GitOperation()):
                self._renew()  # a remedy may have got its commit
            case Suggestion(recollection=Recollection(failure=failure) as found) if failure:
                self._keep(failure.fingerprint, Known(found))
            case FeedState(dragon=dragon):
                if dragon and not self._dragon:
                    self._renew()
                    self._past_due.set()
                self._dragon = dragon
            case FeedGap():
                self._used = dict.fromkeys(self._used, False)
                self._past_due.set()
            case _:
                return
        self._changed()

    async def _stay(self, daemon: Daemon) -> None:
        missed = 0
        while True:
            await asyncio.sleep(self._alive_s)
            try:
                self._look(await daemon.status())
                for root in self._used.keys() & self._roots.keys():
                    await self._permission(daemon, root)
            except PostDevAIError:
                missed += 1
                if missed > 1:
                    raise
            else:
                missed = 0

    def _look(self, status: LaptopStatus) -> None:
        roots = {r.path: r.working_copy for r in status.repositories if r.working_copy}
        if roots != self._roots:
            self._roots = roots
            self._changed()
        if not all(self._used.values()):
            self._past_due.set()

    async def _past(self, daemon: Daemon) -> None:
        while True:
            await self._past_due.wait()
            self._past_due.clear()
            for root in [root for root, read in self._used.items() if not read]:
                if root not in self._roots:
                    continue
                try:
                    await self._permission(daemon, root)
                    asked = HistoryQuery(PAST_COMMANDS, kind="command", working_copy=root)
                    page = await daemon.history(asked)
                except PostDevAIError:
                    continue  # the Dragon is away: read when the daemon says that it is back
                for entry in page.entries:
                    self._add(entry.event)
                self._used[root] = True
                self._changed()

    async def _permission(self, daemon: Daemon, root: str) -> None:
        setting = await daemon.remedies.autonomy(root)
        before = root in self._allowed
        (self._allowed.discard if setting.level == "observer" else self._allowed.add)(root)
        if before != (root in self._allowed):
            self._changed()

    async def _recall(self, daemon: Daemon) -> None:
        while True:
            await self._asked.wait()
            while self._wanted:
                symptom, _ = self._wanted.popitem(last=False)
                try:
                    self._keep(symptom, Known(await daemon.recall(fingerprint=symptom)))
                except PostDevAIError as error:
                    before = self._known.get(symptom, Known())
                    self._keep(symptom, replace(before, why_not=error.message))
            self._asked.clear()

    async def _tell(self, daemon: Daemon) -> None:
        while True:
            await self._telling.wait()
            while self._told:
                path, said = self._told.popleft()
                try:
                    await daemon.record_editor(path, said)
                except PostDevAIError:
                    continue  # not recorded there, or the daemon goes: the context is of now
            self._telling.clear()

    def _add(self, event: Event) -> None:
        body = event.body
        if not isinstance(body, CommandFinished) or not event.working_copy:
            return
        kept = self._commands.setdefault(event.working_copy, OrderedDict())
        kept[event.id] = replace(event, body=replace(body, ground=None))
        if len(kept) > COMMANDS_MAX:
            kept.pop(min(kept, key=lambda each: (kept[each].at_ms, each)))

    def _keep(self, symptom: Fingerprint, found: Known) -> None:
        changed = self._known.get(symptom) != found
        self._known[symptom] = found
        self._known.move_to_end(symptom)
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        if changed:
            self._changed()

    def _renew(self) -> None:
        """What stands in open files is asked anew; the rest is forgotten, and asked when shown."""
        stands = {each.failure.fingerprint for root in self._used for each in self.standing(root)}
        for symptom in self._known.keys() - stands:
            del self._known[symptom]
        self._want(*self._known)

    def _want(self, *symptoms: Fingerprint) -> None:
        self._wanted.update(dict.fromkeys(symptoms))
        if symptoms:
            self._asked.set()


def _said(errors: BaseExceptionGroup[BaseException]) -> str:
    """The first refusal's own words, and what to do."""
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            return _said(cast("BaseExceptionGroup[BaseException]", error))
        if isinstance(error, PostDevAIError):
            return " ".join(filter(None, (error.message, error.hint and f"{error.hint}.")))
    return "The developer node does not answer."
