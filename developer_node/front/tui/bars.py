"""Amounts as bars and small curves, always with the words beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from developer_node.front.output_words import percent, size

_HEIGHTS = "▁▂▃▄▅▆▇█"

Shares = Sequence[tuple[str, int]]
"""Names and bytes, in the order in which they are drawn."""


def stacked(shares: Shares, whole: int, width: int, styles: Mapping[str, str]) -> Content:
    """What takes how much of a whole; what takes anything has a cell while there is one."""
    parts: list[tuple[str, str]] = []
    drawn = upto = 0
    for name, taken in shares:
        upto += taken
        reached = min(width, max(round(width * upto / max(1, whole)), drawn + bool(taken)))
        if reached > drawn:
            parts.append(("█" * (reached - drawn), styles.get(name, "$foreground")))
        drawn = max(drawn, reached)
    return Content.assemble(*parts, ("░" * (width - drawn), "$foreground-muted"))


def legend(shares: Shares, whole: int, styles: Mapping[str, str]) -> list[Content]:
    """Who takes what, in the colours of the bar; who takes nothing is left out."""
    return [
        Content.assemble(
            ("■ ", styles.get(name, "$foreground")),
            f"{name} {size(taken)}",
            (f" {share_words(taken, whole)}" if whole > 0 else "", "$foreground-muted"),
        )
        for name, taken in shares
        if taken
    ]


def share_words(taken: int, whole: int) -> str:
    """ "12 %"; what is more than nothing is never said to be nothing."""
    if whole <= 0:
        return "?"
    return "under 1 %" if 0 < taken * 100 < whole else percent(taken / whole)


def flowed(parts: Sequence[Content], width: int, gap: str = "  ") -> Content:
    """Parts one after the other, a new line where the next one would not fit whole."""
    lines: list[list[Content]] = [[]]
    taken = 0
    for part in parts:
        needed = part.cell_length + (len(gap) if lines[-1] else 0)
        if lines[-1] and taken + needed > width:
            lines.append([])
            taken, needed = 0, part.cell_length
        lines[-1].append(part)
        taken += needed
    return Content("\n").join(Content(gap).join(line) for line in lines)


def share_bar(share: float, width: int, style: str = "$primary") -> Content:
    """One share, 0 to 1; what is more than nothing has a cell."""
    share = max(0.0, min(1.0, share))
    filled = min(width, max(round(width * share), int(share > 0)))
    return Content.assemble(("█" * filled, style), ("░" * (width - filled), "$foreground-muted"))


def sparkline(values: Sequence[float], width: int, top: float = 0.0) -> str:
    """The newest values at the right, a cell each or the highest of several, from nought up.

    `top`: what fills a cell at least; 0 for the highest value alone.
    """
    if not values or width < 1:
        return ""
    per_cell = -(-len(values) // width)
    cells = [max(values[i : i + per_cell]) for i in range(0, len(values), per_cell)]
    top = max(top, *cells)
    if top <= 0:
        return _HEIGHTS[0] * len(cells)
    return "".join(_HEIGHTS[min(7, round(7 * value / top))] for value in cells)
