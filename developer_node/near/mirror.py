"""The near mirror: answers on the laptop what the Dragon would answer of failures and of late."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from common.clock import Clock, SystemClock
from common.model.event import Event, is_imported
from common.model.failure import Failure, Recollection, Verdict
from common.model.ids import EventId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery, KeptItem
from common.model.laptop import NearStatus
from common.model.near import FollowMemoryRequest, MirroredSymptom, Told
from common.similar import Face, as_text, nearest_face, worded_alike
from developer_node.near import store
from developer_node.near.file import MirrorFile
from developer_node.near.laid_over import (
    NOTHING,
    UNFILLED,
    first_seen,
    other_values,
    with_local,
    with_verdicts,
)
from developer_node.near.local import Local
from developer_node.near.paging import LIMIT_USUAL, page
from developer_node.near.said import kept, sentence
from developer_node.near.store import Standing
from developer_node.outbox.sql import Sql

T = TypeVar("T")

BYTES_MAX = 64 << 20
"""At this size the symptoms that were last seen longest ago go."""


class Mirror:
    """What the Dragon told, and over it what happened here since. Of its answers nothing says that
    they are not the Dragon's: whoever shows them does."""

    def __init__(
        self,
        file: MirrorFile,
        now: Standing,
        projects: dict[WorkingCopyId, str],
        bytes_max: int,
        clock: Clock,
        copies: Callable[[], Mapping[str, WorkingCopyId]],
    ) -> None:
        self._file = file
        self._now = now
        self._bytes_max = bytes_max
        self._clock = clock
        self._copies = copies
        self._projects = projects
        self._local = Local()
        self._faces: list[Face] | None = None
        self._life = 0
        """Each ends when all that was told is gone."""
        self._renewed = file.renewed

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        path: Path,
        *,
        bytes_max: int = BYTES_MAX,
        clock: Clock | None = None,
        copies: Callable[[], Mapping[str, WorkingCopyId]] = dict[str, WorkingCopyId],
    ) -> AsyncGenerator[Mirror]:
        """The mirror in this file, sealed with the key of its directory. A file that is damaged or
        of another format is set aside: an empty one is filled in its place. `copies` are this
        machine's working copies, by path."""
        file = MirrorFile(path)
        await file.open()
        try:
            now, projects = await file.run(lambda sql: (store.standing(sql), store.projects(sql)))
            yield cls(file, now, projects, bytes_max, clock or SystemClock(), copies)
        finally:
            await file.close()

    # -- answers ------------------------------------------------------------------------------

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        """What is remembered, by the same rules as on the Dragon; of a text that is only close in
        words it is "similar" at most."""
        if last:
            failure = self._local.last_failure()
        elif fingerprint:
            failure = self._local.last_alike(fingerprint)
        if failure is not None:
            return await self._of_failure(failure)
        if last or fingerprint:
            told = await self._read(partial(store.newest, fingerprint=fingerprint))
            return await self._shown(told)
        return await self._similar(text)

    async def symptom(self, failure: Failure) -> MirroredSymptom | None:
        """As the Dragon told it, with these values or else with others; None when it did not."""

        def read(sql: Sql) -> MirroredSymptom | None:
            told = store.exactly(sql, failure.fingerprint, failure.values)
            return told or (store.newest(sql, failure.fingerprint) if failure.fingerprint else None)

        return await self._read(read)

    async def history(self, query: HistoryQuery) -> HistoryPage:
        """Events, newest first; what of the question cannot be answered here is said."""
        query = replace(query, limit=query.limit or LIMIT_USUAL)
        copy = self._copies().get(query.working_copy, query.working_copy)
        found = (
            []
            if query.like
            else await self._read(partial(store.events, q=query, working_copy=copy))
        )
        return page(query, copy, found, self._recorded(), self._now.as_of_ms > 0)

    async def event(self, event_id: EventId) -> tuple[Event, str] | None:
        """One event and its project's name, without what it printed unless it failed here lately;
        None when it is not held here."""
        here = self._local.get(event_id)
        if here is not None:
            return here.event, here.project
        found = await self._read(partial(store.event, event_id=event_id))
        return None if found is None else (found.event, found.project)

    def status(self) -> NearStatus:
        """How it stands; whether the Dragon is away others know."""
        now = self._now
        return NearStatus(
            symptoms=now.symptoms,
            events=now.events,
            bytes=self._file.bytes(),
            bytes_max=self._bytes_max,
            as_of_ms=now.as_of_ms,
            verdicts_waiting=now.verdicts,
            sentence=sentence(self._file.sentence, now, self._bytes_max),
        )

    async def warm(self) -> None:
        """Makes ready what a text is compared with, so that the first who asks waits no longer than
        the next."""
        if self._faces is None:
            self._faces = await self._read(store.faces)

    @property
    def as_of_ms(self) -> int:
        """The Dragon's memory as it was then; 0 before the first time."""
        return self._now.as_of_ms

    # -- what happens here --------------------------------------------------------------------

    def seen(self, event: Event, project: str = "") -> None:
        """It was recorded here; it counts until the Dragon tells of it. Without a project's name
        it is of the one that the Dragon told the working copy to be of."""
        if not is_imported(event.body):
            self._local.add(event, project or self._projects.get(event.working_copy, ""))

    async def judge(self, remedy_id: str, verdict: Verdict) -> None:
        """The person's word on a remedy; it counts until the Dragon says the same."""
        now = self._clock.now_ms()
        self._now = await self._read(lambda sql: store.judge(sql, remedy_id, verdict, now))

    # -- what the Dragon tells ----------------------------------------------------------------

    async def request(self) -> tuple[int, FollowMemoryRequest]:
        """What is held already, and the life that an answer to it is for."""
        held = await self._read(store.held)
        life, now = self._life, self._now
        return life, FollowMemoryRequest(now.epoch, now.cursor, held, now.since_ms)

    async def take(self, life: int, told: Sequence[Told]) -> bool:
        """Keeps what the Dragon told, all or none of it; false when all was forgotten meanwhile."""
        if life != self._life:
            return False
        at_ms = self._clock.now_ms()
        most = self._bytes_max

        def write(sql: Sql) -> Standing | None:
            same = life == self._life and self._file.renewed == self._renewed
            return store.take(sql, told, at_ms, most) if same else None

        now = await self._read(write)
        if now is None:
            return False
        self._now = now
        events = [part for part in told if isinstance(part, HistoryEntry)]
        self._local.told(part.event.id for part in events)
        for entry in reversed(events):  # they come newest first
            self._projects[entry.event.working_copy] = entry.project
        self._local.told_before(now.oldest_event_ms)
        self._faces = None
        return True

    async def forget(self) -> str:
        """Empties it, with every trace, and says so: what is left the Dragon tells again."""
        self._life += 1
        before = self._now
        self._local.clear()
        self._projects.clear()
        self._faces = None
        self._now = await self._file.run(store.clear)
        await self._file.scrub()
        held = f"{before.symptoms:,} failures and {before.events:,} events"
        return f"{held} forgotten in the mirror; the Dragon tells again what is left"

    def kept(self) -> KeptItem:
        """What is kept, for people."""
        return kept(self._file, self._now, self._bytes_max)

    # -- inside -------------------------------------------------------------------------------

    async def _read(self, job: Callable[[Sql], T]) -> T:
        """What is read of a file that took the place of a damaged one is what it holds: nothing."""
        found = await self._file.run(job)
        if self._file.renewed != self._renewed:
            self._renewed = self._file.renewed
            self._life += 1
            self._faces = None
            self._now = Standing()
        return found

    async def _of_failure(self, failure: Failure) -> Recollection:
        def read(sql: Sql) -> Recollection | None:
            told = store.alike(sql, failure)
            if told is None:
                return None
            same = told.values == failure.values
            return told.recollection if same else other_values(told.recollection, failure)

        found = await self._read(read)
        if found is not None:
            return await self._laid_over(found)
        here = self._local.occurrences(failure.fingerprint)
        if here:
            return first_seen(failure, here)
        return await self._similar(as_text(failure), failure)

    async def _similar(self, text: str, asked: Failure | None = None) -> Recollection:
        await self.warm()
        faces = self._faces or []

        def choose(sql: Sql) -> MirroredSymptom | None:
            alike = worded_alike(asked, (f.failure for f in faces)) if asked else None
            near = nearest_face(text, faces) if alike is None else None
            chosen = alike or (near.failure if near else None)
            return chosen and store.exactly(sql, chosen.fingerprint, chosen.values)

        return await self._shown(await self._read(choose), similar=True)

    async def _shown(self, told: MirroredSymptom | None, *, similar: bool = False) -> Recollection:
        if told is None:
            return Recollection("none", note=NOTHING if self.as_of_ms else UNFILLED)
        found = await self._laid_over(told.recollection)
        return replace(found, match="similar") if similar else found

    async def _laid_over(self, told: Recollection) -> Recollection:
        said = await self._read(store.verdicts) if self._now.verdicts else {}
        here = self._local.occurrences(told.failure.fingerprint) if told.failure else ()
        return with_verdicts(with_local(told, here), said)

    def _recorded(self) -> list[HistoryEntry]:
        """What was recorded here and not told yet, newest first; after all that was told."""
        here = self._local.newest_first()
        first = max(self._now.newest_cursor, self._now.cursor) + len(here)
        return [HistoryEntry(first - n, r.event, r.project) for n, r in enumerate(here)]
