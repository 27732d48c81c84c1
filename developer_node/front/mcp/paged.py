"""Cuts text into pages of lines that an agent can read."""

from __future__ import annotations

from dataclasses import dataclass

LINE_CHARACTERS_MAX = 2_000
"""A longer line is cut, and the cut is told in it."""
PAGE_CHARACTERS_MAX = 60_000


@dataclass(frozen=True, slots=True)
class TextPage:
    """Some lines of a text."""

    first: int
    """Number of the first line, from 1."""
    lines: tuple[str, ...]
    total: int
    """Lines that the text has."""

    @property
    def last(self) -> int:
        """Number of the last line; one before the first when there are none."""
        return self.first + len(self.lines) - 1

    @property
    def following(self) -> int | None:
        """Where the next page begins; None after the last."""
        return self.last + 1 if self.last < self.total else None


def page(text: str, first: int, count: int) -> TextPage:
    """At most so many lines from that one on, and no more characters than an agent can read."""
    lines = text.splitlines()
    taken: list[str] = []
    room = PAGE_CHARACTERS_MAX
    for each in lines[first - 1 : first - 1 + count]:
        cut = _cut(each)
        room -= len(cut) + 1
        if room < 0 and taken:
            break
        taken.append(cut)
    return TextPage(first, tuple(taken), len(lines))


def last_page(text: str, count: int) -> TextPage:
    """The last lines."""
    return page(text, max(1, len(text.splitlines()) - count + 1), count)


def tail(text: str, count: int) -> tuple[str, ...]:
    """The last lines, bare."""
    return last_page(text, count).lines


def _cut(text: str) -> str:
    left = len(text) - LINE_CHARACTERS_MAX
    return f"{text[:LINE_CHARACTERS_MAX]}… ({left:,} more characters)" if left > 0 else text
