"""A laptop without its Dragon: a real repository, a real outbox, a mirror that is told."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.clock import SystemClock
from common.errors import Unavailable
from common.model.answer import AskPart, AskRequest
from common.model.event import Event, FileChanged
from common.model.failure import Failure, Recollection, Verdict
from common.model.ids import ContentHash, EventId, WorkingCopyId, content_hash, new_event_id
from common.model.lake import HistoryPage, HistoryQuery, LakeStats, SearchQuery, SearchResult
from common.model.laptop import NearStatus, WatchedRepository
from common.model.remedy import CardStats, RemedyMaterial
from developer_node.away.opening import AwayMode, Machine
from developer_node.outbox.outbox import Outbox
from developer_node.text.redaction import redact_bytes
from developer_node.watch.head import head_commit
from tests.support.repository import Repository

COPY = WorkingCopyId("c" * 16)
GONE = Unavailable("nobody answers at that address")


@dataclass
class Dragon:
    """Is away until it is told to be there; then it has one answer to everything."""

    there: bool = False
    found: SearchResult = field(default_factory=SearchResult)
    remembered: Recollection = field(default_factory=lambda: Recollection("none"))
    parts: tuple[AskPart, ...] = ()
    verdicts: list[tuple[str, Verdict]] = field(default_factory=list)

    def answer(self) -> None:
        if not self.there:
            raise GONE

    async def look(self, timeout_s: float) -> None:
        self.answer()

    async def search(self, query: SearchQuery) -> SearchResult:
        self.answer()
        return self.found

    async def history(self, query: HistoryQuery) -> HistoryPage:
        self.answer()
        return HistoryPage()

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        self.answer()
        raise AssertionError

    async def blob(self, content: ContentHash) -> bytes:
        self.answer()
        return b"from the Dragon"

    async def stats(self) -> LakeStats:
        self.answer()
        return LakeStats(1, 2, True, "tmpfs", "/ram", 1, 1)

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        self.answer()
        return self.remembered

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskPart, None]:
        self.answer()
        for part in self.parts:
            self.answer()
            yield part

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        self.answer()

    async def card_stats(self, project: str = "") -> tuple[CardStats, ...]:
        self.answer()
        return ()

    async def quiet(self, project: str, quiet: bool) -> None:
        self.answer()

    async def material(self, remedy_id: str) -> RemedyMaterial:
        self.answer()
        raise AssertionError

    async def feedback(self, remedy_id: str, verdict: Verdict) -> None:
        self.answer()
        self.verdicts.append((remedy_id, verdict))


@dataclass
class Mirror:
    """What the Dragon had told; nothing before `as_of_ms` is set."""

    as_of_ms: int = 0
    remembered: Recollection = field(default_factory=lambda: Recollection("none"))
    judged: list[tuple[str, Verdict]] = field(default_factory=list)

    def status(self) -> NearStatus:
        return NearStatus(as_of_ms=self.as_of_ms, symptoms=1)

    async def recall(
        self,
        *,
        last: bool = False,
        fingerprint: str = "",
        failure: Failure | None = None,
        text: str = "",
    ) -> Recollection:
        return self.remembered if last or fingerprint else Recollection("none")

    async def history(self, query: HistoryQuery) -> HistoryPage:
        return HistoryPage()

    async def event(self, event_id: EventId) -> tuple[Event, str] | None:
        return None

    async def judge(self, remedy_id: str, verdict: Verdict) -> None:
        self.judged.append((remedy_id, verdict))


@dataclass
class Stage:
    """The room, and what stands around it."""

    room: AwayMode
    dragon: Dragon
    mirror: Mirror
    repository: Repository
    outbox: Outbox
    home: Path
    watched: list[WatchedRepository]

    async def record(self, *paths: str, skipped: str = "") -> None:
        """As the watcher records a file."""
        entries: list[tuple[Event, dict[ContentHash, bytes]]] = []
        for path in paths:
            data = redact_bytes((self.repository.root / path).read_bytes())
            blob = self.repository.git("hash-object", path)
            change = FileChanged(path, content=content_hash(data), git_blob=blob, skipped=skipped)
            entries.append((Event(new_event_id(), 1, COPY, change), {}))
        await self.outbox.append(entries)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncGenerator[Stage, None]:
    home, repository = tmp_path / "home", Repository.make(tmp_path / "thing")
    (home / "developer").mkdir(parents=True)
    dragon, mirror = Dragon(), Mirror()
    async with Outbox.open(home / "developer" / "outbox.db") as outbox:
        path = os.fspath(repository.root)
        watched = [WatchedRepository(path, COPY, 2, 0, "watching")]
        machine = Machine(
            home,
            lambda: watched,
            outbox,
            head_commit,
            redact_bytes,
            SystemClock(),
        )
        room = await AwayMode.open(machine, dragon, dragon, mirror, dragon.look)
        made = Stage(room, dragon, mirror, repository, outbox, home, watched)
        await made.record("calculator.py", "test_calculator.py")
        yield made
