"""Events out of the mirror: filters, order, what was recorded here, and what was not asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.model.event import CommandFinished, Event, FileChanged
from common.model.ids import EventId, WorkingCopyId
from common.model.lake import HistoryEntry, HistoryQuery
from developer_node.near.mirror import Mirror
from developer_node.near.paging import LATELY, NO_ID, NO_LIKENESS, NO_OUTPUT
from developer_node.near.waiting import see_waiting
from developer_node.outbox.outbox import Outbox
from tests.support.mirrored import BEGAN_MS, all_told, entry, event_id, failed, failure, tell

COPY = WorkingCopyId("c" * 16)


def _file(number: int, path: str, project: str = "shop") -> HistoryEntry:
    at_ms = BEGAN_MS + number * 60_000
    event = Event(event_id(number), at_ms, WorkingCopyId("d" * 16), FileChanged(path))
    return HistoryEntry(number, event, project)


async def _numbers(mirror: Mirror, query: HistoryQuery) -> list[int]:
    return [int(e.event.id, 16) for e in (await mirror.history(query)).entries]


@pytest.fixture
async def told(mirror: Mirror) -> Mirror:
    """Four events of two projects."""
    await tell(
        mirror,
        *all_told(
            entry(4, "pytest tests/test_cart.py"),
            _file(3, "blog/post.md", "blog"),
            entry(2, "make all_of_it"),
            entry(1, "make clean"),
            cursor=4,
        ),
    )
    return mirror


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (HistoryQuery(), [4, 3, 2, 1]),
        (HistoryQuery(limit=2), [4, 3]),
        (HistoryQuery(limit=0), [4, 3, 2, 1]),
        (HistoryQuery(kind="file"), [3]),
        (HistoryQuery(project="blog"), [3]),
        (HistoryQuery(working_copy=COPY), [4, 2, 1]),
        (HistoryQuery(since_ms=BEGAN_MS + 3 * 60_000), [4, 3]),
        (HistoryQuery(until_ms=BEGAN_MS + 3 * 60_000), [2, 1]),
        (HistoryQuery(before_cursor=3), [2, 1]),
        (HistoryQuery(text="Make"), [2, 1]),
        (HistoryQuery(text="make clean"), [1]),
        (HistoryQuery(text="all of"), []),
        (HistoryQuery(text="allXofXit"), []),
        (HistoryQuery(text="post.md"), [3]),
    ],
)
async def test_filters_are_honoured(told: Mirror, query: HistoryQuery, numbers: list[int]) -> None:
    assert await _numbers(told, query) == numbers


async def test_pages_follow_each_other(told: Mirror) -> None:
    told.seen(failed(5), "shop")
    told.seen(failed(6), "shop")
    found: list[int] = []
    before = 0
    while page := (await told.history(HistoryQuery(limit=2, before_cursor=before))).entries:
        found += [int(e.event.id, 16) for e in page]
        before = page[-1].cursor
    assert found == [6, 5, 4, 3, 2, 1]


async def test_what_was_recorded_here_passes_the_same_filters(told: Mirror) -> None:
    told.seen(failed(9, command="cargo build"), "shop")
    assert await _numbers(told, HistoryQuery(text="cargo")) == [9]
    assert await _numbers(told, HistoryQuery(kind="file")) == [3]
    assert await _numbers(told, HistoryQuery(since_ms=BEGAN_MS + 9 * 60_000)) == [9]


async def test_without_a_name_it_is_of_the_project_that_the_dragon_said(told: Mirror) -> None:
    told.seen(failed(9, command="cargo build"))
    assert await _numbers(told, HistoryQuery(project="shop")) == [9, 4, 2, 1]


async def test_a_working_copy_may_be_named_by_its_path(tmp_path: Path) -> None:
    async with Mirror.open(tmp_path / "near.db", copies=lambda: {"/shop": COPY}) as mirror:
        await tell(mirror, *all_told(entry(1), _file(2, "a"), cursor=2))
        assert await _numbers(mirror, HistoryQuery(working_copy="/shop")) == [1]


async def test_what_cannot_be_asked_here_is_said(told: Mirror) -> None:
    asked = (await told.history(HistoryQuery(text="make"))).freshness.not_asked
    assert asked == (NO_OUTPUT, LATELY)
    page = await told.history(HistoryQuery(like=EventId("1" * 32)))
    assert (page.entries, page.freshness.not_asked) == ((), (NO_LIKENESS, LATELY))
    by_id = await told.history(HistoryQuery(project="0123456789abcdef"))
    assert by_id.freshness.not_asked == (NO_ID, LATELY)


async def test_an_empty_mirror_says_that_nothing_was_told(mirror: Mirror) -> None:
    said = (await mirror.history(HistoryQuery())).freshness.not_asked
    assert "has not told this laptop yet" in said[0]


async def test_an_event_is_opened_with_what_is_kept_of_it(told: Mirror) -> None:
    found = await told.event(event_id(1))
    assert found is not None
    event, project = found
    assert isinstance(event.body, CommandFinished)
    assert (project, event.body.command) == ("shop", "make clean")
    assert (event.body.output.text, event.body.output.bytes_dropped) == ("", 15)
    assert await told.event(EventId("f" * 32)) is None


async def test_what_failed_here_is_opened_with_what_it_printed(told: Mirror) -> None:
    told.seen(failed(9, failure(1)), "shop")
    found = await told.event(event_id(9))
    assert found is not None
    assert isinstance(found[0].body, CommandFinished)
    assert found[0].body.output.text == "what it printed"


async def test_what_waits_in_the_outbox_is_seen_at_a_start(tmp_path: Path) -> None:
    async with Outbox.open(tmp_path / "outbox.db") as outbox:
        await outbox.append([(failed(n, failure(n)), {}) for n in range(1, 251)])
        await outbox.acknowledge(10)
        async with Mirror.open(tmp_path / "near.db") as mirror:
            await see_waiting(outbox, mirror)
            numbers = await _numbers(mirror, HistoryQuery(limit=1_000))
            assert numbers == list(range(250, 10, -1))
            assert (await mirror.recall(last=True)).failure == failure(250)
