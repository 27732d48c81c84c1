"""What laptops set, when they could not hear each other, and what must follow of it.

All laptops of such a history have the clock of one machine. Each check is a pure function: it tells
what is wrong, a sentence each.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from common.model.shared import SharedItem

NEVER = 0


@dataclass(slots=True)
class Edit:
    """A setting was set; no two edits have one value."""

    who: str
    scope: str
    value: str
    asked: int
    """When, as a number that grows with all that is done."""
    acknowledged: int = NEVER
    at_ms: int = 0
    """The time under which the laptop took it; known once it is acknowledged."""


@dataclass(slots=True)
class Silence:
    """Nothing went from one laptop to another, from one moment to another."""

    since: int
    until: int = NEVER

    def holds(self, edit: Edit) -> bool:
        """Whether all of an edit lies within."""
        return self.since < edit.asked and NEVER < edit.acknowledged < self.until


@dataclass(slots=True)
class Edits:
    """All of it, in the order in which the test came to know."""

    made: list[Edit] = field(default_factory=list[Edit])
    silences: list[Silence] = field(default_factory=list[Silence])
    _moments: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ask(self, who: str, scope: str, value: str) -> Edit:
        """One more, which may be done or not."""
        self.made.append(Edit(who, scope, value, self._now()))
        return self.made[-1]

    def acknowledge(self, edit: Edit, at_ms: int) -> None:
        """It was done."""
        edit.acknowledged, edit.at_ms = self._now(), at_ms

    @contextmanager
    def silence(self) -> Generator[None]:
        """Until the block ends."""
        held = Silence(self._now())
        self.silences.append(held)
        try:
            yield
        finally:
            held.until = self._now()

    def _now(self) -> int:
        return next(self._moments)


def values(item: SharedItem) -> list[str]:
    """What holds first, then what lost against it."""
    return [item.value, *(each.value for each in item.lost)]


def wrong_settings(edits: Edits, items: Sequence[SharedItem]) -> list[str]:
    """All that is wrong with what there is once all is quiet."""
    by_scope = {item.scope: item for item in items}
    made: dict[str, list[Edit]] = {scope: [] for scope in by_scope}
    for each in edits.made:
        made.setdefault(each.scope, []).append(each)
    wrong: list[str] = []
    for scope, of_scope in made.items():
        item = by_scope.get(scope)
        if item is None:
            wrong += [f"{scope} is not set; {e.value} was" for e in of_scope if e.acknowledged]
            continue
        wrong += stale(of_scope, item) + outvoted(of_scope, item)
        wrong += unkept(of_scope, edits.silences, item)
    return wrong


def stale(made: Sequence[Edit], item: SharedItem) -> list[str]:
    """Of one setting: values that are neither the last acknowledged edit of the laptop that set
    them nor one that it asked for later."""
    by_value = {each.value: each for each in made}
    last = _last_acknowledged(made)
    wrong: list[str] = []
    for value in values(item):
        edit = by_value.get(value)
        if edit is None:
            wrong.append(f"{item.scope} has {value!r}, which was never asked for")
        elif edit.who in last and edit.asked < last[edit.who].asked:
            wrong.append(f"{item.scope} has {value}, and {last[edit.who].value} came after it")
    return wrong


def outvoted(made: Sequence[Edit], item: SharedItem) -> list[str]:
    """Of one setting: later edits than the one that holds."""
    return [
        f"{item.scope} is {item.value} of {item.at_ms}, and {each.value} is of {each.at_ms}"
        for each in _last_acknowledged(made).values()
        if each.at_ms > item.at_ms
    ]


def unkept(made: Sequence[Edit], silences: Sequence[Silence], item: SharedItem) -> list[str]:
    """Of one setting: last edits that neither hold nor are kept, though whoever made the one that
    holds cannot have known of them."""
    by_value = {each.value: each for each in made}
    holds = by_value.get(item.value)
    there = [by_value[value] for value in values(item) if value in by_value]
    return [
        f"{item.scope} is {item.value}, and {each.value}, which it never saw, is not kept"
        for each in _last_acknowledged(made).values()
        if holds is not None
        and not any(other.who == each.who and other.asked >= each.asked for other in there)
        and any(silence.holds(each) and silence.holds(holds) for silence in silences)
    ]


def _last_acknowledged(made: Sequence[Edit]) -> Mapping[str, Edit]:
    """Of each laptop."""
    return {each.who: each for each in made if each.acknowledged}
