"""What of the notebook has a row: a working copy one until HEAD moves, the files of a first scan
none, a program that tells of itself while it runs one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from common.model.event import FileChanged, GitOperation, WorkingCopySeen
from common.model.ids import EventId, WorkingCopyId
from developer_node.front.running_parts import superseded
from developer_node.front.tui.notebook import Entry


@dataclass(slots=True)
class _Known:
    """What is known of one working copy while its events are read, oldest first."""

    head: str = ""
    counted: bool = False
    scanning: bool = False
    shown: EventId | None = None


@dataclass(slots=True)
class _Kept:
    """Rows of sightings that stay, and files that were there before anybody saved them."""

    sightings: set[EventId] = field(default_factory=set[EventId])
    scanned: set[EventId] = field(default_factory=set[EventId])


def told(entries: Sequence[Entry]) -> list[Entry]:
    """Without what only repeats; newest first, as they came."""
    kept = _kept(entries)
    parts = superseded(entry.event for entry in entries)
    return [e for e in entries if e.event.id not in parts and _stays(e, kept)]


def _stays(entry: Entry, kept: _Kept) -> bool:
    match entry.event.body:
        case WorkingCopySeen():
            return entry.event.id in kept.sightings
        case FileChanged():
            return entry.event.id not in kept.scanned
        case _:
            return True


def _kept(entries: Sequence[Entry]) -> _Kept:
    heads = _heads_of_git(entries)
    known: dict[WorkingCopyId, _Known] = {}
    kept = _Kept()
    for entry in reversed(entries):
        event = entry.event
        match event.body:
            case WorkingCopySeen() as seen:
                copy = known.setdefault(event.working_copy, _Known())
                _see(seen, event.id, copy, kept, heads.get(event.working_copy, set()))
            case FileChanged():
                copy = known.get(event.working_copy)
                if copy is not None and copy.scanning:
                    kept.scanned.add(event.id)
            case _:
                pass
    return kept


def _see(seen: WorkingCopySeen, name: EventId, copy: _Known, kept: _Kept, moved: set[str]) -> None:
    first = copy.shown is None or (seen.anew and seen.files < 0)
    counted = seen.files >= 0
    if first:
        kept.sightings.add(name)
        copy.shown, copy.counted = name, counted
    elif counted and not copy.counted:
        # the end of a scan says more than its beginning, so its row takes the place of that one
        kept.sightings.discard(copy.shown or name)
        kept.sightings.add(name)
        copy.shown, copy.counted = name, True
    elif seen.head != copy.head and seen.head not in moved:
        kept.sightings.add(name)
        copy.shown = name
    copy.head = seen.head
    copy.scanning = not counted and (copy.scanning or seen.anew)


def _heads_of_git(entries: Iterable[Entry]) -> dict[WorkingCopyId, set[str]]:
    """Where git rows say that HEAD went."""
    heads: dict[WorkingCopyId, set[str]] = {}
    for entry in entries:
        if isinstance(entry.event.body, GitOperation):
            heads.setdefault(entry.event.working_copy, set()).add(entry.event.body.new)
    return heads
