"""Lists of events under filters: exact, whatever is combined, and so is paging through them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.model.event import IMPORTED_LOG, Event, GitOperation
from common.model.lake import HistoryQuery
from dragon_node.lake import history
from dragon_node.lake.history import paging
from tests.support.lake import COPY, OTHER_COPY, ran, saved, seen
from tests.support.project_file import MINUTE_MS, ProjectFile, committed, failed


def _ids(file: ProjectFile, q: HistoryQuery) -> list[int]:
    return [kept.lsn for kept in history.page(file.db, q)]


def test_text_is_looked_for_in_commands_outputs_and_commit_messages() -> None:
    file = ProjectFile()
    file.tell(ran("pytest tests/orders", "3 passed"))
    file.tell(ran("make", "E: ordersTable is missing\nstopped"))
    file.tell(committed("c1", "a.py", subject="orders: rounding"))
    file.tell(ran("ls", "nothing of it"))
    found = history.page(file.db, HistoryQuery(text="orders"))
    assert [(kept.lsn, kept.excerpt) for kept in found] == [
        (3, ""),
        (2, "E: ordersTable is missing"),
        (1, ""),
    ]


def test_all_words_must_be_there() -> None:
    file = ProjectFile()
    file.tell(ran("make", "connection refused"))
    file.tell(ran("make", "connection made"))
    assert _ids(file, HistoryQuery(text="refused connection")) == [1]
    assert _ids(file, HistoryQuery(text="???")) == []


def test_the_output_itself_stays_out_of_a_list() -> None:
    file = ProjectFile()
    file.tell(ran("make", "needle"))
    (kept,) = history.page(file.db, HistoryQuery(text="needle"))
    assert isinstance(kept.event, Event)
    assert "needle" not in repr(kept.event.body)


def test_what_was_imported_pushes_nothing_out_and_is_found_by_its_words() -> None:
    """It arrived last and happened long ago, or nobody knows when."""
    file = ProjectFile()
    file.tell(ran("make"), at_ms=1_000)
    for recorder, at_ms in (("atuin", 500), ("bash", 0), ("zsh", 400), ("fish", 300)):
        old = replace(ran(f"make {recorder}"), recorder=recorder, exit_codes=())
        file.tell(old, at_ms=at_ms)
    file.tell(GitOperation("other", message=IMPORTED_LOG), at_ms=600)
    file.tell(replace(ran("ls"), recorder="shell"), at_ms=2_000)
    assert _ids(file, HistoryQuery()) == [7, 1]
    assert _ids(file, HistoryQuery(limit=1, before_cursor=7)) == [1]
    assert _ids(file, HistoryQuery(kind="command")) == [7, 1]
    assert _ids(file, HistoryQuery(kind="git")) == []
    assert _ids(file, HistoryQuery(since_ms=1, until_ms=1_500)) == [1]
    assert _ids(file, HistoryQuery(text="make")) == [5, 4, 3, 2, 1]
    assert _ids(file, HistoryQuery(text="make", until_ms=450)) == [5, 4], "0 is no time"
    history.remove(file.db, [2])
    assert file.db.execute("SELECT lsn FROM imported ORDER BY lsn").fetchall() == [
        (3,),
        (4,),
        (5,),
        (6,),
    ]


def test_filters_are_exact_alone_and_together() -> None:
    file = ProjectFile()
    file.tell(seen("/home/ada/thing"), at_ms=1)
    file.tell(seen("/home/ada/clone"), at_ms=2, copy=OTHER_COPY)
    file.tell(ran("make", "red"), at_ms=10)
    file.tell(ran("make", "red"), at_ms=20, copy=OTHER_COPY)
    file.tell(saved("a.py", "red"), "red", at_ms=30)
    file.tell(ran("make", "blue"), at_ms=40)
    assert _ids(file, HistoryQuery(working_copy="/home/ada/clone")) == [4, 2]
    assert _ids(file, HistoryQuery(working_copy=str(COPY), kind="command")) == [6, 3]
    assert _ids(file, HistoryQuery(since_ms=20, until_ms=40)) == [5, 4]
    assert _ids(file, HistoryQuery(text="red", working_copy="/home/ada/thing/")) == [3]
    assert _ids(file, HistoryQuery(text="red", since_ms=15)) == [4]


@pytest.mark.parametrize("sparse", [0, 5_000])
@pytest.mark.parametrize(
    "q",
    [
        HistoryQuery(),
        HistoryQuery(kind="command"),
        HistoryQuery(text="even"),
        HistoryQuery(since_ms=20, until_ms=80),
        HistoryQuery(text="even", kind="command", since_ms=20, working_copy=str(COPY)),
    ],
)
def test_pages_together_are_the_whole_list(
    q: HistoryQuery, sparse: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "SPARSE", sparse)
    file = ProjectFile()
    for n in range(50):
        # Clocks of two machines disagree: time does not follow position.
        at_ms = (n * 37) % 100
        file.tell(
            ran("make", "even" if n % 2 == 0 else "odd"),
            at_ms=at_ms,
            copy=COPY if n % 3 else OTHER_COPY,
        )
    whole = _ids(file, replace(q, limit=1_000))
    pages: list[int] = []
    while page := _ids(file, replace(q, limit=4, before_cursor=pages[-1] if pages else 0)):
        pages += page
    assert pages == whole
    assert whole == sorted(whole, reverse=True)
    assert len(whole) > 4


def test_those_most_like_an_event_come_first_and_it_is_not_one_of_them() -> None:
    file = ProjectFile()
    for n in range(30):
        file.tell(ran("pytest -q", f"{n} passed in 3s"))
    asked = file.tell(failed("pytest -q", "OperationalError: deadlock detected"))
    twin = file.tell(failed("pytest -q", "OperationalError: deadlock detected again"))
    assert isinstance(asked, Event)
    assert isinstance(twin, Event)
    found = paging.like(file.db, asked, HistoryQuery(like=asked.id))
    assert found[0].event.id == twin.id
    assert 0.5 < found[0].likeness < 1.0
    assert asked.id not in [kept.event.id for kept in found]


def test_likeness_keeps_to_the_filters() -> None:
    file = ProjectFile()
    asked = file.tell(ran("pytest", "deadlock"), at_ms=10)
    file.tell(ran("pytest", "deadlock"), at_ms=20)
    file.tell(ran("pytest", "deadlock"), at_ms=30)
    assert isinstance(asked, Event)
    found = paging.like(file.db, asked, HistoryQuery(like=asked.id, since_ms=25))
    assert [kept.lsn for kept in found] == [3]


def test_a_session_ends_with_half_an_hour_of_silence() -> None:
    file = ProjectFile()
    for at_ms in (0, 29 * MINUTE_MS, 58 * MINUTE_MS, 89 * MINUTE_MS):
        file.tell(ran(), at_ms=at_ms)
    file.tell(ran(), at_ms=60 * MINUTE_MS, copy=OTHER_COPY)
    rows = file.db.execute("SELECT session FROM events ORDER BY lsn").fetchall()
    first, second, third, fourth, elsewhere = (row[0] for row in rows)
    assert first == second == third
    assert len({first, fourth, elsewhere}) == 3


def test_an_event_that_was_removed_is_not_found_by_its_words() -> None:
    file = ProjectFile()
    file.tell(ran("make", "needle"))
    with file.db:
        history.remove(file.db, [1])
    assert _ids(file, HistoryQuery(text="needle")) == []
    assert history.count(file.db) == 0
    assert file.db.execute("SELECT count(*) FROM refs").get == 0
