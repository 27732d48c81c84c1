"""A view of one list: rows made from the notebook, and a sentence where there are none."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from developer_node.front.tui.empty import nothing
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.view import View
from developer_node.front.tui.widgets.row_list import RowList


class RowsView(View):
    """What is to be read of the status, a line each."""

    AUTO_FOCUS = "RowList"
    EMPTY = Content("Nothing is known of it yet.")

    def body(self) -> ComposeResult:
        """The rows, and what stands there without any."""
        yield RowList(f"{self.VIEW}-rows")
        yield Static(id="empty")

    def rows(self) -> Sequence[Row]:
        """What is known now."""
        raise NotImplementedError

    def show(self) -> None:
        """Rows of the notebook."""
        rows = self.rows()
        held, empty = self.query_one(RowList), self.query_one("#empty", Static)
        held.show(rows)
        held.display, empty.display = bool(rows), not rows
        if not rows:
            empty.update(nothing(self.desk.notebook, self.EMPTY))
