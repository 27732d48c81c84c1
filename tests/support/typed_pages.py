"""Pages whose lines are typed on several machines: `machine$ words`, and below it what is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

BLOCK = re.compile(
    r"(?P<mark><!-- not executed: [^\n]+ -->\n)?^```console\n(?P<text>.*?)^```$", re.M | re.S
)
TYPED = re.compile(r"^(\w+)\$ (.+)$")


@dataclass
class Line:
    """What is typed where, and what stands under it."""

    machine: str
    typed: str
    shown: list[str] = field(default_factory=list[str])


def lines_of(chapter: str) -> Iterator[Line]:
    """Those of its console blocks that are executed, in order."""
    for block in BLOCK.finditer(chapter):
        if block["mark"]:
            continue
        line: Line | None = None
        for text in block["text"].splitlines():
            if typed := TYPED.match(text):
                if line is not None:
                    yield line
                line = Line(typed[1], typed[2])
            elif line is not None and text.strip():
                line.shown.append(text.strip())
        if line is not None:
            yield line
