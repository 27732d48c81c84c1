"""What a question asks for in words, and how well a part of a file answers it. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.stop_words import STOP_WORDS
from common.tests_by_name import language_of_test
from developer_node.away.grep import Matched

WORDS_MAX = 12
WINDOW_LINES = 24
TEST = 0.2
"""A test counts for less, unless tests are asked for."""
LEAD_LINES = 2
"""Shown before the first line that matches."""

_DEFINES = re.compile(
    r"\b(?:class|const|def|enum|fn|func|function|impl|interface|module|struct|trait|type)\s+(\w+)"
)
DEFINED = 0.5
"""Share of a word's weight that the line which defines it adds."""
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_SUFFIX = re.compile(r"(?:ing|ed|es|ers|er|s|e)$")


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a file that answers best."""

    path: str
    start: int
    """From 1."""
    end: int
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    words: frozenset[str]
    defined: frozenset[str]
    """Words in a name that it defines."""


def words_of(query: str) -> tuple[str, ...]:
    """Its words in lower case, shortened to where others of their kind begin alike."""
    found = [w.lower() for w in _WORD.findall(query)]
    kept = [w for w in found if w not in STOP_WORDS and (len(w) > 1 or w.isdigit())] or found
    return tuple(dict.fromkeys(_stem(w) for w in kept))[:WORDS_MAX]


def windows(words: Sequence[str], lines: Iterable[Matched]) -> list[Window]:
    """One a file, best first: many of the words and rare ones, near each other."""
    by_path: dict[str, list[_Line]] = {}
    for line in lines:
        lower = line.text.lower()
        here = frozenset(w for w in words if w in lower)
        if here:
            defined = " ".join(_DEFINES.findall(lower))
            names = frozenset(w for w in here if w in defined)
            by_path.setdefault(line.path, []).append(_Line(line.line, here, names))
    in_files = {w: sum(_is_in(w, at) for at in by_path.values()) for w in words}
    weights = {w: math.log(1 + len(by_path) / n) if n else 0.0 for w, n in in_files.items()}
    found = [_best(path, at, weights) for path, at in by_path.items()]
    return sorted(found, key=lambda w: (-w.score, w.path))


def _is_in(word: str, lines: Iterable[_Line]) -> bool:
    return any(word in each.words for each in lines)


def _best(path: str, at: Sequence[_Line], weights: dict[str, float]) -> Window:
    best = Window(path, 1, 1, -1.0, ())
    lower = path.lower()
    named = sum(weight for word, weight in weights.items() if word in lower) / 2
    if language_of_test(path) is not None and not any(w.startswith("test") for w in weights):
        named -= TEST
    for n, line in enumerate(at):
        start = line.number
        here = [each for each in at[n:] if each.number < start + WINDOW_LINES]
        words = frozenset(w for each in here for w in each.words)
        defined = frozenset(w for each in here for w in each.defined)
        score = sum(weights[w] for w in words) + min(len(here), 8) / 100 + named
        score += sum(weights[w] for w in defined) * DEFINED
        if score > best.score:
            first = max(1, start - LEAD_LINES)
            told = tuple(w for w in weights if w in words)
            best = Window(path, first, first + WINDOW_LINES - 1, score, told)
    return best


def _stem(word: str) -> str:
    return _SUFFIX.sub("", word) if len(word) > 4 else word
