"""clang's and clang++'s errors, unfolded from the terminal's width."""

from __future__ import annotations

import re
from collections.abc import Sequence

from developer_node.text.parsers.c_family import errors
from developer_node.text.parsers.parser import Parsed, Parser
from developer_node.text.parsers.symptom import Place

_CLANGS = re.compile(
    r"^(?:\d+ (?:warnings?|errors?)(?: and \d+ errors?)? generated\.|"
    r"(?:[\w./-]*/)?clang(?:\+\+)?(?:-\d+)?: (?:fatal )?error: .+)$"
)


def is_clangs(lines: Sequence[str]) -> bool:
    """Whether clang spoke: it counts at the end, or names itself."""
    return any(_CLANGS.match(line) for line in lines)


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Only with clang's own last line: gcc prints places alike."""
    found = tuple(errors(lines, "clang")) if is_clangs(lines) else ()
    return Parsed(tuple(sorted(found, key=lambda f: f.first))) if found else None


PARSER = Parser(
    tool="clang",
    parse=parse,
    hints=(" generated.", "clang"),
    kinds=("build",),
    captured="each error's message, unfolded, and place; what the linker missed, once per name",
    codes="the option that made it an error: -Wunused-variable; ENOENT, undefined reference, "
    "undefined symbol",
    commands=("clang", "clang++", "xcodebuild"),
)
