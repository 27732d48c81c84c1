"""What an answer says of itself that was made on this laptop."""

from __future__ import annotations

from datetime import datetime

from common.clock import Clock
from common.model.answer import Away, AwaySource


def label(
    source: AwaySource, *, since_ms: int, as_of_ms: int, waiting: int, clock: Clock, model: str = ""
) -> Away:
    """For an answer given now. `since_ms`: when the Dragon was last heard."""
    now_ms = clock.now_ms()
    said = _rests_on(source, _when(as_of_ms, now_ms) if as_of_ms else "", model)
    sentence = f"The Dragon is away since {_when(since_ms, now_ms)}. {said}; {_waits(waiting)}."
    return Away(source, sentence, as_of_ms, waiting)


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
