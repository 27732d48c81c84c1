"""The least busy node that can do the work comes first, with its reason."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.node import Node, NodeLoad
from coordinator_node.routing.least_loaded import rank


def dragon(name: str, queue: int = 0, cpu: float = 0.0) -> Node:
    load = NodeLoad(queue=queue, cpu=cpu)
    return Node(
        "dragon", NodeId(name), f"{name}:1", "serving", 3.0, capabilities=("lake",), load=load
    )


def order(*nodes: Node) -> list[str]:
    return [node.id for node, _ in rank("lake", nodes)]


def test_the_shorter_queue_wins_then_the_idler_cpu_then_the_id() -> None:
    assert order(dragon("a", 2), dragon("b", 1)) == ["b", "a"]
    assert order(dragon("a", 1, 0.9), dragon("b", 1, 0.1)) == ["b", "a"]
    assert order(dragon("b"), dragon("a")) == ["a", "b"]


def test_who_cannot_or_should_not_is_left_out() -> None:
    good = dragon("good")
    assert order(
        good,
        replace(dragon("other"), capabilities=("inference",)),
        replace(dragon("draining"), state="draining"),
        replace(dragon("gone"), state="gone"),
        replace(dragon("deaf"), address=""),
    ) == ["good"]


def test_each_comes_with_a_reason() -> None:
    assert rank("lake", [dragon("a")])[0][1] == "the only one"
    assert rank("lake", [dragon("a", 3, 0.5), dragon("b", 4)])[0][1] == "queue 3, CPU 0.50"
