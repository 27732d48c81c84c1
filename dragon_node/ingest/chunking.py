"""A file cut into the pieces that are searched: split what is long, then merge what is short.

Lines of a definition stay together as long as they fit; what is between definitions becomes
windows. Pieces meet end to end and cover every line of the file, so that nothing is unfindable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dragon_node.ingest.grammars.known import language_of
from dragon_node.ingest.symbols import Definition, outline, symbols_in
from dragon_node.lake.records import Pieces, Span

LINES_MAX = 40
CHARACTERS_MAX = 1_200
"""About 128 tokens are the aim, and code has up to ten characters to one."""
MERGE_BELOW = 400
"""Characters: shorter neighbours become one piece."""
SPANS_MAX = 20_000
"""Of one file; a file of 1 MiB has fewer unless its lines are empty."""
SYMBOLS_MAX = 20_000
"""Of one file: data can define a name on every line."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Lines from `first` up to but without `last`, from 0."""

    first: int
    last: int
    symbol: str
    whole: bool
    """All of a definition: it is not merged into what is around it unless both are short."""


def chunk(path: str, text: str) -> Pieces:
    """Cuts a file. Pure; a file that no grammar knows becomes windows."""
    if not text:
        return Pieces(language=language_of(path))
    seen = outline(path, text)
    starts = _line_starts(text)
    count = len(starts) - 1
    parts = list(_merged(_parts(seen.definitions, 0, count, "", starts), starts))
    spans = [span for part in parts for span in _spans(part, text, starts)]
    symbols = tuple(symbols_in(seen.definitions))[:SYMBOLS_MAX]
    return Pieces(tuple(spans[:SPANS_MAX]), symbols, language_of(path), seen.imports)


def _line_starts(text: str) -> list[int]:
    """Where each line begins, and the end of the text."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    if starts[-1] != len(text):
        starts.append(len(text))
    return starts


def _parts(
    found: tuple[Definition, ...], first: int, last: int, symbol: str, starts: list[int]
) -> Iterator[_Part]:
    """Definitions and what is between them, each no longer than a piece may be."""
    at = first
    for definition in found:
        begin, end = max(at, definition.start_row), min(last, definition.end_row + 1)
        if begin >= end:
            continue
        yield from _windows(at, begin, symbol, starts)
        name = definition.symbol.qualified
        if _fits(begin, end, starts):
            yield _Part(begin, end, name, whole=True)
        else:
            yield from _parts(definition.inside, begin, end, name, starts)
        at = end
    yield from _windows(at, last, symbol, starts)


def _windows(first: int, last: int, symbol: str, starts: list[int]) -> Iterator[_Part]:
    while first < last:
        end = first + 1
        while end < last and _fits(first, end + 1, starts):
            end += 1
        yield _Part(first, end, symbol, whole=False)
        first = end


def _merged(parts: Iterator[_Part], starts: list[int]) -> Iterator[_Part]:
    """Short neighbours as one, under the name of the longer."""
    held: _Part | None = None
    for part in parts:
        if held is None:
            held = part
        elif _may_merge(held, part, starts):
            longer = max(held, part, key=lambda p: (bool(p.symbol), _size(p, starts)))
            held = _Part(held.first, part.last, longer.symbol, held.whole and part.whole)
        else:
            yield held
            held = part
    if held is not None:
        yield held


def _may_merge(left: _Part, right: _Part, starts: list[int]) -> bool:
    short = min(_size(left, starts), _size(right, starts)) < MERGE_BELOW
    both_short = max(_size(left, starts), _size(right, starts)) < MERGE_BELOW
    apart = left.whole and right.whole
    return _fits(left.first, right.last, starts) and (both_short if apart else short)


def _fits(first: int, last: int, starts: list[int]) -> bool:
    return last - first <= LINES_MAX and starts[last] - starts[first] <= CHARACTERS_MAX


def _size(part: _Part, starts: list[int]) -> int:
    return starts[part.last] - starts[part.first]


def _spans(part: _Part, text: str, starts: list[int]) -> Iterator[Span]:
    """One span, or several when a single line is longer than a piece may be; none when blank."""
    begin, end = starts[part.first], starts[part.last]
    for start in range(begin, end, CHARACTERS_MAX):
        stop = min(start + CHARACTERS_MAX, end)
        if text[start:stop].strip():
            yield Span(part.first + 1, part.last, start, stop, part.symbol)
