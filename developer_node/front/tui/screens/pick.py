"""Choosing one of a few things: who answers, what is asked, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from developer_node.front.tui.messages import RowOpened
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import Row
from developer_node.front.tui.widgets.row_list import RowList

CHOICES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them."""

    key: str
    """What the screen is left with."""
    said: str
    about: str = ""


class PickScreen(ModalScreen[str | None]):
    """Left with the key of what was chosen; None when nothing was."""

    SUMMARY = "Choose with the arrows and Enter; Esc leaves everything as it is."
    CSS_PATH = "pick.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,ctrl+c", "leave", "Back", key_display="Esc"),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], chosen: str) -> None:
        """`chosen`: the key of what holds now; the cursor begins there."""
        super().__init__()
        self._title = title
        self._choices = choices
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """A title and the rows."""
        with Vertical(id="pick"):
            yield Static(Content.styled(self._title, "bold"), id="pick-title")
            yield RowList("choices")
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """As high as there are rows."""
        rows = self.query_one(RowList)
        rows.styles.height = min(len(self._choices), CHOICES_SHOWN)
        rows.show([self._row(choice) for choice in self._choices])
        rows.select(self._chosen)
        rows.focus()

    def on_row_opened(self, message: RowOpened) -> None:
        """Chosen."""
        self.dismiss(message.key)

    def action_leave(self) -> None:
        """As it was."""
        self.dismiss(None)

    def _row(self, choice: Choice) -> Row:
        here = choice.key == self._chosen
        left = Content.assemble(("● " if here else "  ", "$text-accent"), one_line(choice.said))
        return Row(
            choice.key, left, Content.styled(one_line(choice.about, 80), "$foreground-muted")
        )
