"""What lies before, page by page and kind by kind."""

from __future__ import annotations

from common.model.event import Event, EventKind
from common.model.lake import HistoryEntry
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.older import PAGE, Older
from tests.support.scripted_daemon import ScriptedDaemon
from tests.support.tui_scenes import command, saved

KINDS: tuple[EventKind, ...] = ("command", "file")


def remembered(*events: Event) -> ScriptedDaemon:
    """A Dragon that remembers these, newest first."""
    newest_first = sorted(events, key=lambda event: -event.at_ms)
    return ScriptedDaemon(history=[HistoryEntry(n, e, "p") for n, e in enumerate(newest_first)])


async def test_each_kind_goes_back_from_its_own_oldest_until_there_is_no_more() -> None:
    past = [command(n, 1_000 + n, f"echo {n}") for n in range(PAGE + 50)]
    files = [saved(900 + n, 50 + n, f"{n}.py") for n in range(3)]
    daemon, older = remembered(*past, *files), Older()
    newer = [Entry(event, "p") for event in (past[0], files[0])]
    assert older.with_newer(newer) == newer
    assert await older.fetch(daemon, newer, KINDS) == PAGE - 1 + 2
    assert older.ended(("file",)) and not older.ended(KINDS)
    assert await older.fetch(daemon, newer, KINDS) == 50
    assert await older.fetch(daemon, newer, KINDS) == 0
    assert older.ended(KINDS)
    held = [entry.event for entry in older.with_newer(newer)]
    assert set(held) == {*past, *files}
    assert [e.at_ms for e in held] == sorted((e.at_ms for e in held), reverse=True)


async def test_what_the_notebook_lets_go_stays_between_the_new_and_the_old() -> None:
    """Otherwise a gap would open in the middle of the list."""
    old, middle, new = command(1, 300, "a"), command(2, 200, "b"), command(3, 100, "c")
    older = Older()
    await older.fetch(remembered(old), [Entry(middle, "p")], ("command",))
    held = [entry.event for entry in older.with_newer([Entry(new, "p")])]
    assert held == [new, middle, old]
