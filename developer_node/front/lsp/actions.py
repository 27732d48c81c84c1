"""What is offered at a failing line: to see a change, and to take it over where it fits exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from common.model.failure import Recollection, Remedy
from common.model.ids import Fingerprint
from developer_node.front.lsp.hunks import LineEdit, edits
from developer_node.front.lsp.wording import label, offered


@dataclass(frozen=True, slots=True)
class Offer:
    """One line in an editor's menu."""

    title: str
    symptom: Fingerprint
    remedy: Remedy
    edits: tuple[LineEdit, ...] = ()
    """Empty: it is only shown."""


def offers(
    symptom: Fingerprint, known: Recollection | None, read: Callable[[str], str | None]
) -> tuple[Offer, ...]:
    """To see each change, best first, and to apply it. A failure that is only similar offers no
    change to apply, nor does a remedy of which it is not known that it is the one."""
    found: list[Offer] = []
    for remedy in offered(known):
        if not remedy.diff:
            continue
        title = f"PostDevAI: show the change {label(remedy)} ({remedy.state})"
        found.append(Offer(title, symptom, remedy))
        if known is None or known.match == "similar" or remedy.state == "ambiguous":
            continue
        fitting = edits(remedy.diff, read) if remedy.kind == "code" else None
        if fitting:
            title = f"PostDevAI: apply the change {label(remedy)} ({remedy.state})"
            found.append(Offer(title, symptom, remedy, fitting))
    return tuple(found)
