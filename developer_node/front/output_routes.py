"""Where work would go, for people and for scripts."""

from __future__ import annotations

from typing import Any

from common.model.node import RankedNode
from developer_node.front.local_routes import Explained
from developer_node.front.output_page import Line, Span, line

Json = dict[str, Any]

POLICIES = {
    "least_loaded": "the node that begins it soonest",
    "project_affinity": "the Dragon that has it",
}
CLAIMS = {"pinned there", "placed there", "holds the project"}
NEW = "the Dragon that a hash names, because none says that it has it"


def page(what: str, explained: Explained, *, everybody: bool) -> list[Line]:
    """What was asked for, then a line a node; those that were left out only when asked for."""
    chosen = [each for each in explained.nodes if each.rank]
    said = [line(Span(what, "bold"), f" goes to {_whom(explained)}.")]
    if not chosen:
        said.append(line(Span("No node can take it now.", "red")))
    shown = explained.nodes if everybody or not chosen else tuple(chosen)
    width = max((len(each.node.address) for each in shown), default=0)
    return said + [_node(each, width) for each in shown]


def as_json(asked: Json, explained: Explained) -> Json:
    """The whole of it."""
    return asked | {
        "policy": explained.policy,
        "nodes": [
            {
                "rank": each.rank or None,
                "role": each.node.role,
                "id": each.node.id,
                "state": each.node.state,
                "address": each.node.address or None,
                "reasons": list(each.reasons),
            }
            for each in explained.nodes
        ],
    }


def _whom(explained: Explained) -> str:
    best = next((each for each in explained.nodes if each.rank == 1), None)
    if explained.policy == "project_affinity" and best is not None and not CLAIMS & {*best.reasons}:
        return NEW
    return POLICIES[explained.policy]


def _node(ranked: RankedNode, width: int) -> Line:
    node = ranked.node
    rank = Span(f"{ranked.rank:>3}  ", "green") if ranked.rank else Span("  -  ", "dim")
    return line(
        rank,
        Span(f"{node.role:<13}", "bold" if ranked.rank else "dim"),
        f"{node.id[:12]:<12}  {node.address:<{width}}  ",
        Span(", ".join(ranked.reasons), "" if ranked.rank else "dim"),
    )
