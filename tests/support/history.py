"""What clients asked, what was acknowledged to them, what they read, and what must follow of it.

Each check is a pure function over a history: it tells what is wrong, a sentence each.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from tests.support.shared_history import Edits

Did = Literal["asked", "acknowledged", "read"]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a client did."""

    who: str
    did: Did
    kind: str
    """event, pin, task, line of a note, ..."""
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody was seen to hold something under an epoch."""

    what: str
    epoch: int
    holder: str
    seen_by: str


@dataclass(slots=True)
class History:
    """All of it, in the order in which the test came to know."""

    lines: list[Line] = field(default_factory=list[Line])
    held: dict[Held, None] = field(default_factory=dict[Held, None])
    edits: Edits = field(default_factory=Edits)
    """Of settings."""

    def say(self, who: str, did: Did, kind: str, name: str, value: str = "") -> None:
        """One more line."""
        self.lines.append(Line(who, did, kind, name, value))

    def saw(self, what: str, epoch: int, holder: str, seen_by: str) -> None:
        """Once is enough; an epoch of 0 is none."""
        if epoch:
            self.held[Held(what, epoch, holder, seen_by)] = None

    def names(self, did: Did, kind: str, who: str = "") -> list[str]:
        """Of the lines of one kind, in order; of one client or of all."""
        return [
            line.name
            for line in self.lines
            if (line.did, line.kind) == (did, kind) and who in ("", line.who)
        ]

    def write(self, path: Path) -> None:
        """A line of JSON each, for whoever has to find out what happened."""
        every = (*self.lines, *self.held, *self.edits.made, *self.edits.silences)
        said: list[dict[str, Any]] = [asdict(each) for each in every]
        path.write_text("".join(json.dumps(each) + "\n" for each in said))


def lost(history: History, kind: str, kept: Collection[str]) -> list[str]:
    """What was acknowledged, or read by anybody, and is not there."""
    there = set(kept)
    return [
        f"{kind} {name} was {did} and is lost"
        for did in ("acknowledged", "read")
        for name in dict.fromkeys(history.names(did, kind))
        if name not in there
    ]


def twice(kind: str, kept: Iterable[str]) -> list[str]:
    """What is there more than once."""
    return [f"{kind} {name} is there {n} times" for name, n in Counter(kept).items() if n > 1]


def invented(history: History, kind: str, kept: Iterable[str]) -> list[str]:
    """What is there and nobody asked for."""
    asked = set(history.names("asked", kind))
    return [f"{kind} {name} was never asked for" for name in kept if name not in asked]


def out_of_order(history: History, kind: str, kept: Sequence[str]) -> list[str]:
    """What one client wrote before and stands behind what it wrote after."""
    place = {name: number for number, name in enumerate(kept)}
    wrong: list[str] = []
    for who in dict.fromkeys(line.who for line in history.lines):
        mine = [name for name in history.names("acknowledged", kind, who) if name in place]
        for before, after in pairwise(mine):
            if place[before] > place[after]:
                wrong.append(f"{kind} {before} of {who} stands behind {after}")
    return wrong


def two_holders(history: History) -> list[str]:
    """Epochs under which more than one held the same."""
    holders: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for each in history.held:
        holders[each.what, each.epoch].setdefault(each.holder, each.seen_by)
    return [
        f"{what} had several holders under epoch {epoch}: {dict(found)}"
        for (what, epoch), found in holders.items()
        if len(found) > 1
    ]


def apart(replicas: Mapping[str, object]) -> list[str]:
    """Replicas that do not hold the same."""
    (first, held), *others = replicas.items()
    return [f"{first} and {name} hold different things" for name, its in others if its != held]
