"""Where the time from a command to its card goes, out of the calls that were noted meanwhile.

tracing/sitecustomize.py notes them; all processes share one clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.report import median, quantile

TRACING = Path(__file__).parent / "tracing"
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """One call, in nanoseconds."""

    name: str
    begun: int
    ended: int
    cpu: int = 0
    """Of the thread that called, while it ran there."""
    pid: int = 0


def length(trace: Path) -> int:
    """How much was noted so far; what is noted later is beyond it."""
    return trace.stat().st_size


def read(trace: Path, after: int) -> list[Span]:
    """The calls that were noted beyond a length of the file, in order of their begin."""
    with trace.open("rb") as file:
        file.seek(after)
        lines = file.read().decode("ascii").splitlines()
    spans: list[Span] = []
    for line in lines:
        name, *numbers = line.split()
        spans.append(Span(name, *map(int, numbers)))
    return sorted(spans, key=lambda s: s.begun)


def stages(spans: Sequence[Span], returned: int, arrived: int) -> Mapping[str, float]:
    """Milliseconds of each stage of one card; what was not seen is left out."""
    found: dict[str, float] = {}

    def first(name: str, after: int) -> Span | None:
        return next((s for s in spans if s.name == name and s.begun >= after), None)

    def lasted(stage: str, span: Span | None) -> int:
        if span is None:
            return 0
        found[stage] = (span.ended - span.begun) / _MS
        return span.ended

    def gap(stage: str, begun: int, ended: int | None) -> None:
        if begun and ended:
            found[stage] = (ended - begun) / _MS

    write = first("written.write", 0)
    if write is None:
        return found
    gap("prompt to recorder", returned, write.begun)
    lasted("recorder in all", write)
    inside = [s for s in spans if write.begun <= s.begun and s.ended <= write.ended]
    for name, stage in _INSIDE.items():
        spent = sum(s.ended - s.begun for s in inside if s.name == name)
        found[stage] = spent / _MS
    spooled = next((s for s in inside if s.name == "spool.write"), write)
    spool_end = lasted("spool: seal, fsync, rename", spooled)
    read_ = first("spool.read", spooled.begun)
    gap("notice", spool_end, read_ and read_.begun)
    lasted("spool read", read_)
    understood = first("terminal._understood", read_.ended if read_ else 0)
    parsed = lasted("parse", understood)
    appended = lasted("outbox, fsync", first("outbox.append", parsed))
    will = first("outbox.will_send", appended)
    gap("outbox to sender: batch, offer of contents", appended, will and will.begun)
    lasted("will_send, fsync", will)
    sent = first("lake.records", will.ended if will else 0)
    journal = first("journal.append", sent.begun if sent else 0)
    gap("wire", sent.begun if sent else 0, journal and journal.begun)
    journalled = lasted("journal, fsync", journal)
    decided = first("cards.offer", journalled)
    apply = next(
        (s for s in reversed(spans) if decided and s.name == "memory.apply" and _in(decided, s)),
        None,
    )
    gap("to apply", journalled, apply and apply.begun)
    lasted("apply to the failure memory", apply)
    lasted("of it the card's decision", decided)
    shown = first("suggesting._shown", decided.ended if decided else 0)
    gap("applied to listener", decided.ended if decided else 0, shown and shown.begun)
    shown_end = lasted("card put together", shown)
    gap("back to the feed's reader", shown_end, arrived)
    return found


_INSIDE = {
    "snapshot.take": "of it the files again",
    "redaction.redact": "of it redaction of output",
    "ground._dirty": "of it what differs from HEAD",
    "ground._changes": "of it what changed since the last run",
    "redaction.redact_bytes": "of it redaction of files",
}


def _in(inner: Span, outer: Span) -> bool:
    return outer.begun <= inner.begun and inner.ended <= outer.ended


def said(all_stages: Sequence[Mapping[str, float]]) -> str:
    """Median and p95 of each stage."""
    names = list(dict.fromkeys(name for one in all_stages for name in one))
    parts: list[str] = []
    for name in names:
        values = [one[name] for one in all_stages if name in one]
        parts.append(f"{name} {median(values):.1f} ({quantile(values, 0.95):.1f})")
    return "; ".join(parts)
