"""What the screens know: events and cards of this session, newest first, within limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from common.model.event import ActDone, Event, FileChanged, ProofFinished
from common.model.failure import Proof, Remedy, Suggestion, Verdict
from common.model.ids import EventId, WorkingCopyId
from common.model.lake import HistoryEntry
from common.model.laptop import FeedState, LaptopStatus
from common.model.remedy import CardStats
from common.model.task import TaskPage
from developer_node.front.tui.gauges import Gauges
from developer_node.front.tui.pulse import Pulse

EVENTS_MAX = 1_000
FILES_MAX = 1_000
"""Saved files have a limit of their own, so that a first scan cannot push the commands out."""
CARDS_MAX = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and the name of its project, as far as it is known."""

    event: Event
    project: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The daemon does not answer."""

    sentence: str
    hint: str


class Notebook:
    """Written by the app from messages, read by the screens; drops the oldest at its limits."""

    def __init__(self) -> None:
        self.status: LaptopStatus | None = None
        self.state: FeedState | None = None
        self.lost: Lost | None = None
        self.tasks: TaskPage | None = None
        """None while nobody can say which there are."""
        self.gauges = Gauges()
        """What was measured in this session."""
        self.pulse = Pulse()
        """How busy the nodes were lately."""
        self.paused = ""
        """Why no command is recorded now, in a sentence; empty while recording goes on."""
        self.verdicts: dict[str, Verdict] = {}
        """What the person said of a remedy in this session."""
        self.taken: dict[str, CardStats] = {}
        """How the cards of each project were taken, as the Dragon said it last."""
        self.snoozed: set[str] = set()
        """Cards that were put off in this session."""
        self.unseen: set[str] = set()
        """Cards that the person has not looked at."""
        self.mined: dict[str, ProofFinished] = {}
        """What came last of each fix of the git log that was tried, by its commit."""
        self._mined_at: dict[str, int] = {}
        self._events: dict[EventId, Event] = {}
        self._files: dict[EventId, Event] = {}
        self._cards: dict[str, Suggestion] = {}
        self._names: dict[WorkingCopyId, str] = {}

    def add_events(self, events: Iterable[Event]) -> None:
        """Known ones are replaced by themselves."""
        for event in events:
            held = self._files if isinstance(event.body, FileChanged) else self._events
            held[event.id] = event
            if isinstance(event.body, ProofFinished):
                self._keep_mined(event.body, event.at_ms)
        _prune(self._events, EVENTS_MAX)
        _prune(self._files, FILES_MAX)

    def add_history(self, entries: Iterable[HistoryEntry]) -> None:
        """What the Dragon remembers, with its names for projects."""
        for entry in entries:
            if entry.project:
                self._names[entry.event.working_copy] = entry.project
            self.add_events((entry.event,))

    def add_cards(self, cards: Iterable[Suggestion]) -> list[Suggestion]:
        """Returns those that are new; of a known one the newest wording is kept."""
        new: list[Suggestion] = []
        for card in cards:
            if card.id not in self._cards:
                new.append(card)
                self.unseen.add(card.id)
            self._cards[card.id] = card
            if card.project:
                self._name_by_event(card)
        for old in self.cards()[CARDS_MAX:]:
            del self._cards[old.id]
            self.unseen.discard(old.id)
        return new

    def add_proof(self, finished: ProofFinished, at_ms: int) -> None:
        """Into every card that shows the remedy; the Dragon says the same when it is asked anew."""
        self._keep_mined(finished, at_ms)
        reason, runs = finished.reason, finished.runs
        proof = Proof(finished.verdict, at_ms, reason, finished.red, finished.green, runs)
        for card in list(self._cards.values()):
            known = card.recollection
            if any(remedy.id == finished.remedy_id for remedy in known.remedies):
                remedies = tuple(_proven(r, finished.remedy_id, proof) for r in known.remedies)
                self._cards[card.id] = replace(card, recollection=replace(known, remedies=remedies))

    def _keep_mined(self, finished: ProofFinished, at_ms: int) -> None:
        commit = "" if finished.remedy_id else finished.commit
        if commit and self._mined_at.get(commit, 0) <= at_ms:  # history comes newest first
            self.mined[commit], self._mined_at[commit] = finished, at_ms

    def set_status(self, status: LaptopStatus) -> None:
        """How things stand; its repositories name what the Dragon has not named yet."""
        self.status = status
        for repository in status.repositories:
            name = PurePosixPath(repository.path).name
            self._names.setdefault(repository.working_copy, name)

    def entries(self) -> list[Entry]:
        """Newest first."""
        events = sorted(
            [*self._events.values(), *self._files.values()], key=_event_age, reverse=True
        )
        return [Entry(event, self._names.get(event.working_copy, "")) for event in events]

    def taken_back(self) -> set[EventId]:
        """Acts that a later one took back."""
        bodies = (event.body for event in self._events.values())
        return {body.reverts for body in bodies if isinstance(body, ActDone) and body.reverts}

    def done_for(self, remedy_id: str) -> ActDone | None:
        """What was done last in the owner's name with a remedy; a patch that was only drafted
        counts where there is nothing else."""
        events = sorted(self._events.values(), key=_event_age)
        acts = [e.body for e in events if isinstance(e.body, ActDone)]
        of_it = [act for act in acts if act.remedy_id == remedy_id]
        return next((a for a in reversed(of_it) if a.action != "drafted"), (of_it or [None])[-1])

    def event(self, event_id: EventId) -> Event | None:
        """None when it was dropped."""
        return self._events.get(event_id) or self._files.get(event_id)

    def cards(self) -> list[Suggestion]:
        """Newest first."""
        return sorted(self._cards.values(), key=_card_age, reverse=True)

    def _name_by_event(self, card: Suggestion) -> None:
        event = self.event(card.event_id)
        if event is not None and event.working_copy:
            self._names[event.working_copy] = card.project


def _proven(remedy: Remedy, identity: str, proof: Proof) -> Remedy:
    if remedy.id != identity:
        return remedy
    state = "confirmed" if proof.verdict == "confirmed" else remedy.state
    return replace(remedy, state=state, proof=proof)


def _event_age(event: Event) -> tuple[int, str]:
    return event.at_ms, event.id


def _card_age(card: Suggestion) -> tuple[int, int, str]:
    return card.at_ms, card.cursor, card.id


def _prune(held: dict[EventId, Event], most: int) -> None:
    if len(held) > most:
        for event in sorted(held.values(), key=_event_age)[: len(held) - most]:
            del held[event.id]
