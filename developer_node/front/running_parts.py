"""Parts of programs that tell of themselves while they run: one row a program, never two."""

from __future__ import annotations

from collections.abc import Iterable

from common.model.event import CommandFinished, Event
from common.model.ids import EventId


def superseded(events: Iterable[Event]) -> set[EventId]:
    """The parts whose program has ended, or has told of itself again since."""
    parts: dict[EventId, list[Event]] = {}
    ended: set[EventId] = set()
    for event in events:
        match event.body:
            case CommandFinished(running=True, run=run) if run:
                parts.setdefault(run, []).append(event)
            case CommandFinished(run=run) if run:
                ended.add(run)
            case _:
                pass
    gone: set[EventId] = set()
    for run, told in parts.items():
        newest = None if run in ended else max(told, key=_age)
        gone |= {event.id for event in told if event is not newest}
    return gone


def _age(event: Event) -> tuple[int, str]:
    return event.at_ms, event.id
