"""Puts lines before a person: in colour on a terminal, as plain text into a pipe."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

_UNSEEN = {code: "�" for code in [*range(0x20), 0x7F, *range(0x80, 0xA0)] if code not in (9, 10)}


@dataclass(frozen=True, slots=True)
class Span:
    """Words in one style; `link` is where a click goes."""

    text: str
    style: str = ""
    """A style of rich, such as "bold red"."""
    link: str = ""


Line = tuple[Span, ...]


def line(*parts: str | Span) -> Line:
    """A line of words, plain where no style is named."""
    return tuple(Span(part) if isinstance(part, str) else part for part in parts)


def plain(text: str) -> str:
    """What was recorded may hold control characters; none of them reaches a terminal."""
    return text.translate(_UNSEEN)


class Page:
    """Lines go out as they come; long ones are left to the terminal to wrap."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self.terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self.console = _console(self._stream) if self.terminal else None
        """None into a pipe. A progress bar shares it, so that lines go above the bar."""

    def show(self, *lines: Line) -> None:
        """Prints the lines and lets them be seen at once."""
        for spans in lines:
            if self.console is None:
                self._stream.write("".join(plain(span.text) for span in spans).rstrip() + "\n")
            else:
                self._rich(spans, end="\n")
        self._stream.flush()

    def stream(self, span: Span) -> None:
        """Prints a piece of a line that goes on."""
        if self.console is None:
            self._stream.write(plain(span.text))
        else:
            self._rich((span,), end="")
        self._stream.flush()

    def _rich(self, spans: Line, end: str) -> None:
        from rich.style import Style
        from rich.text import Text

        assert self.console is not None
        text = Text()
        for span in spans:
            style = Style.parse(span.style) + Style(link=span.link or None)
            text.append(plain(span.text), style)
        self.console.print(text, soft_wrap=True, end=end)


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)
