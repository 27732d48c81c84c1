"""Relations within some hops of a thing, nearest first. Decides; what asks is passed in.

A hop asks for the relations of everything that was first met in the hop before. So a cycle ends
where it began, each thing has its least number of hops, and one bound holds over a project's file
and the failure memory together, which a recursive statement in either could not give.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from common.model.lake import Related, RelatedQuery, RelatedThing, Relation
from dragon_node.lake.relations.neighbours import Node, Row

Ask = Callable[[Sequence[Node], int], Awaitable[list[Row]]]
"""The relations of these things, heaviest first, and how many at most of each sort."""


async def walked(q: RelatedQuery, ask: Ask) -> Related:
    """Up to `q.limit` relations, each once; not complete when there are more."""
    hops: dict[Node, int] = {(q.kind, q.id): 0}
    found: dict[object, Row] = {}
    complete = True
    frontier: list[Node] = list(hops)
    for hop in range(1, q.hops + 1):
        rows = await ask(frontier, q.limit + 1)
        rows = sorted(rows, key=lambda row: (-row[5], -row[6], row[2], row[1], row[4]))
        frontier = []
        for row in rows:
            if _identity(row) in found:
                continue
            if len(found) == q.limit:
                complete = False
                break
            found[_identity(row)] = row
            for node in _ends(row):
                if node not in hops:
                    hops[node] = hop
                    frontier.append(node)
        if not complete or not frontier:
            break
    return Related(tuple(_relation(row, hops) for row in found.values()), complete)


def _identity(row: Row) -> object:
    """To have changed together is the same relation from both ends."""
    ends = (row[1], row[4])
    return (row[2], *(sorted(ends) if row[2] == "changed_with" else ends), row[0], row[3])


def _relation(row: Row, hops: dict[Node, int]) -> Relation:
    source, target = (RelatedThing(*node, hops=hops[node]) for node in _ends(row))
    return Relation(source, row[2], target, row[5], row[6])


def _ends(row: Row) -> tuple[Node, Node]:
    return (row[0], row[1]), (row[3], row[4])
