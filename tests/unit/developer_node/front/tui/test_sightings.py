"""What of the sightings of a working copy is told."""

from __future__ import annotations

from common.model.event import (
    Body,
    CommandFinished,
    Event,
    FileChanged,
    GitOperation,
    WorkingCopySeen,
)
from common.model.ids import EventId, WorkingCopyId
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.sightings import told

HERE, THERE = WorkingCopyId("1" * 16), WorkingCopyId("2" * 16)


def day(*bodies: Body | tuple[WorkingCopyId, Body]) -> list[Entry]:
    """Oldest first as written; newest first as a notebook gives them."""
    made: list[Entry] = []
    for number, body in enumerate(bodies):
        at, what = body if isinstance(body, tuple) else (HERE, body)
        made.append(Entry(Event(EventId(f"{number:032x}"), number, at, what), "thing"))
    return made[::-1]


def seen(head: str = "a", files: int = -1, *, anew: bool = False) -> WorkingCopySeen:
    """A sighting."""
    return WorkingCopySeen("/t", "m", head=head, files=files, anew=anew)


def bodies(entries: list[Entry]) -> list[Body]:
    """What is told, oldest first."""
    return [entry.event.body for entry in reversed(told(entries))]


def test_a_first_scan_is_one_row_with_its_count_and_none_of_its_files() -> None:
    """Nobody saved them; a file saved afterwards is a save."""
    after = FileChanged("saved.py")
    entries = day(seen(anew=True), FileChanged("a.py"), FileChanged("b.py"), seen(files=2), after)
    assert bodies(entries) == [seen(files=2), after]


def test_while_a_first_scan_runs_its_beginning_is_the_row() -> None:
    """And a file of another working copy is still a save."""
    other = FileChanged("c.py")
    entries = day(seen(anew=True), FileChanged("a.py"), (THERE, other))
    assert bodies(entries) == [seen(anew=True), other]


def test_what_changed_while_the_daemon_was_away_is_told() -> None:
    """The scan of a later start is no first one."""
    changed = FileChanged("a.py")
    entries = day(seen(files=2), seen(), changed, seen(files=2))
    assert bodies(entries) == [seen(files=2), changed]


def test_a_sighting_at_the_same_head_is_told_once() -> None:
    """Two come at each start."""
    entries = day(seen(), seen(files=2), CommandFinished("make", "/", (0,), 5), seen(files=3))
    assert bodies(entries) == [seen(files=2), CommandFinished("make", "/", (0,), 5)]


def test_a_head_that_moved_is_told_by_git_or_else_by_the_sighting() -> None:
    """Never by both."""
    moved = GitOperation("commit", "a", "b")
    assert bodies(day(seen(files=2), moved, seen("b", 2))) == [seen(files=2), moved]
    assert bodies(day(seen(files=2), seen("b", 2))) == [seen(files=2), seen("b", 2)]


def test_a_program_that_tells_of_itself_has_one_row() -> None:
    run = EventId("f" * 32)
    first = CommandFinished("serve", "/", (), 1, run=run, running=True)
    second = CommandFinished("serve", "/", (), 2, run=run, running=True)
    end = CommandFinished("serve", "/", (0,), 3, run=run)
    assert bodies(day(first, second)) == [second]
    assert bodies(day(first, second, end)) == [end]
