"""Models: the catalogue and what is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from developer_node.front.output_words import size
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.screens.rows_view import RowsView


class ModelsView(RowsView):
    """Every model of the catalogue, with its state."""

    VIEW = "models"
    SUMMARY = "The models of the Dragon: which there are, what is loaded, what they take."

    def rows(self) -> Sequence[Row]:
        """In catalogue order."""
        status = self.desk.notebook.status
        return [
            Row(
                model.name,
                Content(f"{one_line(model.name, 60)}  {model.purpose}"),
                Content(f"{model.state} {size(model.bytes)}"),
            )
            for model in (status.models if status else ())
        ]
