"""What a place must contain: trigrams, all of several needs, or any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

COLUMNS_ABOVE = 8
"""So many strings of one length are told apart; of more, each position is asked for by itself."""
RAREST_INSIDE = 3
"""Of all that one of several alternatives needs."""


@dataclass(frozen=True, slots=True)
class All:
    """Each of these."""

    parts: frozenset[Needs] = frozenset()


@dataclass(frozen=True, slots=True)
class Any:
    """One of these at least."""

    parts: frozenset[Needs] = frozenset()


Needs = str | All | Any
"""A string is a trigram."""

NOTHING = All()
"""Every place will do."""
IMPOSSIBLE = Any()
"""No place will do."""


def both(*needs: Needs) -> Needs:
    """All of them."""
    parts: set[Needs] = set()
    for each in needs:
        if each == IMPOSSIBLE:
            return IMPOSSIBLE
        parts |= each.parts if isinstance(each, All) else {each}
    return next(iter(parts)) if len(parts) == 1 else All(frozenset(parts))


def either(needs: Iterable[Needs]) -> Needs:
    """Any of them; what all of them need is asked for once."""
    sets = {_conjuncts(each) for each in needs if each != IMPOSSIBLE}
    if not sets:
        return IMPOSSIBLE
    common = frozenset[Needs].intersection(*sets)
    rests = {rest - common for rest in sets}
    if frozenset() in rests:
        return both(*common)
    parts: set[Needs] = set()
    for rest in rests:
        one = both(*rest)
        parts |= one.parts if isinstance(one, Any) else {one}
    return both(*common, Any(frozenset(parts)))


def trigrams_of(strings: frozenset[str]) -> Needs:
    """Of a place that contains one of these strings."""
    lengths = {len(string) for string in strings}
    if not strings or min(lengths) < 3:
        return NOTHING if strings else IMPOSSIBLE
    if len(lengths) == 1 and len(strings) > COLUMNS_ABOVE:
        columns = range(lengths.pop() - 2)
        return both(*(either(_trigram(s[at : at + 3]) for s in strings) for at in columns))
    return either(both(*(_trigram(s[i : i + 3]) for i in range(len(s) - 2))) for s in strings)


def trigrams_in(needs: Needs) -> set[str]:
    """Every trigram that is named."""
    if isinstance(needs, str):
        return {needs}
    return set[str]().union(*(trigrams_in(part) for part in needs.parts))


def expression(needs: Needs, share: Callable[[str], int], rarest: int) -> tuple[str, bool]:
    """As an FTS5 query for the rarest of what must be there, and whether that is all of it.

    Empty when nothing narrows the search. IMPOSSIBLE has no expression."""
    parts = sorted(_conjuncts(needs), key=lambda part: (_share(part, share), _written(part, share)))
    chosen = parts[:rarest]
    return " AND ".join(_written(part, share) for part in chosen), len(chosen) == len(parts)


def _conjuncts(needs: Needs) -> frozenset[Needs]:
    return needs.parts if isinstance(needs, All) else frozenset({needs})


def _trigram(text: str) -> Needs:
    # NUL would end the expression, and lone surrogates are in no text: neither is asked for.
    return NOTHING if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text) else text


def _share(needs: Needs, share: Callable[[str], int]) -> int:
    """In how many of a sample, about."""
    if isinstance(needs, str):
        return share(needs)
    shares = [_share(part, share) for part in needs.parts]
    return min(shares) if isinstance(needs, All) else sum(shares)


def _written(needs: Needs, share: Callable[[str], int]) -> str:
    if isinstance(needs, str):
        return '"' + needs.replace('"', '""') + '"'
    if isinstance(needs, Any):
        return f"({' OR '.join(sorted(_written(part, share) for part in needs.parts))})"
    return f"({expression(needs, share, RAREST_INSIDE)[0]})"
