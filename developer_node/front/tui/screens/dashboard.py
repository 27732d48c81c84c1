"""Dashboard: how the mesh stands, and what needs you."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.rows_view import RowsView


class DashboardView(RowsView):
    """Everything at a glance."""

    VIEW = "dashboard"
    SUMMARY = "How the mesh stands, and what needs you. Enter opens it."

    def rows(self) -> Sequence[Row]:
        """Nodes first."""
        status = self.desk.notebook.status
        return [
            Row(node.id, Content(f"{node.role} {one_line(node.address, 40)}"), Content(node.state))
            for node in (status.nodes if status else ())
        ]
