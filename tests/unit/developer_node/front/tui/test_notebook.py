"""What the screens know, within limits."""

from __future__ import annotations

from dataclasses import replace

from common.model.event import Body, CommandFinished, Event, FileChanged, ProofFinished
from common.model.failure import Recollection, Suggestion
from common.model.ids import EventId, Fingerprint, WorkingCopyId
from common.model.lake import HistoryEntry
from common.model.laptop import LaptopStatus, WatchedRepository
from developer_node.front.tui.notebook import CARDS_MAX, EVENTS_MAX, FILES_MAX, Notebook

COPY = WorkingCopyId("1" * 16)
RUN = CommandFinished("make", "/", (0,), 5)


def event(number: int, body: Body = RUN) -> Event:
    """At second `number`."""
    return Event(EventId(f"{number:032x}"), number * 1_000, COPY, body)


def card(number: int) -> Suggestion:
    """At second `number`."""
    return Suggestion(
        f"s{number}", number, number * 1_000, EventId(""), "", "", Recollection("same")
    )


def test_the_same_event_from_feed_and_history_is_one() -> None:
    """And after a reconnect the feed says everything again."""
    notebook = Notebook()
    notebook.add_events([event(1), event(2)])
    notebook.add_history([HistoryEntry(1, event(1), "thing")])
    assert [entry.event.id for entry in notebook.entries()] == [event(2).id, event(1).id]


def test_at_the_limit_the_oldest_go() -> None:
    """Of commands and of files, each for themselves."""
    notebook = Notebook()
    notebook.add_events(event(n) for n in range(EVENTS_MAX + 5))
    notebook.add_events(event(10_000 + n, FileChanged("a")) for n in range(FILES_MAX + 5))
    entries = notebook.entries()
    assert len(entries) == EVENTS_MAX + FILES_MAX
    assert entries[-1].event.id == event(5).id


def test_the_dragons_name_for_a_project_wins_over_the_directory() -> None:
    """Two clones in two directories are one project."""
    notebook = Notebook()
    notebook.add_events([event(1)])
    notebook.set_status(
        LaptopStatus(repositories=(WatchedRepository("/home/x/clone2", COPY, 1, 0, "watching"),))
    )
    assert notebook.entries()[0].project == "clone2"
    notebook.add_history([HistoryEntry(1, event(1), "thing")])
    assert notebook.entries()[0].project == "thing"


def test_a_card_is_new_once() -> None:
    """It is announced once, and looked at once."""
    notebook = Notebook()
    assert notebook.add_cards([card(1), card(1)]) == [card(1)]
    assert notebook.unseen == {"s1"}
    notebook.unseen.discard("s1")
    assert notebook.add_cards([card(1)]) == []
    assert notebook.unseen == set()


def test_old_cards_go_at_the_limit_and_are_not_called_new_any_more() -> None:
    """A badge must not count what cannot be opened."""
    notebook = Notebook()
    notebook.add_cards(card(n) for n in range(CARDS_MAX + 3))
    assert len(notebook.cards()) == CARDS_MAX == len(notebook.unseen)
    assert notebook.cards()[0].id == f"s{CARDS_MAX + 2}"


def test_below_the_limit_no_card_goes() -> None:
    """The control case of the one before."""
    notebook = Notebook()
    notebook.add_cards(card(n) for n in range(CARDS_MAX - 30))
    notebook.add_cards([card(500)])
    assert len(notebook.cards()) == CARDS_MAX - 29


def test_of_a_fix_that_was_tried_twice_the_last_verdict_holds() -> None:
    """History comes newest first, and a remedy's proof is none of a fix."""
    held = Notebook()
    first = ProofFinished("", Fingerprint(""), "unproven", commit="c")
    held.add_events((event(9, replace(first, verdict="confirmed")), event(5, first)))
    held.add_events((event(10, replace(first, remedy_id="r", commit="d")),))
    assert {commit: proof.verdict for commit, proof in held.mined.items()} == {"c": "confirmed"}
