"""Failures that a text repeats a line of, or whose words are close to it. Of whatever was only
typed or pasted nobody knows where it failed: never more than "similar"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.model.failure import Failure

SHARE_MIN = 0.6
"""Of the words of both together, how many must be common to a failure and one line of the text."""
WORDS_MIN = 3
"""Two words are common by accident."""
PARTS_MIN = 2
"""Of a line that a failure printed: `}` and `'pear'` alone are anybody's."""
_TEXT_LINES_MAX = 400

_WORD = re.compile(r"[A-Za-z_][A-Za-z_]+")
_MARGIN = re.compile(r"^\s*E\s{2,}")
"""Before the lines of an error as pytest prints it."""
_PLACEHOLDER = re.compile(r"<[a-z]+>")


@dataclass(frozen=True, slots=True)
class Face:
    """What of a failure is compared with a text."""

    failure: Failure
    words: frozenset[str]
    printed: frozenset[str]


def face(failure: Failure) -> Face:
    """What of a failure is compared: made once for many texts."""
    lines = failure.message.splitlines()
    printed = _printed([*lines, f"{failure.code}: {lines[0]}"] if lines else [])
    return Face(failure, _words(f"{failure.code} {failure.normalised}"), printed)


def nearest(text: str, failures: Iterable[Failure]) -> Failure | None:
    """The first failure that printed a line of the text, else the one whose code and message share
    most words with a line; None below the threshold."""
    found = nearest_face(text, [face(failure) for failure in failures])
    return found.failure if found else None


def nearest_face(text: str, faces: Sequence[Face]) -> Face | None:
    """The same, of failures whose faces are known."""
    said = text.splitlines()[-_TEXT_LINES_MAX:]
    wanted = _printed(said)
    repeated = next((f for f in faces if not wanted.isdisjoint(f.printed)), None)
    if repeated is not None:
        return repeated
    lines = _Lines(said)
    scored = [(lines.closeness(one.words), one) for one in faces]
    score, one = max(scored, key=lambda s: s[0], default=(0.0, None))
    return one if score >= SHARE_MIN else None


def worded_alike(failure: Failure, failures: Iterable[Failure]) -> Failure | None:
    """One with the same code and message, however short; one with equal values before others."""
    said = (failure.code, failure.normalised)
    alike = [f for f in failures if (f.code, f.normalised) == said]
    return min(alike, key=lambda f: f.values != failure.values, default=None)


def as_text(failure: Failure) -> str:
    """A failure as a text that others are compared with."""
    return f"{failure.code}: {failure.message}\n{failure.code} {failure.normalised}"


class _Lines:
    """Lines of a text by their words: most failures share no word with most lines."""

    def __init__(self, said: Iterable[str]) -> None:
        lines = {words for line in said if len(words := _words(line)) >= WORDS_MIN}
        self._sizes = [len(words) for words in lines]
        self._with: dict[str, list[int]] = {}
        for number, words in enumerate(lines):
            for word in words:
                self._with.setdefault(word, []).append(number)

    def closeness(self, ours: frozenset[str]) -> float:
        """0 to 1: the best share of common words over the lines."""
        common = Counter(number for word in ours for number in self._with.get(word, ()))
        return max(
            (
                count / (len(ours) + self._sizes[number] - count)
                for number, count in common.items()
                if count >= WORDS_MIN
            ),
            default=0.0,
        )


def _printed(lines: Iterable[str]) -> frozenset[str]:
    """Lines without what stands before them in a report, as far as they say enough."""
    bare = (_MARGIN.sub("", line).strip() for line in lines)
    return frozenset(line for line in bare if len(line.split()) >= PARTS_MIN)


def _words(text: str) -> frozenset[str]:
    return frozenset(w.lower() for w in _WORD.findall(_PLACEHOLDER.sub(" ", text)))
