"""What laptops share, in lines for people and as data for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from common.model.shared import LostValue, SharedItem, SharedSession, SyncStatus
from developer_node.front.output_page import Line, Span, line
from developer_node.front.output_words import ago, count, iso, size

EVERYWHERE = "everywhere"


def settings(items: Sequence[SharedItem], now_ms: int) -> list[Line]:
    """A line each, with what lost below it."""
    wide = max((len(each.key) for each in items), default=0)
    said: list[Line] = []
    for each in items:
        value = Span("removed", "dim") if each.removed else Span(each.value, "bold")
        said.append(line(f"{each.key:<{wide}}  ", value, _where(each, now_ms)))
        said += _lost(each, now_ms)
    return said or [line("Nothing is set for all laptops. Type: postdevai settings set --help")]


def pins(items: Sequence[SharedItem], now_ms: int) -> list[Line]:
    """A line each."""
    said: list[Line] = []
    for each in items:
        gone = Span("  removed", "dim") if each.removed else Span("")
        said.append(line(Span(each.key, "bold"), gone, _where(each, now_ms)))
        said += _lost(each, now_ms)
    return said or [line("Nothing is pinned. Type: postdevai pins add PATH")]


def notes(items: Sequence[SharedItem], now_ms: int) -> list[Line]:
    """A line each: id, first line, project."""
    said: list[Line] = []
    for each in items:
        gone = Span("removed: ", "dim") if each.removed else Span("")
        said.append(line(Span(each.key, "cyan"), "  ", gone, each.value, _where(each, now_ms)))
        said += _lost_note(each, now_ms)
    return said or [line("There are no notes. Type: postdevai notes add")]


def sync(status: SyncStatus, now_ms: int) -> list[Line]:
    """What waits, when the last exchange was, what lost, who works where."""
    last = ago(status.exchanged_ms, now_ms) if status.exchanged_ms else "never"
    waits = count(status.waiting, "edit") if status.waiting else "nothing"
    said = [
        line("Waiting here    ", Span(waits, "yellow" if status.waiting else "green")),
        line(f"Last exchange   {last}"),
        line(
            f"Shared          {status.fields:,} of {status.fields_max:,} settings and pins,"
            f" {status.notes:,} of {status.notes_max:,} notes, {size(status.bytes)} on disk"
        ),
        line(f"This machine    {status.machine}"),
    ]
    if status.sentence:
        said.append(line("Not now         ", Span(status.sentence, "yellow")))
    for each in status.lost:
        said.append(line(f"Lost            {each.kind} {each.key}", _where(each, now_ms)))
        said += _lost_note(each, now_ms) if each.kind == "note" else _lost(each, now_ms)
    for each in status.sessions:
        said.append(_session(each, now_ms))
    return said


def item(each: SharedItem) -> dict[str, Any]:
    """As data."""
    found: dict[str, Any] = {
        "kind": each.kind,
        "project": each.scope or None,
        "key": each.key,
        "value": None if each.removed else each.value,
        "who": each.who,
        "at": iso(each.at_ms),
        "waits": each.waits,
        "lost": [_lost_data(lost) for lost in each.lost],
    }
    return found | {"bytes": each.size} if each.kind == "note" else found


def items(kind: str, found: Iterable[SharedItem]) -> dict[str, Any]:
    """A list as data."""
    return {kind: [item(each) for each in found]}


def sync_data(status: SyncStatus) -> dict[str, Any]:
    """As data."""
    return {
        "waiting": status.waiting,
        "exchanged_at": iso(status.exchanged_ms),
        "sentence": status.sentence or None,
        "fields": status.fields,
        "fields_max": status.fields_max,
        "notes": status.notes,
        "notes_max": status.notes_max,
        "bytes": status.bytes,
        "machine": status.machine,
        "lost": [item(each) for each in status.lost],
        "sessions": [_session_data(each) for each in status.sessions],
    }


def _where(each: SharedItem, now_ms: int) -> Span:
    waits = ", waits here" if each.waits else ""
    said = f"  {each.scope or EVERYWHERE}, {each.who} {ago(each.at_ms, now_ms)}{waits}"
    return Span(said, "dim")


def _lost(each: SharedItem, now_ms: int) -> list[Line]:
    return [
        line(
            Span("  lost: ", "yellow"),
            "its removal" if lost.removed else lost.value or "the pin",
            Span(f", {lost.who} {ago(lost.at_ms, now_ms)}", "dim"),
        )
        for lost in each.lost
    ]


def _lost_note(each: SharedItem, now_ms: int) -> list[Line]:
    return [
        line(
            Span("  lost: ", "yellow"),
            "its removal" if lost.removed else "an edit; bring it back with: ",
            "" if lost.removed else f"postdevai notes edit {each.key}",
            Span(f", {lost.who} {ago(lost.at_ms, now_ms)}", "dim"),
        )
        for lost in each.lost
    ]


def _session(each: SharedSession, now_ms: int) -> Line:
    files = f", {', '.join(each.files[:3])}" if each.files else ""
    branch = f" on {each.branch}" if each.branch else ""
    return line(
        f"Worked on       {each.scope}{branch}{files}",
        Span(f"  {each.machine} {ago(each.at_ms, now_ms)}", "dim"),
    )


def _session_data(each: SharedSession) -> dict[str, Any]:
    return {
        "project": each.scope,
        "machine": each.machine,
        "node": each.node,
        "branch": each.branch,
        "files": list(each.files),
        "note": each.note,
        "at": iso(each.at_ms),
    }


def _lost_data(lost: LostValue) -> dict[str, Any]:
    value = None if lost.removed else lost.value
    return {"value": value, "removed": lost.removed, "who": lost.who, "at": iso(lost.at_ms)}
