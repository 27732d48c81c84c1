"""How long what commands printed is kept."""

from __future__ import annotations

from common.model.event import CommandFinished, Event
from common.model.lake import HistoryQuery
from dragon_node.lake import history
from dragon_node.lake.history import retention
from dragon_node.lake.history.retention import DAY_MS, OutputRule
from dragon_node.lake.records import Note
from tests.support.lake import ran
from tests.support.project_file import ProjectFile, failed

NOW = 1_000 * DAY_MS
FOREVER = OutputRule(days=0, bytes_a_project=0)


def _outputs(file: ProjectFile) -> list[str]:
    events = (history.at(file.db, lsn) for lsn in range(1, file.lsn + 1))
    bodies = [event.body for event in events if event is not None]
    return [body.output.text for body in bodies if isinstance(body, CommandFinished)]


def _retain(file: ProjectFile, rule: OutputRule) -> None:
    while (before_ms := retention.due(file.db, rule, NOW)) is not None:
        file.tell(Note("retain", {"before_ms": str(before_ms)}))


def test_old_outputs_go_and_the_rest_of_their_event_stays() -> None:
    file = ProjectFile()
    old = file.tell(ran("make", "old words"), at_ms=NOW - 181 * DAY_MS)
    file.tell(ran("make", "new words"), at_ms=NOW - 179 * DAY_MS)
    _retain(file, OutputRule(days=180))
    assert _outputs(file) == ["", "new words"]
    kept = history.at(file.db, 1)
    assert isinstance(old, Event)
    assert kept is not None
    assert isinstance(kept.body, CommandFinished)
    assert (kept.body.command, kept.body.exit_codes) == ("make", (0,))
    assert kept.body.output.bytes_dropped == len("old words")
    assert [k.lsn for k in history.page(file.db, HistoryQuery(text="make"))] == [2, 1]
    assert [k.lsn for k in history.page(file.db, HistoryQuery(text="words"))] == [2]


def test_the_oldest_outputs_go_when_they_take_too_much_room() -> None:
    file = ProjectFile()
    for n in range(5):
        file.tell(ran("make", str(n) * 10), at_ms=n)
    _retain(file, OutputRule(days=0, bytes_a_project=25))
    assert _outputs(file) == ["", "", "", "3" * 10, "4" * 10]


def test_the_last_occurrence_of_a_failure_keeps_its_output() -> None:
    file = ProjectFile()
    for n in range(3):
        file.tell(failed(text=f"trace {n}"), at_ms=n)
    file.tell(failed(text="another", fingerprint="e" * 32), at_ms=3)
    _retain(file, OutputRule(days=180))
    assert _outputs(file) == ["", "", "trace 2", "another"]


def test_nothing_is_due_without_a_bound() -> None:
    file = ProjectFile()
    file.tell(ran("make", "old"), at_ms=1)
    assert retention.due(file.db, FOREVER, NOW) is None


def test_a_note_does_not_reach_what_came_after_it() -> None:
    file = ProjectFile()
    file.tell(Note("retain", {"before_ms": str(NOW)}))
    file.tell(ran("make", "told late"), at_ms=1)
    assert _outputs(file) == ["told late"]
