"""Regular expressions, line by line as grep does, with the meaning that `re` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any

from common.errors import Invalid
from dragon_node.lake.code import decoded
from dragon_node.lake.substrings import engines, rendering
from dragon_node.lake.substrings.exact import Exact, Found
from dragon_node.lake.substrings.planner import plan
from dragon_node.lake.substrings.syntax import parsed

COMMON = frozenset(
    chr(code)
    for first, last in ((0, 0x250), (0x2000, 0x2070), (0x2190, 0x2200), (0x2500, 0x2580))
    for code in range(first, last)
)
"""What code has beside ASCII nearly always: Latin letters, typography, arrows and boxes."""
MADE_MAX = 32
"""Times that an expression is made for the characters met, before it is made for all."""


@lru_cache(maxsize=64)
def expression(pattern: str) -> Exact:
    """Invalid when it cannot be compiled."""
    tree = parsed(pattern)
    try:
        lines = _Lines(tree)
        return Exact((plan(tree),), lambda until: partial(lines.find, until=until))
    except RecursionError as error:
        raise Invalid("not a regular expression: it is nested too deeply", field="query") from error


class _Lines:
    """Finds the lines that match."""

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self._in_ascii = engines.in_ascii(rendering.for_ascii(tree))
        self._beyond: tuple[frozenset[str] | None, engines.Search | None] = (COMMON, None)
        self._made = 0

    def find(self, raw: bytes, until: float) -> Iterator[Found]:
        """In order."""
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n")
            raw = raw[:-1] + b"\n" if raw.endswith(b"\r") else raw
        return _scanned(self._in_ascii, raw, until) if raw.isascii() else self._mixed(raw, until)

    def _in_text(self, text: str) -> engines.Search:
        """Made for what code has, and again for what is met: to make it for all of Unicode takes
        longer than most searches."""
        known, search = self._beyond
        if search is not None and (known is None or known.issuperset(text)):
            return search
        self._made += 1
        alphabet = COMMON.union(known or (), text) if self._made <= MADE_MAX else None
        made = engines.in_unicode(rendering.for_text(self._tree, alphabet))
        self._beyond = (alphabet, made)
        return made

    def _mixed(self, raw: bytes, until: float) -> Iterator[Found]:
        """Most lines are in ASCII still: the others are looked at one by one."""
        lines = raw.removesuffix(b"\n").split(b"\n")
        others = {n: line for n, line in enumerate(lines, start=1) if not line.isascii()}
        plain = b"\n".join(b"" if n in others else line for n, line in enumerate(lines, start=1))
        found = {hit.start_line: hit for hit in _scanned(self._in_ascii, plain + b"\n", until)}
        for number, line in others.items():
            found.pop(number, None)
            text = decoded(line)
            if self._in_text(text)(text, 0, until) >= 0:
                found[number] = Found(number, number, text)
        for number in sorted(found):
            yield found[number]


def _scanned(search: engines.Search, raw: bytes, until: float) -> Iterator[Found]:
    """The lines of an ASCII text with a match, each once: after a match, on from the next line."""
    at, line, counted = 0, 1, 0
    end = len(raw) - raw.endswith(b"\n")
    while at <= end and raw:
        place = search(raw, at, until)
        if not 0 <= place <= end:
            return
        line += raw.count(b"\n", counted, place)
        counted = place
        begin = raw.rfind(b"\n", 0, place) + 1
        at = raw.find(b"\n", place)
        at = len(raw) if at < 0 else at
        yield Found(line, line, raw[begin:at].decode())
        at += 1
