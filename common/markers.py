"""Checks the citation markers of an answer while it streams. Pure.

A marker is `[n]` or `[n, m]`. One that names no passage is removed, and never shown on the way:
text that may become a marker is held back until it is one or is not. What stands in backticks is
code, where brackets index; it is left alone, inline to the end of its line at most.
"""

from __future__ import annotations

import re

_MARKER = re.compile(r"[ \t]*\[\s*\d+(?:\s*[,;]\s*\d+)*\s*\]")
_UNDECIDED = re.compile(r"[ \t]*(?:\[[\s\d,;\[\]]*)?$|`{1,3}$")
_BORDER = {"": re.compile("```|`"), "```": re.compile("```"), "`": re.compile("`|\n")}
"""Where code begins or ends: outside, in a block, in a line."""
_NUMBER = re.compile(r"\d+")


class Markers:
    """Feed it pieces; it gives back what may be shown, and knows what was cited."""

    def __init__(self, passages: int) -> None:
        """Markers 1 to `passages` are good."""
        self._passages = passages
        self._held = ""
        self._code = ""
        self._cited: dict[int, None] = {}
        self._shown: list[str] = []

    @property
    def cited(self) -> tuple[int, ...]:
        """Numbers of the passages that were named, in order of first naming."""
        return tuple(self._cited)

    @property
    def shown(self) -> str:
        """All that was given back so far."""
        return "".join(self._shown)

    def feed(self, text: str) -> str:
        """More text; what of it (and of what was held) may be shown now."""
        pending = self._held + text
        undecided = _UNDECIDED.search(pending)
        cut = undecided.start() if undecided else len(pending)
        self._held = pending[cut:]
        return self._show(pending[:cut])

    def flush(self) -> str:
        """There is no more: an unfinished marker is plain text without its bracket."""
        rest, self._held = self._held, ""
        if not self._code:
            rest = re.sub(r"[ \t]*\[[\s\d,;]*$", "", rest)
        return self._show(rest.rstrip())

    def _show(self, text: str) -> str:
        out: list[str] = []
        at = 0
        while border := _BORDER[self._code].search(text, at):
            out += [self._checked(text[at : border.start()]), border.group()]
            self._code = "" if self._code else border.group()
            at = border.end()
        out.append(self._checked(text[at:]))
        good = "".join(out)
        if not self._shown:
            good = good.lstrip()
        if good:
            self._shown.append(good)
        return good

    def _checked(self, text: str) -> str:
        if self._code:
            return text
        # What a removal leaves may be a marker again, as in [9[9]].
        while (fewer := _MARKER.sub(self._marker, text)) != text:
            text = fewer
        return text

    def _marker(self, match: re.Match[str]) -> str:
        numbers = [int(n) for n in _NUMBER.findall(match.group())]
        good = [n for n in dict.fromkeys(numbers) if 1 <= n <= self._passages]
        self._cited.update(dict.fromkeys(good))
        if not good:
            return ""
        space = match.group()[: match.group().index("[")]
        return f"{space}[{', '.join(str(n) for n in good)}]"
