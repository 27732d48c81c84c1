"""What needs the person, said of the whole mesh and not of the one node that was asked."""

from __future__ import annotations

from dataclasses import replace

from common.model.ids import NodeId
from common.model.llm import Model
from common.model.node import Node
from developer_node.front.output_needs import needs, pulling
from tests.support.tui_scenes_frame import WELL

BARE = Node("dragon", NodeId("d0" * 8), "192.168.1.7:50051", "serving", 2.4)
NO_MODEL = "No model is here"


def said(*nodes: Node) -> str:
    missing = replace(WELL, nodes=nodes, models=(Model("small", "fast", "missing"),))
    return "\n".join("".join(span.text for span in line) for line in needs(missing))


def test_no_model_is_said_to_be_missing_while_a_dragon_that_serves_has_one() -> None:
    other = replace(BARE, id=NodeId("d1" * 8), models=("small",))
    assert NO_MODEL in said(BARE)
    assert NO_MODEL not in said(BARE, other)
    for away in (replace(other, state="gone"), replace(other, put_out=True)):
        assert NO_MODEL in said(BARE, away)


def test_what_brings_the_models_can_be_typed_as_it_stands() -> None:
    """Of a larger catalogue nobody guesses which one suits the machine."""
    two = tuple(Model(name, "fast", "missing") for name in ("talker", "embedder"))
    assert pulling(two) == "postdevai models pull talker && postdevai models pull embedder"
    assert "postdevai models pull NAME" in pulling((*two, *two))
