"""Reads a time as people write it: 2h, 3d, 21:40, yesterday, 2026-03-01, 2026-03-01T09:30."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from common.errors import Invalid

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"(\d{1,6})\s*([smhdw])")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")


def since_ms(text: str, now: datetime) -> int:
    """Milliseconds since 1970; `now` knows its zone, and a time without one is meant there. A time
    of day is the last one that was."""
    word = text.strip().lower()
    if age := _AGE.fullmatch(word):
        seconds = int(age[1]) * _UNITS[age[2]]
        return int((now.timestamp() - seconds) * 1000)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if word in ("today", "yesterday"):
        at = midnight if word == "today" else midnight - timedelta(days=1)
        return int(at.timestamp() * 1000)
    if clock := _CLOCK.fullmatch(word):
        at = midnight.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0))
        return int((at if at <= now else at - timedelta(days=1)).timestamp() * 1000)
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(
            f"{text!r} is not a time.",
            field="since",
            hint="Write 2h, 3d, 21:40, yesterday, 2026-03-01 or 2026-03-01T09:30.",
        ) from None
    return int((at if at.tzinfo else at.replace(tzinfo=now.tzinfo)).timestamp() * 1000)


def bound_ms(text: str) -> int:
    """The same from now on, in this machine's zone; 0, which bounds nothing, for no text."""
    return since_ms(text, datetime.now().astimezone()) if text else 0
