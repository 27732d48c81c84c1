"""Ranks the nodes that can do a piece of work: the one that begins it soonest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from common.model.ids import NodeId
from common.model.llm import Purpose
from common.model.node import Node, RankedNode
from coordinator_node.routing.work import Work, doubts, unfit

LOADING_COSTS = 8
"""A model that must be loaded first weighs as much as so many requests before this one."""
LACKING_COSTS = 64
"""A model that is not on the disk there weighs as much as these: somebody has to fetch it first."""
CRAMPED_COSTS = 4
"""So does a node that has no room for another context."""
CONTEXT_BYTES_MIN = 128 << 20
"""With less free than this, what waits for room waits long."""

PURPOSES = frozenset(get_args(Purpose))

Key = tuple[int, int, float, NodeId]
"""Doubts, cost in requests, CPU, id: smaller is better, and no two nodes are equal."""


def rank(
    work: Work,
    nodes: Iterable[Node],
    *,
    version: str = "",
    given: Mapping[NodeId, int] | None = None,
) -> tuple[RankedNode, ...]:
    """Every node: best first, then those that were left out, by id.

    `given` is how many routes went to each node since it last told of its queue.
    """
    sent = given or {}
    able: list[Node] = []
    left: list[RankedNode] = []
    for node in nodes:
        if why := unfit(work, node):
            left.append(RankedNode(node, 0, (why,)))
        else:
            able.append(node)
    able.sort(key=lambda node: key(work, node, version, sent.get(node.id, 0)))
    left.sort(key=lambda one: one.node.id)
    ranked = [
        RankedNode(node, i + 1, reasons(work, node, version, sent.get(node.id, 0)))
        for i, node in enumerate(able)
    ]
    return (*ranked, *left)


def key(work: Work, node: Node, version: str, given: int = 0) -> Key:
    """By what nodes are put in order."""
    cost = base_cost(node) + given + model_cost(work, node)
    return len(doubts(node, version)) + is_bare(work, node), cost, node.load.cpu, node.id


def base_cost(node: Node) -> int:
    """Requests before this one, whichever model it is for."""
    return node.load.queue + (CRAMPED_COSTS if _is_cramped(node) else 0)


def is_resident(work: Work, node: Node) -> bool:
    """Whether it could begin at once; so it is where no model is asked for."""
    return not work.model or work.model in node.models


def is_lacking(work: Work, node: Node) -> bool:
    """Whether the model is known not to be on its disk; one that does not tell may have it, and so
    may each where any model of a purpose will do."""
    told = bool(node.on_disk) and work.model not in PURPOSES
    return told and not is_resident(work, node) and work.model not in node.on_disk


def model_cost(work: Work, node: Node) -> int:
    """What there is to be done before the model can begin, in requests."""
    if is_resident(work, node):
        return 0
    return LACKING_COSTS if is_lacking(work, node) else LOADING_COSTS


def is_bare(work: Work, node: Node) -> bool:
    """Whether no model at all is known to be there: it may have none, and then it answers
    nothing."""
    return work.capability == "inference" and not node.models and not node.on_disk


def reasons(work: Work, node: Node, version: str, given: int = 0) -> tuple[str, ...]:
    """Why it has its rank, the weightiest first."""
    said = [*doubts(node, version)]
    if is_bare(work, node):
        said.append("no model is loaded there")
    if work.model:
        said.append(f"{work.model} is {_where(work, node)}")
    said.append(f"queue {node.load.queue}")
    if given:
        said.append(f"{given} sent there since it last told")
    if _is_cramped(node):
        said.append("hardly any room for another context")
    said.append(f"CPU {node.load.cpu:.2f}")
    return tuple(said)


def _where(work: Work, node: Node) -> str:
    if is_resident(work, node):
        return "loaded"
    if is_lacking(work, node):
        return "not there"
    return "on disk, not loaded" if work.model in node.on_disk else "not loaded"


def _is_cramped(node: Node) -> bool:
    return 0 < node.load.context_bytes_free < CONTEXT_BYTES_MIN
