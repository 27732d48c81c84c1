"""What takes how much of a whole, as one coloured bar and its legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from developer_node.front.output_page import Span
from developer_node.front.output_words import size

CELLS = 40

Shares = Sequence[tuple[str, int]]
"""Names and bytes, in the order in which they are drawn."""


def bar(shares: Shares, whole: int, styles: Mapping[str, str]) -> list[Span]:
    """One cell a fortieth of the whole, coloured by what takes most of it; one cell at least."""
    spans: list[Span] = []
    drawn, upto = 0, 0
    for name, taken in shares:
        upto += taken
        reached = round(CELLS * upto / max(1, whole))
        cells = min(max(reached, int(upto > 0)), CELLS) - drawn
        drawn += cells
        if cells:
            spans.append(Span("█" * cells, styles.get(name, "white")))
    return [*spans, Span("░" * (CELLS - drawn), "dim")]


def legend(shares: Shares, styles: Mapping[str, str]) -> list[Span]:
    """Who takes what, in the bar's colours; who takes nothing is left out."""
    spans: list[Span] = []
    for name, taken in shares:
        if taken:
            spans.append(Span("■ ", styles.get(name, "white")))
            spans.append(Span(f"{name} {size(taken)}  "))
    return spans
