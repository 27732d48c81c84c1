"""What goes with a Dragon that leaves is said before it leaves."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.node import Node
from developer_node.front.up.leaving import takes_the_models

OWN = Node(
    "dragon", NodeId("d0" * 8), "127.0.0.1:1", "serving", 2.4, pid=7, models=("small", "embedder")
)
OTHER = Node("dragon", NodeId("d1" * 8), "192.168.1.7:50051", "serving", 2.4, pid=8)


def test_the_one_dragon_with_models_says_so_where_another_stays_without() -> None:
    assert takes_the_models((OWN, OTHER), 7).startswith("No other Dragon has a model loaded")


def test_nothing_is_said_where_models_stay_or_nobody_does() -> None:
    assert takes_the_models((OWN, replace(OTHER, models=("small",))), 7) == ""
    assert takes_the_models((OWN, OTHER), 8) == ""  # the one without models leaves
    assert takes_the_models((OWN, OTHER), None) == ""
    assert takes_the_models((OWN,), 7) == ""
    assert takes_the_models((OWN, replace(OTHER, state="gone")), 7) == ""
    assert takes_the_models((), 7) == ""
