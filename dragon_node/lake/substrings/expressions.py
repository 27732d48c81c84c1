"""Regular expressions, line by line as grep does, with the meaning that `re` gives them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache, partial
from typing import Any

from common.errors import Invalid
from dragon_node.lake.code import decoded
from dragon_node.lake.substrings import engines, rendering
from dragon_node.lake.substrings.exact import Exact, Found
from dragon_node.lake.substrings.planner import plan
from dragon_node.lake.substrings.syntax import parsed


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

    def find(self, raw: bytes, until: float) -> Iterator[Found]:
        """In order."""
        if b"\r" in raw:
            raw = raw.replace(b"\r\n", b"\n").removesuffix(b"\r")
        return _scanned(self._in_ascii, raw, until) if raw.isascii() else self._mixed(raw, until)

    @cached_property
    def _in_unicode(self) -> engines.Search:
        return engines.in_unicode(rendering.for_unicode(self._tree))

    def _mixed(self, raw: bytes, until: float) -> Iterator[Found]:
        """Most lines are in ASCII still: the others are looked at one by one."""
        lines = raw.removesuffix(b"\n").split(b"\n")
        others = {n: line for n, line in enumerate(lines, start=1) if not line.isascii()}
        plain = b"\n".join(b"" if n in others else line for n, line in enumerate(lines, start=1))
        found = {hit.start_line: hit for hit in _scanned(self._in_ascii, plain + b"\n", until)}
        for number, line in others.items():
            found.pop(number, None)
            text = decoded(line)
            if self._in_unicode(text, 0, until) >= 0:
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
