"""Text that is looked for as it stands. It may span lines; case counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from dragon_node.lake.code import decoded
from dragon_node.lake.substrings.exact import Exact, Found
from dragon_node.lake.substrings.needs import trigrams_of

REPLACED = "\ufffd"
"""Stands in texts for bytes that are not UTF-8."""


def literal(query: str) -> Exact:
    """Case sensitive; a query with line ends spans lines."""
    try:
        find = partial(_in_bytes, query.encode())
    except UnicodeEncodeError:  # a lone surrogate, which no text has
        find = partial(_in_text, query)
    if REPLACED in query:
        find = partial(_in_text, query)
    needs = tuple(trigrams_of(frozenset({line})) for line in query.split("\n"))
    return Exact(needs, lambda _: find, apart=len(needs) > 1)


def _in_text(query: str, raw: bytes) -> Iterator[Found]:
    text = decoded(raw)
    return _in_bytes(query.encode("utf-8", "surrogatepass"), text.encode())


def _in_bytes(query: bytes, raw: bytes) -> Iterator[Found]:
    """UTF-8 in UTF-8: what is equal as bytes is equal as text, whatever is broken around it."""
    at, line, counted = raw.find(query), 1, 0
    while at >= 0:
        line += raw.count(b"\n", counted, at)
        counted = at
        end = raw.find(b"\n", at + len(query))
        end = len(raw) if end < 0 else end
        begin = raw.rfind(b"\n", 0, at) + 1
        last = line + query.count(b"\n")
        yield Found(line, last, decoded(raw[begin:end].removesuffix(b"\r")))
        at = raw.find(query, max(end, at + 1))
