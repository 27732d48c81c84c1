"""A hybrid logical clock: stamps that follow the wall clock, and never what was already seen.

A stamp is milliseconds since 1970 UTC times 65,536, plus a count (Kulkarni and others, 2014).
"""

from __future__ import annotations

from common.errors import Conflict

COUNT_BITS = 16
DRIFT_MS_MAX = 60_000
"""Two clocks that are further apart exchange nothing: the last writer would win by mistake."""


class Stamps:
    """One a replica. Whoever takes a stamp keeps `last` on disk before it acknowledges."""

    def __init__(self, last: int = 0) -> None:
        self.last = last
        """The newest stamp that was given or seen here."""

    def next(self, now_ms: int) -> int:
        """A stamp above all that were given or seen."""
        self.last = max(self.last + 1, stamp_at(now_ms))
        return self.last

    def see(self, stamp: int) -> None:
        """Later stamps are above this one."""
        self.last = max(self.last, stamp)


def stamp_at(ms: int) -> int:
    """The first stamp of a millisecond."""
    return ms << COUNT_BITS


def ms_of(stamp: int) -> int:
    """When a stamp was given."""
    return stamp >> COUNT_BITS


def check_clocks(theirs_ms: int, own_ms: int) -> None:
    """Conflict, with words for a person, when two clocks are more than 60 s apart."""
    apart_ms = theirs_ms - own_ms
    if abs(apart_ms) > DRIFT_MS_MAX:
        where = "ahead of" if apart_ms > 0 else "behind"
        raise Conflict(
            f"this machine's clock is {_span(abs(apart_ms))} {where} the Coordinator's;"
            " more than 60 s would let the wrong edit win",
            hint="Set the clock; what was edited waits here until then.",
        )


def check_stamp(stamp: int, own_ms: int) -> None:
    """Conflict when a stamp is of a time more than 60 s from now."""
    ahead_ms = ms_of(stamp) - own_ms
    if ahead_ms > DRIFT_MS_MAX:
        raise Conflict(
            f"an edit carries a time that is {_span(ahead_ms)} ahead of the Coordinator's clock",
            hint="Set the clock; what was edited waits here until then.",
        )


def _span(ms: int) -> str:
    seconds = ms // 1_000
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"
