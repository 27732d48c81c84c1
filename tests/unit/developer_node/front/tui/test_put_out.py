"""What the screens say on a laptop that its mesh takes in no more."""

from __future__ import annotations

from datetime import UTC

from textual.content import Content

from common.model.ids import NodeId
from common.model.laptop import LaptopStatus, OutboxStatus
from common.model.node import Node
from developer_node.front.tui import spoken
from developer_node.front.tui.at_a_glance import at_a_glance
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.needs import needs
from developer_node.front.tui.node_rows import node_rows
from developer_node.front.tui.notebook import Notebook
from tests.support.scripted_daemon import NOW_MS

WHY = "node 128a is no longer welcome"
OUT = LaptopStatus(
    nodes=(Node("dragon", NodeId("d" * 16), "x:1", "serving", 2.0),),
    outbox=OutboxStatus(waiting=3),
    dragon_unavailable=WHY,
    coordinator_unavailable=WHY,
    put_out=WHY,
)
"""The node is what it heard last."""


def test_nodes_says_so_and_how_it_comes_back() -> None:
    said = [row.left.plain for row in node_rows(OUT, 80)]
    assert "put out of its mesh" in said[0]
    assert "  postdevai recover --leave" in said and "  postdevai join CODE" in said
    assert not any("dragon" in each for each in said), "who is there is not for it to know"
    assert max(map(len, said)) <= 100


def test_the_dashboard_claims_nothing_of_the_mesh() -> None:
    notebook = Notebook()
    notebook.set_status(OUT)
    said = at_a_glance(notebook, notebook.pulse, NOW_MS, 80).plain
    assert "this laptop was put out of it" in said
    assert "3 records kept here, not sent" in said
    assert "without the" not in said


def test_another_node_that_its_owner_put_out_is_not_called_gone() -> None:
    """It was meant, so it needs nobody."""
    lost = Node("developer", NodeId("e" * 16), "", "gone", -7.0, put_out=True)
    status = LaptopStatus(nodes=(lost,))
    (row,) = node_rows(status, 80)
    assert row.right.plain == "put out"
    notebook = Notebook()
    notebook.set_status(status)
    assert "put out" in at_a_glance(notebook, notebook.pulse, NOW_MS, 80).plain
    assert not needs(notebook, NOW_MS, UTC)


def test_an_empty_view_does_not_promise_that_somebody_comes_back() -> None:
    notebook = Notebook()
    notebook.set_status(OUT)
    said = nothing(notebook, well=Content("Nothing yet.")).plain
    assert "put out of its mesh" in said and "comes back with it" not in said


def test_a_screen_reader_is_told_the_same() -> None:
    said = list(spoken.nodes(OUT, None, NOW_MS, UTC))
    assert "put out of its mesh" in said[0] and "postdevai join CODE" in said[0]
    assert not any(each.startswith("dragon node") for each in said)
