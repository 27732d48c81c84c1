"""A program that tells of itself while it runs is one row, and its parts fill no limit."""

from __future__ import annotations

from common.model.event import CommandFinished, Event
from common.model.ids import EventId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryPage, HistoryQuery
from developer_node.front.history_rows import read_rows
from developer_node.front.output_events import what

SERVER, TESTS = EventId("a" * 32), EventId("b" * 32)


class Kept:
    """Entries, the newest first, page by page."""

    def __init__(self, *bodies: CommandFinished) -> None:
        """Oldest first."""
        made = [
            HistoryEntry(n, Event(EventId(f"{n:032x}"), n, WorkingCopyId(""), body), "p")
            for n, body in enumerate(bodies, 1)
        ]
        self.entries = made[::-1]
        self.asked: list[int] = []

    async def history(self, query: HistoryQuery) -> HistoryPage:
        self.asked.append(query.before_cursor)
        older = [e for e in self.entries if e.cursor < (query.before_cursor or 1 << 62)]
        return HistoryPage(tuple(older[: query.limit]))

    async def rows(self, limit: int) -> list[CommandFinished]:
        page = await read_rows(self, HistoryQuery(limit))
        bodies = [entry.event.body for entry in page.entries]
        return [body for body in bodies if isinstance(body, CommandFinished)]


def part(run: EventId) -> CommandFinished:
    return CommandFinished("serve", "/", (), 5, run=run, running=True)


async def test_of_a_program_that_has_ended_only_the_end_is_a_row() -> None:
    end = CommandFinished("serve", "/", (1,), 9, run=SERVER)
    rows = await Kept(part(SERVER), part(SERVER), end).rows(10)
    assert rows == [end]


async def test_of_a_program_that_still_runs_the_newest_part_is_a_row_and_no_success() -> None:
    last = CommandFinished("serve", "/", (), 7, run=SERVER, running=True)
    rows = await Kept(part(SERVER), part(TESTS), last).rows(10)
    assert rows == [last, part(TESTS)]
    assert what(Event(EventId("e"), 1, WorkingCopyId(""), last)) == (
        "yellow",
        "$ serve  (still runs)",
    )


async def test_parts_fill_no_limit_and_the_reading_ends_with_what_there_is() -> None:
    first = CommandFinished("ls", "/", (0,), 1)
    kept = Kept(first, *(part(SERVER) for _ in range(6)), CommandFinished("x", "/", (0,), 1))
    assert [body.command for body in await kept.rows(3)] == ["x", "serve", "ls"]
    assert len(kept.asked) == 3
    assert len(await kept.rows(8)) == 3
