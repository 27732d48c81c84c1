"""Which words a text is found under, and as which terms they are indexed. Pure."""

from __future__ import annotations

import re

import tantivy

BODY_CHARACTERS_MAX = 20_000
QUERY_WORDS_MAX = 64
TOKENIZER = "en_stem"
"""Tantivy's name for what `terms` does."""

_WORD = re.compile(r"[^\W_]+(?:_+[^\W_]+)*|_+[^\W_]+")
_HUMPS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_ANALYZER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    .filter(tantivy.Filter.remove_long(40))
    .filter(tantivy.Filter.lowercase())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)


def split_words(text: str) -> list[str]:
    """Words whole and in their parts, lower case: getUserName gives getusername get user name."""
    out: list[str] = []
    for match in _WORD.finditer(text):
        whole = match.group()
        parts = _HUMPS.findall(whole) if whole.isascii() else whole.split("_")
        if len(parts) > 1:
            out.append(whole.replace("_", "").lower())
        out += [part.lower() for part in parts if part]
    return out


def document(head: str, text: str) -> str:
    """The words under which a chunk is found: its head counts twice."""
    return " ".join(split_words(f"{head} {head} {text[:BODY_CHARACTERS_MAX]}"))


def terms(words: str) -> list[str]:
    """A document's words as they stand in the index: stemmed, with repeats."""
    return _ANALYZER.analyze(words)


def query_terms(query: str) -> list[str]:
    """What is looked for: each word once, stemmed. Two words of one stem count twice."""
    return terms(" ".join(list(dict.fromkeys(split_words(query)))[:QUERY_WORDS_MAX]))
