"""Foreign text made safe to show: no byte that a program printed can steer the terminal."""

from __future__ import annotations

import re

from rich.ansi import AnsiDecoder
from textual.content import Content

_STRING_ESCAPE = r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_NOT_COLOUR = re.compile(
    _STRING_ESCAPE + r"|\x1b\[(?![0-9;:]*m)[0-?]*[ -/]*[@-~]?|\x1b(?!\[)[ -/]*[0-~]?"
)

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
# C1 controls, lone surrogates (they cannot be encoded) and the marks that reorder a line, which
# can make code read as something else than it is.
_REPLACED = [
    *range(0x80, 0xA0),
    *range(0xD800, 0xE000),
    *(0x061C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
]
_VISIBLE = _PICTURES | dict.fromkeys(_REPLACED, "\N{REPLACEMENT CHARACTER}")
_KEEPING_LINES = {code: shown for code, shown in _VISIBLE.items() if code not in (0x0A, 0x09)}
_KEEPING_COLOUR = {code: shown for code, shown in _KEEPING_LINES.items() if code != 0x1B}


def plain(text: str) -> str:
    """Lines stay; escape sequences go; other control characters become visible."""
    text = _COLOUR.sub("", _NOT_COLOUR.sub("", text))
    return "\n".join(_overwritten(line) for line in text.split("\n")).translate(_KEEPING_LINES)


def one_line(text: str, longest: int = 500) -> str:
    """`plain`, with every run of white space as one space, at most `longest` characters."""
    return " ".join(plain(text[: longest * 4]).split())[:longest]


def plain_lines(text: str) -> list[Content]:
    """`plain`, a line each, tabs as four spaces."""
    return [Content(line.expandtabs(4)) for line in _without_end(plain(text))]


def coloured_lines(text: str) -> list[Content]:
    """What a command printed, a line each, with its colours and nothing else of its escapes."""
    text = _NOT_COLOUR.sub("", text)
    decoder = AnsiDecoder()
    found: list[Content] = []
    for line in _without_end(text):
        shown = _overwritten(line).translate(_KEEPING_COLOUR)
        found.append(Content.from_rich_text(decoder.decode_line(shown.expandtabs(4))))
    return found


def _overwritten(line: str) -> str:
    """A progress bar rewrites its line: what a terminal would have shown last."""
    return line.rstrip("\r").rsplit("\r", 1)[-1]


def _without_end(text: str) -> list[str]:
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    return lines
