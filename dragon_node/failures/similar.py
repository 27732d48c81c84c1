"""Failures that a text repeats a line of, or whose words are close to it. Of whatever was only
typed or pasted nobody knows where it failed: never more than "similar"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

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


def nearest(text: str, failures: Sequence[Failure]) -> Failure | None:
    """The first failure that printed a line of the text, else the one whose code and message share
    most words with a line; None below the threshold."""
    said = text.splitlines()[-_TEXT_LINES_MAX:]
    wanted = _printed(said)
    repeated = next((f for f in failures if not wanted.isdisjoint(_printed_of(f))), None)
    if repeated is not None:
        return repeated
    lines = [_words(line) for line in said]
    scored = [(closeness(failure, lines), failure) for failure in failures]
    score, failure = max(scored, key=lambda s: s[0], default=(0.0, None))
    return failure if score >= SHARE_MIN else None


def worded_alike(failure: Failure, failures: Iterable[Failure]) -> Failure | None:
    """One with the same code and message, however short; one with equal values before others."""
    said = (failure.code, failure.normalised)
    alike = [f for f in failures if (f.code, f.normalised) == said]
    return min(alike, key=lambda f: f.values != failure.values, default=None)


def closeness(failure: Failure, lines: Iterable[frozenset[str]]) -> float:
    """0 to 1: the best share of common words over the lines."""
    ours = _words(f"{failure.code} {failure.normalised}")
    best = 0.0
    for theirs in lines:
        common = len(ours & theirs)
        if common >= WORDS_MIN:
            best = max(best, common / len(ours | theirs))
    return best


def _printed_of(failure: Failure) -> frozenset[str]:
    lines = failure.message.splitlines()
    return _printed([*lines, f"{failure.code}: {lines[0]}"] if lines else [])


def _printed(lines: Iterable[str]) -> frozenset[str]:
    """Lines without what stands before them in a report, as far as they say enough."""
    bare = (_MARGIN.sub("", line).strip() for line in lines)
    return frozenset(line for line in bare if len(line.split()) >= PARTS_MIN)


def _words(text: str) -> frozenset[str]:
    return frozenset(w.lower() for w in _WORD.findall(_PLACEHOLDER.sub(" ", text)))
