"""Version vectors: of each replica, how far its writes were seen."""

from __future__ import annotations

from common.model.ids import NodeId
from common.model.shared import Dot, Vector


def has(vector: Vector, dot: Dot) -> bool:
    """Whether this write was seen."""
    return vector.get(dot.replica, 0) >= dot.stamp


def covers(vector: Vector, other: Vector) -> bool:
    """Whether all that the other has seen was seen."""
    return all(vector.get(replica, 0) >= stamp for replica, stamp in other.items())


def joined(vector: Vector, other: Vector) -> dict[NodeId, int]:
    """What either has seen."""
    both = dict(vector)
    for replica, stamp in other.items():
        both[replica] = max(both.get(replica, 0), stamp)
    return both


def cut(vector: Vector, stamp: int) -> dict[NodeId, int]:
    """What was seen up to a stamp."""
    return {replica: min(newest, stamp) for replica, newest in vector.items()}


def unseen(vector: Vector, seen: Vector) -> list[int]:
    """The stamps in `seen` that the vector does not have."""
    return [stamp for replica, stamp in seen.items() if vector.get(replica, 0) < stamp]
