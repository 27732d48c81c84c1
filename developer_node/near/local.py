"""What was recorded here and the Dragon has not told back yet: it lies over the mirror."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from common.light import light, without_text
from common.model.event import CommandFinished, Event, is_imported
from common.model.failure import Failure, Occurrence
from common.model.ids import EventId

EVENTS_MAX = 2_000
"""The newest: of a longer absence the outbox has the rest."""
OUTPUT_CHARS_MAX = 16 << 10
"""The end of what a failed command printed; of one that went well nothing is kept here."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event and its project's name."""

    event: Event
    project: str


class Local:
    """Events by id, oldest first, on the event loop alone."""

    def __init__(self) -> None:
        self._events: dict[EventId, Recorded] = {}

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: Event, project: str) -> None:
        """It was recorded."""
        self._events[event.id] = Recorded(_shortened(event), project)
        while len(self._events) > EVENTS_MAX:
            del self._events[next(iter(self._events))]

    def told(self, ids: Iterable[EventId]) -> None:
        """The Dragon has them."""
        for event_id in ids:
            self._events.pop(event_id, None)

    def told_before(self, at_ms: int) -> None:
        """The Dragon has told all that happened before then, as far as the mirror keeps it."""
        for event_id in [i for i, r in self._events.items() if r.event.at_ms < at_ms]:
            del self._events[event_id]

    def clear(self) -> None:
        """Nothing was recorded."""
        self._events.clear()

    def get(self, event_id: EventId) -> Recorded | None:
        """One of them; None when it is not here."""
        return self._events.get(event_id)

    def newest_first(self) -> list[Recorded]:
        """By the time at which it happened, and what was recorded later first."""
        ordered = sorted(self._events.values(), key=lambda r: r.event.at_ms)
        return ordered[::-1]

    def last_failure(self) -> Failure | None:
        """The first failure of the newest command that failed."""
        return next((failure for _, failure in self._failures()), None)

    def last_alike(self, fingerprint: str) -> Failure | None:
        """The newest failure of a symptom."""
        return next((f for _, f in self._failures() if f.fingerprint == fingerprint), None)

    def occurrences(self, fingerprint: str) -> tuple[Occurrence, ...]:
        """Newest first, one for each command."""
        found: dict[EventId, Occurrence] = {}
        ended: set[tuple[str, str]] = set()
        for recorded, failure in self._failures():
            if failure.fingerprint != fingerprint:
                continue
            command = _command(recorded.event)
            told = (command.run, failure.test)
            if command.running and told in ended:
                continue  # a part of a program that failed for good at its end: told twice
            if command.run and not command.running:
                ended.add(told)
            found.setdefault(recorded.event.id, _occurrence(recorded, command, failure))
        return tuple(found.values())

    def _failures(self) -> Iterator[tuple[Recorded, Failure]]:
        for recorded in self.newest_first():
            body = recorded.event.body
            if isinstance(body, CommandFinished) and not is_imported(body):
                for failure in body.failures:
                    yield recorded, failure


def _command(event: Event) -> CommandFinished:
    assert isinstance(event.body, CommandFinished)
    return event.body


def _occurrence(recorded: Recorded, command: CommandFinished, failure: Failure) -> Occurrence:
    return Occurrence(
        recorded.event.id,
        recorded.event.at_ms,
        recorded.project,
        command.cwd,
        command.ground.head if command.ground else "",
        command.command,
        failure.message,
        command.ci,
    )


def _shortened(event: Event) -> Event:
    if not isinstance(event.body, CommandFinished) or not event.body.failures:
        return light(event)
    output = event.body.output
    if len(output.text) <= OUTPUT_CHARS_MAX:
        kept = output
    else:
        text = output.text[-OUTPUT_CHARS_MAX:]
        kept = replace(output, text=text, bytes_dropped=output.bytes_total - len(text.encode()))
    shorter = light(replace(event, body=replace(event.body, output=without_text(output))))
    assert isinstance(shorter.body, CommandFinished)
    return replace(shorter, body=replace(shorter.body, output=kept))
