"""The bridge: one connection, kept; what arrives is told in few messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual.message import Message

from common.errors import Denied, Unavailable
from common.model.answer import AskRequest, AskText
from common.model.event import CommandFinished, Event
from common.model.ids import EventId, WorkingCopyId
from common.model.laptop import FeedItem, FeedState, OutboxStatus, WatchedRepository
from developer_node.feed import Feed
from developer_node.front.tui import messages
from developer_node.front.tui.daemon import Daemon
from developer_node.front.tui.feed_reader import EVENTS_WAITING_MAX, FeedReader
from tests.support.scripted_daemon import ScriptedDaemon


def event(number: int) -> Event:
    """A command."""
    run = CommandFinished(f"echo {number}", "/", (0,), 5)
    return Event(EventId(f"{number:032x}"), number, WorkingCopyId(""), run)


class Told:
    """Keeps what was posted, and can be waited for."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._more = asyncio.Event()

    def post(self, message: Message) -> None:
        """What the app would get."""
        self.messages.append(message)
        self._more.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Until a message makes it true."""
        while not condition():
            self._more.clear()
            await self._more.wait()

    def events(self) -> list[Event]:
        """All that arrived, in order."""
        return [e for m in self.messages if isinstance(m, messages.FeedArrived) for e in m.events]

    def count(self, sort: type[Message]) -> int:
        """Messages of one sort."""
        return sum(isinstance(message, sort) for message in self.messages)


@asynccontextmanager
async def running(reader: FeedReader) -> AsyncGenerator[None]:
    """The reader at work."""
    task = asyncio.ensure_future(reader.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def reader_of(daemon: ScriptedDaemon, told: Told, repaint_s: float = 0.001) -> FeedReader:
    """Impatient."""
    return FeedReader(daemon.connect, told.post, repaint_s=repaint_s, poll_s=0.001, retry_s=0.001)


async def test_many_events_are_few_messages_and_all_of_them_arrive() -> None:
    """Repainting for each would cost a third of a core."""
    daemon, told = ScriptedDaemon(items=[event(n) for n in range(900)]), Told()
    async with running(reader_of(daemon, told, repaint_s=60)):
        await told.until(lambda: told.events())
        daemon.say(*(event(900 + n) for n in range(90)))
        await told.until(lambda: daemon.all_read)
        assert told.count(messages.FeedArrived) == 1


async def test_between_two_repaints_the_oldest_events_give_way_and_the_state_never_does() -> None:
    """The state says whether the Dragon is there."""
    state = FeedState(dragon=False, coordinator=True, waiting=1)
    flood = [event(n) for n in range(EVENTS_WAITING_MAX + 50)]
    daemon, told = ScriptedDaemon(items=[state, *flood]), Told()
    async with running(reader_of(daemon, told)):
        await told.until(lambda: told.events())
    arrived = next(m for m in told.messages if isinstance(m, messages.FeedArrived))
    assert arrived.state == state
    assert [e.id for e in arrived.events] == [e.id for e in flood[50:]]


async def test_a_daemon_that_ends_is_told_once_a_try_and_found_again() -> None:
    """With the words of the refusal."""
    daemon, told = ScriptedDaemon(), Told()
    async with running(reader_of(daemon, told)):
        await told.until(lambda: told.count(messages.StatusArrived))
        daemon.go("The daemon has ended.")
        await told.until(lambda: told.count(messages.ConnectionLost))
        lost = next(m for m in told.messages if isinstance(m, messages.ConnectionLost))
        assert (lost.sentence, lost.hint) == ("The daemon has ended.", "postdevai up")
        daemon.come_back()
        await told.until(lambda: told.count(messages.Connected) == 2)


@pytest.mark.parametrize("error", [Denied("wrong token"), OSError("no such file"), TimeoutError()])
async def test_whatever_stands_in_the_way_of_connecting_it_tries_again(error: Exception) -> None:
    """A new daemon has a new token; a socket appears late."""
    daemon, told, tries = ScriptedDaemon(), Told(), 0

    async def connect() -> Daemon:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return await daemon.connect()

    reader = FeedReader(connect, told.post, repaint_s=0.001, poll_s=0.001, retry_s=0.001)
    async with running(reader):
        await told.until(lambda: told.count(messages.Connected))
    assert told.count(messages.ConnectionLost) == 2


async def test_without_a_daemon_a_call_is_refused_with_a_hint() -> None:
    """It does not wait for one."""
    reader = reader_of(ScriptedDaemon(), Told())
    with pytest.raises(Unavailable) as refused:
        await reader.event(EventId("e"))
    assert refused.value.hint == "postdevai up"


async def test_closing_an_answer_closes_the_daemons_stream() -> None:
    """Otherwise the model speaks on for nobody."""
    daemon, told = ScriptedDaemon(answer=[AskText("one"), AskText("two")]), Told()
    reader = reader_of(daemon, told)
    async with running(reader):
        await told.until(lambda: told.count(messages.Connected))
        parts = reader.ask(AskRequest("why?"))
        await anext(parts)
        await parts.aclose()
        assert daemon.closed_answers == 1


async def test_history_is_read_when_the_dragon_is_there_and_not_before() -> None:
    """Once a connection."""
    daemon, told = ScriptedDaemon(), Told()
    well = daemon.status_now
    daemon.status_now = replace(well, dragon_unavailable="It is away.")
    async with running(reader_of(daemon, told)):
        await told.until(lambda: told.count(messages.StatusArrived) > 2)
        assert told.count(messages.HistoryArrived) == 0
        daemon.status_now = well
        await told.until(lambda: told.count(messages.HistoryArrived))
        before = told.count(messages.StatusArrived)
        await told.until(lambda: told.count(messages.StatusArrived) > before + 3)
        assert told.count(messages.HistoryArrived) == 1


async def test_history_is_read_again_once_a_scan_has_ended_and_nothing_waits() -> None:
    """What a scan finds is no news for the feed: the first reading saw half of it."""
    daemon, told = ScriptedDaemon(), Told()
    well = daemon.status_now
    repository = WatchedRepository("/t", WorkingCopyId("1" * 16), -1, 0, "scanning")
    scanning = replace(well, repositories=(repository,))
    sending = replace(
        well,
        repositories=(replace(repository, files=9, state="watching"),),
        outbox=OutboxStatus(waiting=4),
    )
    daemon.status_now = scanning
    async with running(reader_of(daemon, told)):
        await told.until(lambda: told.count(messages.HistoryArrived))
        daemon.status_now = sending
        before = told.count(messages.StatusArrived)
        await told.until(lambda: told.count(messages.StatusArrived) > before + 3)
        assert told.count(messages.HistoryArrived) == 1
        daemon.status_now = replace(sending, outbox=OutboxStatus())
        await told.until(lambda: told.count(messages.HistoryArrived) == 2)
        before = told.count(messages.StatusArrived)
        await told.until(lambda: told.count(messages.StatusArrived) > before + 3)
        assert told.count(messages.HistoryArrived) == 2


class FollowedDaemon(ScriptedDaemon):
    """Its feed is a real one, which begins anew when the daemon does."""

    def __init__(self, items_max: int = 1_000) -> None:
        super().__init__()
        self.real = Feed(items_max=items_max)

    def feed(self, after: int = 0, epoch: str = "") -> AsyncIterator[FeedItem]:
        """From where the reader says it stands."""
        return self.real.read(after, epoch)


def told_ids(told: Told) -> list[int]:
    """Numbers of the events that arrived."""
    return [int(e.id, 16) for e in told.events()]


async def lost(daemon: FollowedDaemon, told: Told) -> None:
    """The connection goes, and the reader has seen it."""
    before = told.count(messages.ConnectionLost)
    daemon.go("It went.")
    await told.until(lambda: told.count(messages.ConnectionLost) > before)


def missed(told: Told) -> list[str]:
    """What was said to have gone by."""
    return [m.sentence for m in told.messages if isinstance(m, messages.FeedMissed)]


def states(told: Told) -> list[FeedState]:
    """Of the mesh, in order."""
    arrived = (m.state for m in told.messages if isinstance(m, messages.FeedArrived))
    return [state for state in arrived if state]


async def test_after_a_lost_connection_it_reads_on_where_it_stood() -> None:
    """And the mesh, of which nothing new is said, stands as it stood."""
    daemon, told = FollowedDaemon(), Told()
    state = FeedState(dragon=True, coordinator=True, waiting=3)
    async with running(reader_of(daemon, told)):
        for item in (state, *(event(n) for n in range(50))):
            daemon.real.publish(item)
        await told.until(lambda: 49 in told_ids(told))
        await lost(daemon, told)
        daemon.real.publish(event(50))
        daemon.come_back()
        await told.until(lambda: 50 in told_ids(told))
        assert told_ids(told) == [*range(50), 49, 50]
        assert states(told) == [state, state]
        assert missed(told) == []


@pytest.mark.parametrize("seen", [1, 2, 3])
async def test_what_went_by_meanwhile_is_said_once(seen: int) -> None:
    """With the number of what is not kept any more."""
    daemon, told = FollowedDaemon(items_max=4), Told()
    async with running(reader_of(daemon, told)):
        for n in range(seen):
            daemon.real.publish(event(n))
        await told.until(lambda: told_ids(told) == [*range(seen)])
        await lost(daemon, told)
        for n in range(seen, seen + 7):
            daemon.real.publish(event(n))
        daemon.come_back()
        await told.until(lambda: seen + 6 in told_ids(told))
        assert told_ids(told) == [*range(seen), *range(seen + 3, seen + 7)]
        assert missed(told) == [
            "3 items of the feed went by while nobody listened: "
            "the timeline has what the Dragon remembers."
        ]
        await lost(daemon, told)
        daemon.come_back()
        daemon.real.publish(event(99))
        await told.until(lambda: 99 in told_ids(told))
        assert len(missed(told)) == 1


async def test_a_daemon_that_was_started_again_is_followed_from_its_beginning() -> None:
    """What its life before said of the mesh is not said again."""
    daemon, told = FollowedDaemon(), Told()
    before = FeedState(dragon=True, coordinator=True, waiting=0)
    async with running(reader_of(daemon, told)):
        for item in (before, event(1), event(2)):
            daemon.real.publish(item)
        await told.until(lambda: 2 in told_ids(told))
        await lost(daemon, told)
        daemon.real = Feed()
        daemon.real.publish(event(3))
        daemon.come_back()
        await told.until(lambda: 3 in told_ids(told))
        assert told_ids(told) == [1, 2, 3]
        assert states(told) == [before]
        assert missed(told) == ["The daemon was started again: what is kept follows."]
