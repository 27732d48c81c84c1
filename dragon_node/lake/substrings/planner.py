"""From an expression to the trigrams that every line with a match contains.

After Russ Cox, "Regular Expression Matching with a Trigram Index" (2012): of each part, the strings
that it matches when they are few, else what its matches begin and end with, and what they need.
Two parts that adjoin need the trigrams across their seam as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from dragon_node.lake.substrings.characters import variants
from dragon_node.lake.substrings.needs import NOTHING, Needs, both, either, trigrams_of
from dragon_node.lake.substrings.syntax import ONE_CHARACTER, REPEATS, Node, op, within

SHORT_MAX = 1_024
"""Strings of up to three characters that are told apart."""
LONG_MAX = 64
"""Longer ones."""
CHARACTERS_MAX = 8_192
"""Of all strings of a part together."""
COPIES_MAX = 8
"""Of what is repeated: more repetitions add no trigram that counts."""


@dataclass(frozen=True, slots=True)
class _Part:
    exact: frozenset[str] | None
    """All that it matches, when that is little."""
    begins: frozenset[str]
    """Every match begins with one of these."""
    ends: frozenset[str]
    needs: Needs = NOTHING
    """Beside the trigrams of `exact`."""


def plan(tree: Any) -> Needs:
    """What a line needs in order to match. Sound: no matching line lacks it."""
    return _inexact(_sequence(list(tree), tree.state.flags)).needs


_UNKNOWN = frozenset({""})
_EMPTY = _Part(_UNKNOWN, _UNKNOWN, _UNKNOWN)
_ANYTHING = _Part(None, _UNKNOWN, _UNKNOWN)


def _sequence(nodes: Iterable[Node], flags: int) -> _Part:
    return reduce(_adjoined, (_part(node, flags) for node in nodes), _EMPTY)


def _part(node: Node, flags: int) -> _Part:
    code, argument = node
    if code in ONE_CHARACTER:
        return _few(_characters(node, flags))
    if code is op.SUBPATTERN:
        _, added, removed, inner = argument
        return _sequence(inner, within(flags, added, removed))
    if code is op.BRANCH:
        return _alternatives([_sequence(branch, flags) for branch in argument[1]])
    if code in REPEATS:
        least, most, inner = argument
        return _repeated(_sequence(inner, flags), least, most)
    return _rarer(code, argument, flags)


def _rarer(code: Any, argument: Any, flags: int) -> _Part:
    if code is op.AT or code is op.ASSERT_NOT:
        return _EMPTY
    if code is op.ASSERT:
        return replace(_EMPTY, needs=_inexact(_sequence(argument[1], flags)).needs)
    if code is op.ATOMIC_GROUP:
        return _sequence(argument, flags)
    if code is op.GROUPREF_EXISTS:
        _, yes, no = argument
        return _alternatives([_sequence(yes, flags), _sequence(no or (), flags)])
    if code is op.FAILURE:
        return _few(frozenset())
    return _ANYTHING


def _characters(node: Node, flags: int) -> frozenset[str] | None:
    """Those that it matches on a line, or more of them; None when they are many."""
    code, argument = node
    if code is op.LITERAL:
        codes = [argument]
    elif code is op.IN and (listed := _listed(argument)) is not None:
        codes = listed
    else:
        return None
    chars = frozenset(map(chr, codes))
    if flags & re.IGNORECASE:
        chars = frozenset(v for c in chars for v in variants(c))
    return chars - {"\n"}


def _listed(items: list[Node]) -> list[int] | None:
    codes: list[int] = []
    for code, argument in items:
        if code is op.LITERAL:
            codes.append(argument)
        elif code is op.RANGE and argument[1] - argument[0] < LONG_MAX:
            codes += range(argument[0], argument[1] + 1)
        else:
            return None
    return codes if len(codes) <= LONG_MAX else None


def _few(strings: frozenset[str] | None) -> _Part:
    return _ANYTHING if strings is None else _Part(strings, strings, strings)


def _adjoined(left: _Part, right: _Part) -> _Part:
    if left.exact is not None and right.exact is not None:
        exact = _crossed(left.exact, right.exact)
        if exact is not None:
            return _Part(exact, exact, exact, both(left.needs, right.needs))
    begins = None if left.exact is None else _crossed(left.exact, right.begins)
    ends = None if right.exact is None else _crossed(left.ends, right.exact)
    left, right = _inexact(left), _inexact(right)
    seam = _crossed(left.ends, right.begins)
    return _Part(
        None,
        left.begins if begins is None else _heads(begins),
        right.ends if ends is None else _tails(ends),
        both(left.needs, right.needs, NOTHING if seam is None else trigrams_of(seam)),
    )


def _alternatives(parts: list[_Part]) -> _Part:
    exact = _union([part.exact for part in parts])
    if exact is not None:
        return _Part(exact, exact, exact, either(part.needs for part in parts))
    parts = [_inexact(part) for part in parts]
    begins, ends = _union([p.begins for p in parts]), _union([p.ends for p in parts])
    needs = either(part.needs for part in parts)
    return _Part(None, begins or _UNKNOWN, ends or _UNKNOWN, needs)


def _repeated(inner: _Part, least: int, most: int) -> _Part:
    if most == 0:
        return _EMPTY
    if least == 0:
        return _alternatives([_EMPTY, inner]) if most == 1 else _ANYTHING
    copies = reduce(_adjoined, [inner] * min(least, COPIES_MAX), _EMPTY)
    if least == most <= COPIES_MAX:
        return copies
    return replace(_adjoined(copies, _ANYTHING), ends=_inexact(inner).ends)


def _inexact(part: _Part) -> _Part:
    if part.exact is None:
        return part
    needs = both(part.needs, trigrams_of(part.exact))
    return _Part(None, _heads(part.exact), _tails(part.exact), needs)


def _heads(strings: frozenset[str]) -> frozenset[str]:
    return frozenset(string[:2] for string in strings)


def _tails(strings: frozenset[str]) -> frozenset[str]:
    return frozenset(string[-2:] for string in strings)


def _crossed(left: frozenset[str], right: frozenset[str]) -> frozenset[str] | None:
    """Each of the left with each of the right behind it; None when that is too much."""
    if len(left) * len(right) > SHORT_MAX:
        return None
    return _bounded(frozenset(a + b for a in left for b in right))


def _union(sets: list[frozenset[str] | None]) -> frozenset[str] | None:
    known = [each for each in sets if each is not None]
    return _bounded(frozenset[str]().union(*known)) if len(known) == len(sets) else None


def _bounded(strings: frozenset[str]) -> frozenset[str] | None:
    longest = max(map(len, strings), default=0)
    if len(strings) > (SHORT_MAX if longest <= 3 else LONG_MAX):
        return None
    return strings if longest * len(strings) <= CHARACTERS_MAX else None
