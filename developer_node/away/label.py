"""What an answer says of itself that was made on this laptop."""

from __future__ import annotations

from datetime import datetime

from common.clock import Clock
from common.model.answer import Away, AwaySource
from developer_node.away.presence import Absence, State


def label(
    source: AwaySource,
    *,
    absence: Absence,
    as_of_ms: int,
    waiting: int,
    clock: Clock,
    model: str = "",
) -> Away:
    """For an answer given now."""
    now_ms = clock.now_ms()
    said = _rests_on(source, _when(as_of_ms, now_ms) if as_of_ms else "", model)
    sentence = f"{_missed(absence, now_ms)} {said}; {_waits(waiting)}."
    return Away(source, sentence, as_of_ms, waiting)


def short(state: State) -> str:
    """Where there is no room for since when."""
    return "The Dragon is away" if state == "gone" else "The Dragon does not answer"


def _missed(absence: Absence, now_ms: int) -> str:
    since = _when(absence.since_ms, now_ms)
    match absence.state:
        case "there":
            return "The Dragon did not answer just now."
        case _ if not absence.was_heard:
            began = f"this laptop's daemon, begun at {since}, has not heard it yet"
            return f"{short(absence.state)}: {began}."
        case "gone":
            return f"The Dragon is away since {since}."
        case "silent":
            return f"The Dragon does not answer (since {since})."


def _rests_on(source: AwaySource, when: str, model: str) -> str:
    match source:
        case "mirror":
            return f"From this laptop's mirror of {when}" if when else "This laptop has no mirror"
        case "files":
            return "From the files on this laptop"
        case "cache":
            return f"An answer of {when}, whose evidence has not changed since"
        case "model":
            return f"By {model} on this laptop, from its files"


def _waits(waiting: int) -> str:
    if not waiting:
        return "nothing waits"
    return "1 record waits" if waiting == 1 else f"{waiting:,} records wait"


def _when(at_ms: int, now_ms: int) -> str:
    """In this machine's time, the day only where it is another."""
    at, now = (datetime.fromtimestamp(ms / 1_000).astimezone() for ms in (at_ms, now_ms))
    return f"{at:%H:%M}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"
