"""Whose an origin is: one node's for good, so that nobody sends in the name of another."""

from __future__ import annotations

from common.errors import Denied
from common.model.ids import NodeId, Origin
from common.model.lake import ANOTHERS_ORIGIN, ANOTHERS_ORIGIN_AND_MORE


def of_another(origin: Origin, owner: NodeId, applied: int, held: tuple[int, int] | None) -> Denied:
    """Why a node may not send under it, and by the field whether everything that went before its
    first record is here; `held` are the first and last sequence that it still has, if it said so.
    """
    whole = held is not None and held[0] - 1 <= applied <= held[1]
    return Denied(
        f"origin {origin[:8]} belongs to node {owner}",
        hint="That was this laptop before it joined again, or another one. What waits is kept: "
        "do not remove it. A laptop of this version sends it under an origin of its own.",
        field=ANOTHERS_ORIGIN if whole else ANOTHERS_ORIGIN_AND_MORE,
    )
