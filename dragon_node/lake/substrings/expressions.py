"""Regular expressions, line by line as grep does, with the meaning that `re` gives them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import cached_property, lru_cache, partial
from typing import Any

from common.errors import Invalid, OverLimit
from dragon_node.lake.code import decoded
from dragon_node.lake.substrings import rendering
from dragon_node.lake.substrings.exact import Exact, Found
from dragon_node.lake.substrings.planner import plan
from dragon_node.lake.substrings.syntax import compiled, parsed

REGEX_SECONDS_MAX = 10.0
"""For one search, over all files; OverLimit beyond."""


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
        self._in_ascii = compiled(rendering.for_ascii(tree))

    def find(self, raw: bytes, until: float) -> Iterator[Found]:
        """In order."""
        text = _with_plain_line_ends(decoded(raw))
        if text.isascii():
            return _scanned(self._in_ascii, text, until)
        return self._mixed(text, until)

    @cached_property
    def _in_unicode(self) -> Any:
        return compiled(rendering.for_unicode(self._tree))

    def _mixed(self, text: str, until: float) -> Iterator[Found]:
        """Most lines are in ASCII still: the others are looked at one by one."""
        lines = text.removesuffix("\n").split("\n")
        others = {n: line for n, line in enumerate(lines, start=1) if not line.isascii()}
        plain = "\n".join("" if n in others else line for n, line in enumerate(lines, start=1))
        found = {hit.start_line: hit for hit in _scanned(self._in_ascii, f"{plain}\n", until)}
        for number, line in others.items():
            found.pop(number, None)
            if _search(self._in_unicode, line, 0, until) is not None:
                found[number] = Found(number, number, line)
        for number in sorted(found):
            yield found[number]


def _with_plain_line_ends(text: str) -> str:
    if "\r" not in text:
        return text
    return text.replace("\r\n", "\n").removesuffix("\r")


def _scanned(pattern: Any, text: str, until: float) -> Iterator[Found]:
    """The lines of a text with a match, each once: after a match, on from the next line."""
    at, line, counted = 0, 1, 0
    end = len(text) - text.endswith("\n")
    while at <= end and text:
        match = _search(pattern, text, at, until)
        if match is None or match.start() > end:
            return
        line += text.count("\n", counted, match.start())
        counted = match.start()
        begin = text.rfind("\n", 0, counted) + 1
        at = text.find("\n", counted)
        at = len(text) if at < 0 else at
        yield Found(line, line, text[begin:at])
        at += 1


def _search(pattern: Any, text: str, at: int, until: float) -> Any:
    """`regex` can be stopped and lets other threads run; `re` can do neither."""
    left = until - time.monotonic()
    try:
        if left > 0:
            return pattern.search(text, at, timeout=left, concurrent=True)
    except TimeoutError:
        pass
    raise OverLimit(
        f"the expression took more than {REGEX_SECONDS_MAX:g} s",
        hint="Nested repetition such as (a+)+ is the usual reason.",
    )
