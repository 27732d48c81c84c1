"""What is typed into the timeline's filter: words, and terms that mean something. Pure.

kind:command  project:ledger  failed  since:2h
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from common.errors import Invalid
from common.model.event import CommandFinished, EventKind, kind_of
from developer_node.front.tui.notebook import Entry

KINDS: tuple[EventKind, ...] = get_args(EventKind)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row must have."""

    words: str = ""
    """Each of which must stand in it."""
    kinds: tuple[EventKind, ...] = ()
    """One of them; any when empty."""
    project: str = ""
    """Part of its name, in lower case."""
    failed: bool = False
    since_ms: int = 0
    fault: str = ""
    """What is wrong with what was typed; then nothing is left out by it."""

    def admits(self, entry: Entry) -> bool:
        """Whether an event is meant; words are looked for in its row."""
        event = entry.event
        return (
            (not self.kinds or kind_of(event.body) in self.kinds)
            and self.project in entry.project.lower()
            and (not self.failed or _failed(entry))
            and event.at_ms >= self.since_ms
        )

    @property
    def only_words(self) -> bool:
        """No event is left out before its row is made."""
        return not (self.kinds or self.project or self.failed or self.since_ms)


def read_terms(typed: str, since: Callable[[str], int]) -> Terms:
    """`since` reads a time as people write it; Invalid when it cannot."""
    words: list[str] = []
    faults: list[str] = []
    kinds: tuple[EventKind, ...] = ()
    project, failed, since_ms = "", False, 0
    for word in typed.split():
        name, colon, value = word.partition(":")
        match name.lower() if colon else word.lower():
            case "kind" if colon:
                kinds = _kinds(value.lower())
                if not kinds:
                    faults.append(f"there is no kind {value[:30]}: {', '.join(KINDS)}")
            case "project" if colon:
                project = value.lower()
            case "since" if colon:
                since_ms = _since(value, since, faults)
            case "failed" if not colon:
                failed = True
            case _:
                words.append(word)
    return Terms(" ".join(words), kinds, project, failed, since_ms, "; ".join(faults))


def admitted(entries: Sequence[Entry], terms: Terms) -> Sequence[Entry]:
    """Those that are meant."""
    return entries if terms.only_words else [entry for entry in entries if terms.admits(entry)]


def _failed(entry: Entry) -> bool:
    body = entry.event.body
    return isinstance(body, CommandFinished) and not body.running and any(body.exit_codes)


def _kinds(value: str) -> tuple[EventKind, ...]:
    """While one types, what begins like that."""
    return tuple(kind for kind in KINDS if kind.startswith(value))


def _since(value: str, since: Callable[[str], int], faults: list[str]) -> int:
    try:
        return since(value)
    except Invalid as error:
        faults.append(f"since: {error.hint or error.message}".rstrip("."))
        return 0
