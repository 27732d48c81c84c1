"""What a question asks for: its content words, the names in it, the text that it quotes. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from common.stop_words import STOP_WORDS

NAMES_MAX = 8
QUOTES_MAX = 3
SHORT_WORDS = 3
"""A question of at most so many words is itself a name or a text to look for."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_QUOTED = re.compile(r"`([^`\n]{3,200})`|\"([^\"\n]{3,200})\"|(?<!\w)'([^'\n]{3,200})'(?!\w)")
_TOKEN = re.compile(r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*(?:\(\))?")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SUFFIX = re.compile(r"(?:ing|ed|es|ers|er|s|e)$")


def parts(text: str) -> list[str]:
    """Lower-case words, with camelCase and snake_case taken apart."""
    return [w.lower() for w in _WORD.findall(_HUMP.sub(" ", text))]


def content_words(question: str) -> tuple[str, ...]:
    """Its words without those that any question has, in order, without repeats."""
    words = dict.fromkeys(parts(question))
    kept = tuple(w for w in words if w not in STOP_WORDS and (len(w) > 1 or w.isdigit()))
    return kept or tuple(words)


def without_stop_words(question: str) -> str:
    """The question as spelled but for its stop words: an index takes identifiers whole as well."""
    kept = [w for w in question.split() if w.strip("?!.,;:\"'`()").lower() not in STOP_WORDS]
    return " ".join(kept) or question


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Rough: `acknowledged` and `acknowledging` meet; short words stay as they are."""
    return _SUFFIX.sub("", word) if len(word) > 4 else word


def named(question: str) -> tuple[str, ...]:
    """Names of things in code: what looks like one, and every word of a short question."""
    tokens = [t.removesuffix("()") for t in _TOKEN.findall(question) if _looks_like_code(t)]
    tokens += [last for t in tokens if (last := re.split(r"\.|::", t)[-1]) != t]
    words = question.split()
    if len(words) <= SHORT_WORDS:
        bare = (w.strip("?!.,;:\"'`()") for w in words)
        tokens += [w for w in bare if len(w) > 2 and w.lower() not in STOP_WORDS]
    return tuple(dict.fromkeys(tokens))[:NAMES_MAX]


def quoted(question: str) -> tuple[str, ...]:
    """Text to be found as it stands: what is in quotes, else names, else a short question."""
    found = [next(g for g in m.groups() if g) for m in _QUOTED.finditer(question)]
    if not found:
        found = [t.removesuffix("()") for t in _TOKEN.findall(question) if _looks_like_code(t)]
    bare = question.strip().rstrip("?!")
    if not found and len(bare.split()) <= SHORT_WORDS and _says_something(bare):
        found = [bare]
    return tuple(dict.fromkeys(found))[:QUOTES_MAX]


def covered(words: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Those of the words that a text contains, by their stems."""
    lower = text.lower()
    likely = [w for w in words if stem(w) in lower]
    if not likely:
        return ()
    there = {stem(p.lower()) for p in set(_WORD.findall(_HUMP.sub(" ", text)))}
    return tuple(w for w in likely if stem(w) in there)


def _says_something(text: str) -> bool:
    """Whether there is any word in it that not every question has, or no word at all: `=>`."""
    words = [w for w in parts(text) if w not in STOP_WORDS]
    return len(text) > 2 and (any(len(w) > 2 for w in words) or not parts(text))


def _looks_like_code(token: str) -> bool:
    inner = token.removesuffix("()")
    return (
        token.endswith("()")
        or "_" in inner
        or "." in inner
        or "::" in inner
        or bool(_HUMP.search(inner))
    )
