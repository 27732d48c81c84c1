"""Ranks Dragons for work on a project: where it is pinned, where it is held, and only where nobody
has it yet, where a rendezvous hash puts it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from common.model.ids import NodeId
from common.model.node import Node, RankedNode
from coordinator_node.routing.rendezvous import draw, seed
from coordinator_node.routing.work import INGEST, Work, doubts, unfit

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Place:
    """What was decided earlier about a key."""

    key: str
    """A project's id, or the id of the laptop whose recording is to be placed."""
    pinned: str = ""
    """The node that the owner named; empty for none."""
    placed: str = ""
    """Where the mesh put it first; empty for nowhere."""


def rank(
    work: Work, nodes: Iterable[Node], place: Place, *, version: str = ""
) -> tuple[RankedNode, ...]:
    """Every node: best first, then those that were left out, by id.

    Where somebody has it, nobody else is asked: another Dragon would answer that there is nothing,
    or begin it a second time. So while the one that has it is away there is no route at all.
    """
    known = tuple(nodes)
    theirs = having(work, known, place)
    key = seed(place.key)
    able: list[tuple[tuple[int, int, float, NodeId], Node]] = []
    left: list[RankedNode] = []
    for node in known:
        if why := unfit(work, node) or _elsewhere(node, theirs):
            left.append(RankedNode(node, 0, (*_claims(work, node, place), why)))
        else:
            lacks = len(doubts(node, version))
            standing = _standing(work, node, place)
            able.append(((standing, lacks, draw(key, seed(node.id), weight(node)), node.id), node))
    able.sort(key=lambda each: each[0])
    left.sort(key=lambda one: one.node.id)
    ranked = [
        RankedNode(node, i + 1, _reasons(work, node, place, version, alone=len(able) == 1))
        for i, (_, node) in enumerate(able)
    ]
    return (*ranked, *left)


def having(work: Work, nodes: Iterable[Node], place: Place) -> frozenset[str]:
    """Ids of the nodes that have it, wherever they are now; empty when nobody does.

    What is recorded goes to one of them alone, though several may be asked.
    """
    held = frozenset(node.id for node in nodes if work.project and work.project in node.projects)
    decided = [frozenset((each,)) for each in (place.pinned, place.placed) if each]
    if work.task == INGEST and decided:
        return decided[0]
    return held.union(*decided)


def weight(node: Node) -> int:
    """Its share of new projects: by the room in its lake, in powers of two, so that it does not
    change with every record."""
    room = max(1, node.load.lake_bytes_free // GIB)
    return 1 << (room.bit_length() - 1)


def _elsewhere(node: Node, theirs: frozenset[str]) -> str:
    return "it does not hold it, and another does" if theirs and node.id not in theirs else ""


def _standing(work: Work, node: Node, place: Place) -> int:
    if node.id == place.pinned:
        return 0
    if node.id == place.placed:
        return 1
    return 2 if work.project and work.project in node.projects else 3


def _claims(work: Work, node: Node, place: Place) -> tuple[str, ...]:
    said: list[str] = []
    if node.id == place.pinned:
        said.append("pinned there")
    if node.id == place.placed:
        said.append("placed there")
    if work.project and work.project in node.projects:
        said.append("holds the project")
    return tuple(said)


def _reasons(work: Work, node: Node, place: Place, version: str, *, alone: bool) -> tuple[str, ...]:
    said = [*_claims(work, node, place)]
    if not said:
        whom = "the only one" if alone else f"by hash, weight {weight(node)}"
        said.append(whom)
    return (*said, *doubts(node, version))
