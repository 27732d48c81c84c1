"""A piece of work that wants a node, and who may not have it."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.node import Capability, Node

INGEST = "ingest"
"""The task of a laptop's recording: it always goes to the Dragon that has the laptop's origin."""

CLOCK_OFF_MS_MAX = 60_000
"""A node whose clock is further off refuses tickets that are good, so it comes last."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done."""

    capability: Capability
    project: str = ""
    """Id; empty where it is not about one project."""
    model: str = ""
    """Name or purpose, for inference."""
    task: str = ""
    """ask, search, ingest, reindex; empty when that does not matter."""


def unfit(work: Work, node: Node) -> str:
    """Why the node cannot do it at all; empty when it can."""
    if work.capability not in node.capabilities:
        return f"does not offer {work.capability}"
    if node.state == "gone":
        return "its lease has ended"
    if node.state == "draining":
        return "it is draining: it finishes what it has and takes nothing new"
    if not node.address:
        return "it listens to nobody"
    return ""


def doubts(node: Node, version: str) -> tuple[str, ...]:
    """What speaks against a node that can do it: it comes after those without any.

    `version` is what the Coordinator runs; an empty one matches every other.
    """
    found: list[str] = []
    if not _near(node.version, version):
        found.append(f"version {node.version}, more than one minor version from {version}")
    if abs(node.clock_ahead_ms) > CLOCK_OFF_MS_MAX:
        way = "ahead" if node.clock_ahead_ms > 0 else "behind"
        found.append(f"its clock is {abs(node.clock_ahead_ms) / 1000:.0f} s {way}")
    return tuple(found)


def _near(one: str, other: str) -> bool:
    first, second = _major_minor(one), _major_minor(other)
    if first is None or second is None:
        return True
    return first[0] == second[0] and abs(first[1] - second[1]) <= 1


def _major_minor(version: str) -> tuple[int, int] | None:
    parts = version.split(".")
    if len(parts) < 2 or not (parts[0].isdecimal() and parts[1].isdecimal()):
        return None
    return int(parts[0]), int(parts[1])
