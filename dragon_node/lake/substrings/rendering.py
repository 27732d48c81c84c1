"""An expression written anew for other engines: of a text it says what `re` says of each line.

Nothing in it matches a line end, and `^` and `$` are those of a line. So a match in the text lies
on one line and is one of that line alone, and the other way round: a whole file is searched at
once. Characters are given one by one, see characters.py. The one thing that is left to an engine is
a group that is repeated with another case, outside ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dragon_node.lake.substrings.characters import (
    NEVER,
    NEVER_IN_UNICODE,
    among,
    character,
    escaped,
    in_ascii,
    in_unicode,
)
from dragon_node.lake.substrings.syntax import ONE_CHARACTER, REPEATS, Node, op, within


def for_ascii(tree: Any) -> str:
    """For texts in ASCII, which is nearly all code."""
    return _Writer(frozenset()).sequence(list(tree), tree.state.flags)


def for_text(tree: Any, alphabet: frozenset[str] | None) -> str:
    """For texts with these characters beside ASCII; for any text when there is no alphabet."""
    return _Writer(alphabet, ascii_only=False).sequence(list(tree), tree.state.flags)


_EMPTY_HAS_NO_INSIDE = re.search(r"\B", "") is None
_WORD: Node = (op.IN, [(op.CATEGORY, op.CATEGORY_WORD)])
_EDGES = {
    op.AT_BEGINNING: "^",
    op.AT_BEGINNING_STRING: "^",
    op.AT_END: "$",
    op.AT_END_STRING: "$",
}


class _Writer:
    def __init__(self, alphabet: frozenset[str] | None, *, ascii_only: bool = True) -> None:
        self._alphabet = alphabet
        self._ascii_only = ascii_only
        self._never = NEVER if ascii_only else NEVER_IN_UNICODE

    def sequence(self, nodes: Sequence[Node], flags: int) -> str:
        return "".join(self._one(node, flags) for node in nodes)

    def _one(self, node: Node, flags: int) -> str:
        code, argument = node
        if code in ONE_CHARACTER:
            return self._character(node, flags)
        if code is op.AT:
            return _EDGES.get(argument) or self._boundary(argument, flags)
        if code in REPEATS:
            return self._repeat(code, argument, flags)
        if code is op.SUBPATTERN:
            group, added, removed, inner = argument
            opening = "(" if group is not None else "(?:"
            return f"{opening}{self._inside(inner, within(flags, added, removed))})"
        return self._rarer(code, argument, flags)

    def _rarer(self, code: Any, argument: Any, flags: int) -> str:
        if code is op.BRANCH:
            return f"(?:{'|'.join(self._inside(branch, flags) for branch in argument[1])})"
        if code is op.ATOMIC_GROUP:
            return f"(?>{self._inside(argument, flags)})"
        if code is op.ASSERT or code is op.ASSERT_NOT:
            direction, inner = argument
            sign = "=" if code is op.ASSERT else "!"
            return f"(?{'<' if direction < 0 else ''}{sign}{self._inside(inner, flags)})"
        if code is op.GROUPREF:
            return f"(?{'i' if flags & re.IGNORECASE else ''}:\\g<{argument}>)"
        if code is op.GROUPREF_EXISTS:
            group, yes, no = argument
            return f"(?({group}){self._inside(yes, flags)}|{self._inside(no or (), flags)})"
        if code is op.FAILURE:
            return self._never
        raise AssertionError(f"`re` has an operation {code} that is not known here")

    def _inside(self, nodes: Any, flags: int) -> str:
        return self.sequence(list(nodes), flags)

    def _repeat(self, code: Any, argument: Any, flags: int) -> str:
        least, most, inner = argument
        upto = "" if most is op.MAXREPEAT else most
        return f"(?:{self._inside(inner, flags)}){{{least},{upto}}}{REPEATS[code]}"

    def _character(self, node: Node, flags: int) -> str:
        code, argument = node
        if code is op.LITERAL and not flags & re.IGNORECASE:
            foreign = argument == 10 or (self._ascii_only and argument > 127)
            return self._never if foreign else escaped(argument)
        part = character(node, flags)
        if self._ascii_only:
            return in_ascii(part)
        return in_unicode(part) if self._alphabet is None else among(part, self._alphabet)

    def _boundary(self, where: Any, flags: int) -> str:
        word = self._character(_WORD, flags)
        edge = f"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))"
        if where is op.AT_BOUNDARY:
            return r"\b" if self._ascii_only else edge
        inside = r"\B" if self._ascii_only else f"(?!{edge})"
        return f"{inside}(?!(?<![^\\n])(?![^\\n]))" if _EMPTY_HAS_NO_INSIDE else inside
