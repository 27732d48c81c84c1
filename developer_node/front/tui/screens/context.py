"""Context: what is being worked on, and so what answers are given."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from developer_node.front.output_words import count
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.rows_view import RowsView


class ContextView(RowsView):
    """The working copies that are watched."""

    VIEW = "context"
    SUMMARY = "What is being worked on, and what an answer would be given of it."

    def rows(self) -> Sequence[Row]:
        """Working copies."""
        status = self.desk.notebook.status
        return [
            Row(
                held.working_copy,
                Content(one_line(held.path)),
                Content(count(held.files, "file") if held.files >= 0 else held.state),
            )
            for held in (status.repositories if status else ())
        ]
