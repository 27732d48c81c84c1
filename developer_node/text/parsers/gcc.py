"""gcc's and g++'s errors, and those of the GNU linker that it calls."""

from __future__ import annotations

from collections.abc import Sequence

from developer_node.text.parsers.c_family import errors
from developer_node.text.parsers.clang import is_clangs
from developer_node.text.parsers.parser import Parsed, Parser
from developer_node.text.parsers.symptom import Place


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Also of a compiler that does not name itself: every one prints places as gcc does."""
    found = () if is_clangs(lines) else tuple(errors(lines, "gcc"))
    return Parsed(tuple(sorted(found, key=lambda f: f.first))) if found else None


PARSER = Parser(
    tool="gcc",
    parse=parse,
    hints=("error: ", "undefined reference", "multiple definition", "cannot find "),
    kinds=("build",),
    captured="each error's message (quotes as in the C locale), place and function, also below "
    "`make -C` and ninja; what the linker missed, once per name",
    codes="the option that made it an error: -Wunused-variable; ENOENT, undefined reference, "
    "multiple definition, cannot find",
    commands=("gcc", "g++", "cc", "c++", "make", "gmake", "ninja", "cmake"),
)
