"""Which cards are listed, and in which order: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from common.model.failure import Suggestion, Verdict
from developer_node.front.tui.card import state_of

Order = Literal["newest", "most often seen", "project", "not judged first"]
ORDERS: tuple[Order, ...] = get_args(Order)


def ordered(
    cards: Sequence[Suggestion], order: Order, verdicts: Mapping[str, Verdict]
) -> list[Suggestion]:
    """Those of one rank newest first, as they come."""
    match order:
        case "newest":
            return list(cards)
        case "most often seen":
            return sorted(cards, key=lambda card: -len(card.recollection.occurrences))
        case "project":
            return sorted(cards, key=lambda card: card.project.lower())
        case "not judged first":
            return sorted(cards, key=lambda card: is_judged(card, verdicts))


def next_order(order: Order) -> Order:
    """Round and round."""
    return ORDERS[(ORDERS.index(order) + 1) % len(ORDERS)]


def is_judged(card: Suggestion, verdicts: Mapping[str, Verdict]) -> bool:
    """Whether the person said yes or no to one of its remedies."""
    return any(
        remedy.accepted or remedy.id in verdicts or state_of(remedy, verdicts) == "rejected"
        for remedy in card.recollection.remedies
    )
