"""Nodes and tasks: who is in the mesh."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.rows_view import RowsView


class NodesView(RowsView):
    """The nodes of the mesh."""

    VIEW = "nodes"
    SUMMARY = "The nodes of the mesh, and what runs now."

    def rows(self) -> Sequence[Row]:
        """By role."""
        status = self.desk.notebook.status
        return [
            Row(
                node.id,
                Content(f"{node.role:<12} {node.id[:8]}  {one_line(node.address, 40)}"),
                Content(f"{node.state}, lease {node.lease_s:.0f} s"),
            )
            for node in (status.nodes if status else ())
        ]
