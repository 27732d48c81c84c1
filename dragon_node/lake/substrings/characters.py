"""Which characters a part of an expression matches. Nobody is believed but `re` itself.

`regex` has another idea of letters, digits, spaces and of case: it is only ever given the
characters one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from dragon_node.lake.substrings.syntax import Node, compiler, op, parser

ASCII = "".join(map(chr, range(128)))
CASED_BELOW = 0x20000
"""No letter above has case."""
NEVER = r"[^\x00-\x7f]"
"""A character that no text in ASCII has."""
NEVER_IN_UNICODE = "(?!)"


@dataclass(frozen=True, slots=True)
class Character:
    """A part that matches one character, under its flags."""

    name: str
    flags: int
    node: Node = field(compare=False)


def character(node: Node, flags: int) -> Character:
    """Of one of the operations in ONE_CHARACTER."""
    return Character(f"{node[0]} {node[1]}", flags & _FLAGS, node)


@lru_cache(maxsize=512)
def in_ascii(part: Character) -> str:
    """Every ASCII character that it matches on a line."""
    found = set(_compiled(part.node, part.flags).findall(ASCII)) - {"\n"}
    return as_set([(ord(c), ord(c)) for c in sorted(found)], last=127) or NEVER


def among(part: Character, alphabet: frozenset[str]) -> str:
    """Every character that it matches of ASCII and of some others, as a set for engines."""
    characters = "".join(sorted(alphabet.union(ASCII)))
    found = _compiled(part.node, part.flags).findall(characters)
    return as_set([(ord(c), ord(c)) for c in found], last=0x10FFFF) or NEVER_IN_UNICODE


@lru_cache(maxsize=128)
def in_unicode(part: Character) -> str:
    """Every character that it matches on a line, as a set for engines. Slow at first."""
    runs = (op.MAX_REPEAT, (1, op.MAXREPEAT, [part.node]))
    found = _compiled(runs, part.flags).finditer(_everything())
    every = [(run.start(), run.end() - 1) for run in found]
    return as_set(every, last=0x10FFFF) or NEVER_IN_UNICODE


@lru_cache(maxsize=1024)
def variants(char: str) -> tuple[str, ...]:
    """What matches a character when case is ignored, itself included."""
    found = _compiled((op.LITERAL, ord(char)), _IGNORING_CASE).findall(_cased())
    return tuple(dict.fromkeys([char, *found]))


def as_set(ranges: list[tuple[int, int]], last: int) -> str:
    """Code points but the line end, as engines read them: what is in or, when that is shorter,
    what is not. Empty when there are none."""
    inside = _merged([part for each in ranges for part in _without_line_end(each)])
    if not inside:
        return ""
    outside = _between(inside, last)
    if len(outside) < len(inside):
        return f"[^{''.join(map(_range, outside))}]"
    return f"[{''.join(map(_range, inside))}]"


def escaped(code: int) -> str:
    """A character that stands for itself."""
    char = chr(code)
    if char.isascii():
        return char if char.isalnum() else f"\\x{code:02x}"
    return f"\\U{code:08x}"


_FLAGS = int(re.IGNORECASE | re.UNICODE | re.ASCII | re.DOTALL)
_IGNORING_CASE = int(re.IGNORECASE | re.UNICODE)


def _compiled(node: Node, flags: int) -> re.Pattern[str]:
    return compiler.compile(_tree(node), flags)


def _tree(node: Node) -> Any:
    code, argument = node
    if code is op.MAX_REPEAT:
        least, most, (inner,) = argument
        argument = (least, most, _tree(inner))
    return parser.SubPattern(parser.State(), [(code, argument)])


@cache
def _everything() -> str:
    return "".join(map(chr, range(0x110000)))


@cache
def _cased() -> str:
    """Every letter that has another case, and those others."""
    both = ({c, *c.lower(), *c.upper()} for c in map(chr, range(CASED_BELOW)))
    return "".join(sorted({char for chars in both if len(chars) > 1 for char in chars}))


def _without_line_end(each: tuple[int, int]) -> list[tuple[int, int]]:
    first, last = each
    if not first <= 10 <= last:
        return [each]
    return [part for part in ((first, 9), (11, last)) if part[0] <= part[1]]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in ranges:
        if merged and merged[-1][1] + 1 == first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


def _between(ranges: list[tuple[int, int]], last: int) -> list[tuple[int, int]]:
    """What is in none of them."""
    edges = [-1, *(edge for each in ranges for edge in each), last + 1]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(before + 1, after - 1) for before, after in gaps if before + 1 <= after - 1]


def _range(each: tuple[int, int]) -> str:
    first, last = each
    return escaped(first) if first == last else f"{escaped(first)}-{escaped(last)}"
