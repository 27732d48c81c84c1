"""A cited blob at its lines: numbered on a terminal, the bare lines into a pipe."""

from __future__ import annotations

from developer_node.front.output_json import Json
from developer_node.front.output_page import Line, Span, line
from developer_node.front.reference import Excerpt, Reference


def shown(meant: Reference, found: Excerpt, *, numbers: bool) -> list[Line]:
    """The lines; those that were meant stand out from their surroundings."""
    if not numbers:
        return [line(text) for text in found.lines]
    width = len(str(found.start + len(found.lines)))
    lines: list[Line] = []
    for number, text in enumerate(found.lines, found.start):
        inside = not meant.start or meant.start <= number <= meant.end
        lines.append(line(Span(f"{number:>{width}}  ", "dim"), Span(text, "" if inside else "dim")))
    return lines


def as_json(meant: Reference, found: Excerpt) -> Json:
    """`open --json`."""
    return {
        "blob": meant.blob,
        "start_line": found.start,
        "end_line": found.start + len(found.lines) - 1,
        "lines_total": found.total,
        "text": "".join(f"{text}\n" for text in found.lines),
    }
