"""Lines of then are asked for until they are there, and who is slow delays nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from common.clock import SystemClock
from common.errors import Missing
from common.model.event import CommandFinished, Event, Ground, PathChange
from common.model.ids import ContentHash, EventId
from developer_node.front.lsp.findings import Document, Finding
from developer_node.front.lsp.learning import YOUNG_MS, Learning
from developer_node.front.lsp.places import Spot
from developer_node.front.lsp.recorded import RecordedLines
from developer_node.front.lsp.standing import Standing, standing
from tests.support.editors import FAILED
from tests.support.waiting import until

[STANDING] = standing((FAILED,))
THEN = ContentHash("b" * 32)
SLOW = EventId("5" * 32)


@dataclass
class Keeper:
    """Never answers for one event, and does not have the others until it is told to."""

    has: bool = False
    asked: list[EventId] = field(default_factory=list[EventId])

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        self.asked.append(event_id)
        if event_id == SLOW:
            await asyncio.Event().wait()
        if not self.has:
            raise Missing("not here yet")
        assert isinstance(FAILED.body, CommandFinished)
        ground = Ground("c" * 40, dirty=(PathChange("a.py", new_content=THEN),))
        return replace(FAILED, body=replace(FAILED.body, ground=ground)), "ledger"

    async def blob(self, content: ContentHash) -> bytes:
        return b"then\n"


class Now(SystemClock):
    """So long after the failure."""

    def __init__(self, after_ms: int) -> None:
        self._after_ms = after_ms

    def now_ms(self) -> int:
        return FAILED.at_ms + self._after_ms


@dataclass
class Made:
    learning: Learning
    recorded: RecordedLines
    learnt: list[None]
    ended: list[asyncio.Task[None]]

    def knows(self, document: Document) -> bool:
        failed = document.findings[0].failed
        return self.recorded.known(failed, "a.py") is not None


@asynccontextmanager
async def learning(
    keeper: Callable[[], Keeper | None], after_ms: int = 1_000
) -> AsyncGenerator[Made]:
    learnt: list[None] = []
    ended: list[asyncio.Task[None]] = []
    recorded = RecordedLines()
    made = Learning(
        recorded,
        keeper,
        lambda: learnt.append(None),
        ended.append,
        clock=Now(after_ms),
        pause_s=(0.001, 0.01),
    )
    try:
        yield Made(made, recorded, learnt, ended)
    finally:
        await made.close()


def document(root: Path, failed: Standing = STANDING) -> Document:
    """A file that nothing on the disk tells about."""
    finding = Finding(failed, Spot("a.py", 1, ""), ("now", ""), as_recorded=True)
    return Document("file:///a.py", f"{root}/a.py", "now\n", 1, str(root), (finding,))


async def test_what_is_not_kept_yet_is_asked_again_until_it_is(tmp_path: Path) -> None:
    keeper, shown = Keeper(), document(tmp_path)
    async with learning(lambda: keeper) as made:
        made.learning.want(shown)
        await until(lambda: len(keeper.asked) > 3)
        assert not made.learnt
        keeper.has = True
        await until(lambda: made.ended)
        assert made.knows(shown)
        assert len(made.learnt) == 1


async def test_what_failed_long_ago_is_asked_once_each_time_that_it_is_looked_at(
    tmp_path: Path,
) -> None:
    keeper, shown = Keeper(), document(tmp_path)
    async with learning(lambda: keeper, YOUNG_MS + 1) as made:
        for times in (1, 2):
            made.learning.want(shown)
            await until(lambda times=times: len(made.ended) == times)
            assert len(keeper.asked) == times


async def test_who_is_slow_with_one_file_delays_no_other(tmp_path: Path) -> None:
    keeper = Keeper(has=True)
    slow, other = document(tmp_path, replace(STANDING, event=SLOW)), document(tmp_path)
    async with learning(lambda: keeper) as made:
        made.learning.want(slow)
        await until(lambda: keeper.asked == [SLOW])
        made.learning.want(other)
        await until(lambda: made.knows(other))
        assert not made.knows(slow)


async def test_a_closed_file_is_asked_for_no_more_and_nobody_is_asked_who_is_away(
    tmp_path: Path,
) -> None:
    keeper, shown = Keeper(), document(tmp_path)
    here: list[Keeper] = []
    async with learning(lambda: here[0] if here else None) as made:
        made.learning.want(shown)
        assert not keeper.asked
        here.append(keeper)
        made.learning.want(shown)
        await until(lambda: keeper.asked)
        shown.findings = ()
        await until(lambda: made.ended)
