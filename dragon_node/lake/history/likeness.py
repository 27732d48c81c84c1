"""How like an event is to one that is asked about, as a number between 0 and 1. Pure.

Half of it is the command: 1 for the same words in the same order, else the share of words that
both have, nothing when the tools differ. Half is what was printed: the weight of the words that
both have over the weight of the words that either has (the weighted Jaccard index), where a word
weighs the more the rarer it is, ln((N + 1) / (n + 1)) for n of N events with it (Spärck Jones
1972). A word that the asked event does not have is not looked up: it weighs what that event's words
weigh on average. Where neither event has a command, or neither has words, the other half is the
whole.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.model.event import CommandFinished, Event
from dragon_node.lake.history.wording import wording, words_of

RARE_WORDS = 12
"""How many of an event's rarest words are looked up to find candidates."""
WORDS_WEIGHED_MAX = 300
"""Of what the asked event printed, the longest: they are the rarest, as a rule."""

_VALUE = re.compile(r"^[\d.:/-]*\d[\d.:/-]*$")


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


@dataclass(frozen=True, slots=True)
class Asked:
    """The event that is asked about, with what its words weigh."""

    shape: tuple[str, ...]
    weights: Mapping[str, float]

    @property
    def average(self) -> float:
        """Of its words; 0 without any."""
        return math.fsum(self.weights.values()) / len(self.weights) if self.weights else 0.0


def asked(one: Looks, weight: Callable[[str], float]) -> Asked:
    """Ready to be compared with many."""
    words = sorted(one.words, key=lambda word: (-len(word), word))[:WORDS_WEIGHED_MAX]
    return Asked(one.shape, {word: weight(word) for word in words})


def likeness(one: Asked, other: Looks) -> float:
    """0 for nothing in common, 1 for the same command with the same words."""
    words = _share(one, other.words)
    shape = _same_shape(one.shape, other.shape)
    if not one.shape and not other.shape:
        return words
    if not one.weights and not other.words:
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


def _share(one: Asked, words: frozenset[str]) -> float:
    both = math.fsum(weight for word, weight in one.weights.items() if word in words)
    others = min(len(words - one.weights.keys()), WORDS_WEIGHED_MAX) * one.average
    either = math.fsum(one.weights.values()) + others
    return min(1.0, both / either) if either else 0.0


def _split(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()
