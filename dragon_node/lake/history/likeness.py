"""How like two events are, as a number between 0 and 1. Pure.

Half of it is the command: 1 for the same words in the same order, else the share of words that
both have, nothing when the tools differ. Half is what was printed: the weight of the words that
both have over the weight of the words that either has, where a word weighs the more the rarer it
is, ln((N + 1) / (n + 1)) for n of N events with it (Spärck Jones 1972; the weighted Jaccard index).
Where neither event has a command, or neither has words, the other half is the whole.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from common.model.event import CommandFinished, Event
from dragon_node.lake.history.wording import wording, words_of

RARE_WORDS = 12
"""How many of an event's rarest words are looked up to find candidates."""

_VALUE = re.compile(r"^[\d.:/-]*\d[\d.:/-]*$")

Weight = Callable[[str], float]


@dataclass(frozen=True, slots=True)
class Looks:
    """What of an event is compared."""

    shape: tuple[str, ...]
    """The command's words, values left out; empty without a command."""
    words: frozenset[str]


def looks(event: Event) -> Looks:
    """What of this event is compared."""
    if not isinstance(event.body, CommandFinished):
        return Looks((), frozenset(words_of(wording(event))))
    shape = tuple(word for word in _split(event.body.command) if not _VALUE.match(word))
    return Looks(shape, frozenset(words_of(event.body.output.text)))


def likeness(one: Looks, other: Looks, weight: Weight) -> float:
    """0 for nothing in common, 1 for the same command with the same words."""
    words = _share(one.words, other.words, weight)
    shape = _same_shape(one.shape, other.shape)
    if not one.shape and not other.shape:
        return words
    if not one.words and not other.words:
        return shape
    return (shape + words) / 2


def weight_of(events: int, with_word: int) -> float:
    """What a word weighs that so many of so many events have."""
    return math.log((events + 1) / (with_word + 1)) + 1e-9


def _same_shape(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if not one or not other or one[0] != other[0]:
        return 0.0
    if one == other:
        return 1.0
    return len(set(one) & set(other)) / len(set(one) | set(other))


def _share(one: frozenset[str], other: frozenset[str], weight: Weight) -> float:
    either = _sum(one | other, weight)
    return _sum(one & other, weight) / either if either else 0.0


def _sum(words: Iterable[str], weight: Weight) -> float:
    return math.fsum(weight(word) for word in words)


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
