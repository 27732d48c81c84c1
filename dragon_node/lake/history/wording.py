"""Under which words an event is found, and the lines of it that say them. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from common.model.event import (
    ActDone,
    CommandFinished,
    EditorEvent,
    Event,
    GitOperation,
    ProofFinished,
)

EXCERPT_LINES_MAX = 5
EXCERPT_CHARACTERS_MAX = 240
"""Of one line."""
WORD_CHARACTERS_MAX = 64
"""Longer runs of letters and digits are found by their beginning."""
QUERY_WORDS_MAX = 32

_WORD = re.compile(r"[^\W_]+(?:_+[^\W_]+)*")
_PLAIN = re.compile(r"[a-z]+\Z|[0-9]+\Z")
"""Has no parts and is lower case: most words are."""
_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def wording(event: Event) -> str:
    """What people remember an event by: a command and its output, messages and subjects."""
    match event.body:
        case CommandFinished() as ran:
            return f"{ran.command}\n{ran.output.text}"
        case GitOperation() as git:
            return "\n".join([git.message, *(commit.subject for commit in git.commits)])
        case EditorEvent() as edited:
            return edited.message
        case ProofFinished() as proof:
            return f"{proof.command}\n{proof.reason}\n{proof.output.text}"
        case ActDone() as act:
            return f"{act.sentence}\n{act.command}\n{act.output.text}"
        case _:
            return ""


def words_of(text: str) -> list[str]:
    """Words whole and in their parts, lower case, each once: getUserName is found under
    getusername, get, user and name."""
    found: dict[str, None] = {}
    for whole in dict.fromkeys(_WORD.findall(text)):
        if _PLAIN.match(whole):
            found[whole[:WORD_CHARACTERS_MAX]] = None
        else:
            found |= dict.fromkeys(_split(whole))
    return list(found)


def matching(text: str) -> str:
    """FTS5's expression for events with all of these words; empty when there is no word."""
    words = words_of(text)[:QUERY_WORDS_MAX]
    return " AND ".join(f'"{word}"' for word in words)


def excerpt(printed: str, text: str) -> str:
    """Lines with the most of the words that were asked for, in their order."""
    wanted = frozenset(words_of(text))
    if not wanted:
        return ""
    lines = printed.splitlines()
    said = {n: _said(line, wanted) for n, line in enumerate(lines)}
    most = max(said.values(), default=0)
    if most == 0:
        return ""
    chosen = [n for n, much in said.items() if much == most][:EXCERPT_LINES_MAX]
    return "\n".join(_shown(lines[n], wanted) for n in chosen)


def _said(line: str, wanted: Collection[str]) -> int:
    return len(set(words_of(line)) & set(wanted))


def _shown(line: str, wanted: Collection[str]) -> str:
    """The line, or of a long one the part where the first of the words is."""
    if len(line) <= EXCERPT_CHARACTERS_MAX:
        return line
    places = (m.start() for m in _WORD.finditer(line) if set(words_of(m.group())) & set(wanted))
    begin = max(0, next(places, 0) - EXCERPT_CHARACTERS_MAX // 4)
    return line[begin : begin + EXCERPT_CHARACTERS_MAX]


@lru_cache(maxsize=50_000)
def _split(whole: str) -> tuple[str, ...]:
    """Outputs repeat the same names day after day."""
    parts = _HUMPS.findall(whole) if whole.isascii() else whole.split("_")
    several = parts if len(parts) > 1 else []
    return tuple(_cut(part) for part in (whole.replace("_", ""), *several) if part)


def _cut(word: str) -> str:
    return word.lower()[:WORD_CHARACTERS_MAX]
