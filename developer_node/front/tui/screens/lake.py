"""RAM-Lake: what lies in memory, and how much room there is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from developer_node.front.output_words import count, size
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.rows_view import RowsView


class LakeView(RowsView):
    """Stores and projects of the lake."""

    VIEW = "lake"
    SUMMARY = "What the Dragon holds in memory: stores, projects, and the room that is left."

    def rows(self) -> Sequence[Row]:
        """Stores, then projects."""
        status = self.desk.notebook.status
        lake = status.lake if status else None
        if lake is None:
            return ()
        stores = [
            Row(f"store:{store.name}", Content(store.name), Content(size(store.bytes)))
            for store in lake.stores
        ]
        projects = [
            Row(f"project:{p.id}", Content(f"{one_line(p.name)} {p.state}"), Content(size(p.bytes)))
            for p in lake.kept
        ]
        whole = Row(
            "whole",
            Content(f"{'in RAM' if lake.ram else 'NOT RAM'}, {count(lake.files, 'file')}"),
            Content(f"{size(lake.bytes)} of {size(lake.budget_bytes)}"),
        )
        return (whole, *stores, *projects)
