"""A Dragon is named by its id, the beginning of it, or its machine."""

from __future__ import annotations

import pytest

from common.errors import Conflict, Missing
from common.model.ids import NodeId
from common.model.node import Node, NodeState
from developer_node.several.named import named


def dragon(node: str, machine: str, state: NodeState = "serving") -> Node:
    return Node("dragon", NodeId(node), "", state, 3.0, machine=machine)


MESH = (
    dragon("aa11", "studio"),
    dragon("aa22", "laptop"),
    dragon("bb33", "laptop", "gone"),
    Node("developer", NodeId("cc44"), "", "serving", 3.0, machine="laptop"),
)


def test_one_is_meant() -> None:
    assert named("aa1", MESH).id == "aa11"
    assert named("studio", MESH).id == "aa11"
    assert named("laptop", MESH).id == "aa22"  # the other one that was there has gone
    assert named("bb33", MESH).id == "bb33"


def test_none_and_several_are_refused() -> None:
    with pytest.raises(Missing, match="no Dragon of this mesh is called cc44"):
        named("cc44", MESH)
    with pytest.raises(Conflict, match="2 Dragons are called aa: aa11, aa22"):
        named("aa", MESH)
