"""The connection to the daemon: what it does when that is slow, refuses, goes or comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from common.backoff import Backoff
from common.clock import SystemClock
from common.errors import PostDevAIError, Unavailable
from common.model.event import Autonomy, EditorEvent, Event
from common.model.failure import Recollection, Suggestion
from common.model.ids import ContentHash, EventId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from common.model.laptop import FeedGap, FeedItem, FeedState, LaptopStatus, WatchedRepository
from common.model.remedy import AutonomySetting
from developer_node.front.lsp.link import Link
from tests.support.editors import COPY, FAILED, KNOWN, SYMPTOM
from tests.support.waiting import until

ROOT = "/code/ledger"
FILE = f"{ROOT}/money.py"
OPEN = EditorEvent("open", FILE)


@dataclass
class Daemon:
    """Says what a test wants it to say."""

    level: Autonomy = "advisor"
    past: tuple[Event, ...] = (FAILED,)
    recollection: Recollection = KNOWN
    refusal: PostDevAIError | None = None
    """Of recall and history: the Dragon is away."""
    silent: bool = False
    """Recall never answers."""
    deaf: bool = False
    """Status fails: the daemon hangs."""
    read: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    told: list[tuple[str, EditorEvent]] = field(default_factory=list[tuple[str, EditorEvent]])
    looked: int = 0
    """How often it was asked what the owner allows."""
    closed: int = 0
    items: asyncio.Queue[FeedItem | None] = field(default_factory=asyncio.Queue)

    @property
    def remedies(self) -> Daemon:
        return self

    async def autonomy(self, path: str = "") -> AutonomySetting:
        self.looked += 1
        return AutonomySetting(self.level, path)

    async def status(self) -> LaptopStatus:
        if self.deaf:
            raise Unavailable("no answer in time")
        watched = WatchedRepository(ROOT, COPY, 1, 0, "watching")
        return LaptopStatus(repositories=(watched,))

    async def feed(self, after: int = 0, epoch: str = "") -> AsyncGenerator[FeedItem]:
        self.read.append((after, epoch))
        while (item := await self.items.get()) is not None:
            yield item
        raise Unavailable("The developer node went.")

    async def history(self, query: HistoryQuery) -> HistoryPage:
        if self.refusal:
            raise self.refusal
        return HistoryPage(tuple(HistoryEntry(1, each, "ledger") for each in self.past))

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        raise Unavailable("not asked here")

    async def blob(self, content: ContentHash) -> bytes:
        raise Unavailable("not asked here")

    async def recall(self, *, fingerprint: str = "") -> Recollection:
        if self.silent:
            await asyncio.Event().wait()
        if self.refusal:
            raise self.refusal
        return self.recollection

    async def record_editor(self, path: str, said: EditorEvent) -> None:
        self.told.append((path, said))

    async def close(self) -> None:
        self.closed += 1


class FixedClock(SystemClock):
    """A minute after the failure."""

    def now_ms(self) -> int:
        return FAILED.at_ms + 60_000


@dataclass
class Linked:
    link: Link
    said: list[str]
    changes: list[None]


@asynccontextmanager
async def linked(
    connect: Callable[[], Daemon], *, alive_s: float = 0.01, use: bool = True
) -> AsyncGenerator[Linked]:
    said: list[str] = []
    changes: list[None] = []

    async def reach() -> Daemon:
        return connect()

    link = Link(
        reach,
        lambda: changes.append(None),
        said.append,
        clock=FixedClock(),
        alive_s=alive_s,
        backoff=Backoff(0.001, 0.01),
    )
    if use:
        link.use(ROOT)
    running = asyncio.create_task(link.run())
    try:
        yield Linked(link, said, changes)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def item(cursor: int, what: Event | Suggestion | FeedState | FeedGap) -> FeedItem:
    return FeedItem(cursor, what, "epoch")


async def test_the_past_of_a_working_copy_is_read_once_a_file_of_it_is_open() -> None:
    async with linked(Daemon, use=False) as made:
        await until(lambda: made.link.root_of(FILE))
        assert made.link.standing(ROOT) == ()
        made.link.use(ROOT)
        await until(lambda: made.link.standing(ROOT))


async def test_a_file_outside_what_is_watched_has_no_root_and_is_told_to_nobody() -> None:
    daemon = Daemon()
    async with linked(lambda: daemon) as made:
        await until(lambda: made.link.root_of(FILE))
        assert made.link.root_of("/code/ledger-2/money.py") == ""
        made.link.tell("/elsewhere/secret.py", replace(OPEN, path="/elsewhere/secret.py"))
        made.link.tell(FILE, OPEN)
        await until(lambda: daemon.told)
    assert daemon.told == [(FILE, OPEN)]


async def test_an_owner_who_wants_no_cards_has_none_standing() -> None:
    daemon = Daemon(level="observer")
    async with linked(lambda: daemon) as made:
        daemon.items.put_nowait(item(1, FAILED))
        await until(lambda: daemon.items.empty() and daemon.looked > 2)
        assert made.link.standing(ROOT) == ()
        daemon.level = "advisor"
        await until(lambda: made.link.standing(ROOT))


async def test_a_card_says_what_is_remembered() -> None:
    daemon = Daemon(refusal=Unavailable("the Dragon is away"))
    async with linked(lambda: daemon) as made:
        await until(lambda: made.link.root_of(FILE))
        assert made.link.known(SYMPTOM).recollection is None
        card = Suggestion("s", 1, 1, FAILED.id, "ledger", "why", KNOWN)
        daemon.items.put_nowait(item(1, card))
        await until(lambda: made.link.known(SYMPTOM).recollection == KNOWN)


async def test_what_could_not_be_asked_is_asked_when_the_dragon_is_back() -> None:
    daemon = Daemon(refusal=Unavailable("the Dragon is away"))
    async with linked(lambda: daemon) as made:
        daemon.items.put_nowait(item(1, FeedState(dragon=False, coordinator=True, waiting=0)))
        daemon.items.put_nowait(item(2, FAILED))
        await until(lambda: made.link.known(SYMPTOM).why_not == "the Dragon is away")
        assert len(made.link.standing(ROOT)) == 1
        daemon.refusal = None
        daemon.items.put_nowait(item(3, FeedState(dragon=True, coordinator=True, waiting=0)))
        await until(lambda: made.link.known(SYMPTOM).recollection == KNOWN)
        assert made.link.known(SYMPTOM).why_not == ""


async def test_a_question_that_nobody_answers_has_an_end_and_says_so() -> None:
    daemon = Daemon()
    async with linked(lambda: daemon) as made:
        await until(lambda: made.link.known(SYMPTOM).recollection == KNOWN)
        daemon.silent = True
        known = await made.link.ask(SYMPTOM, 0.01)
        assert known.recollection == KNOWN
        assert known.why_not == "no answer within 0.01 s"


async def test_a_daemon_that_hangs_is_away_and_what_it_claimed_is_withdrawn() -> None:
    daemon = Daemon()
    async with linked(lambda: daemon) as made:
        await until(lambda: made.link.standing(ROOT))
        daemon.deaf = True
        await until(lambda: made.said)
        assert made.link.standing(ROOT) == ()
        assert made.link.daemon is None
        await until(lambda: daemon.closed > 3)
        assert made.said == ["no answer in time No failures are shown until it is back."]
        daemon.deaf = False
        await until(lambda: made.link.standing(ROOT))
        assert made.said[1:] == ["The developer node is back."]


async def test_a_reader_that_comes_back_goes_on_from_its_cursor() -> None:
    daemon = Daemon()
    async with linked(lambda: daemon) as made:
        daemon.items.put_nowait(item(7, FAILED))
        daemon.items.put_nowait(None)
        await until(lambda: len(daemon.read) == 2)
        assert daemon.read == [(0, ""), (7, "epoch")]
        await until(lambda: made.link.standing(ROOT))


async def test_after_a_gap_the_past_is_read_again() -> None:
    daemon = Daemon(past=())
    async with linked(lambda: daemon) as made:
        await until(lambda: made.link.root_of(FILE))
        daemon.past = (FAILED,)
        daemon.items.put_nowait(item(9, FeedGap(4, "4 items are not kept any more")))
        await until(lambda: made.link.standing(ROOT))


async def test_what_an_editor_did_while_the_daemon_was_away_is_not_told_later() -> None:
    """It is about now; what is open is told anew by who has it open."""
    daemon = Daemon(deaf=True)
    async with linked(lambda: daemon) as made:
        made.link.tell(FILE, OPEN)
        daemon.deaf = False
        await until(lambda: made.link.root_of(FILE))
        made.link.tell(FILE, replace(OPEN, action="save"))
        await until(lambda: daemon.told)
    assert [said.action for _, said in daemon.told] == ["save"]
