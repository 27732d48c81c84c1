"""One question before something is lost from memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, what a yes means, and what is lost by it."""

    title: str
    means: str
    yes: str
    no: str = "leave it as it is"


class ConfirmScreen(ModalScreen[bool]):
    """Dismissed with True for a yes."""

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "say(True)", "Yes"),
        Binding("escape,q,ctrl+c,n", "say(False)", "No", key_display="Esc"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """One box."""
        asked = self._question
        with Vertical(id="confirm"):
            yield Static(
                Content.assemble(
                    (f"{asked.title}\n\n", "bold"),
                    f"{asked.means}\n\n",
                    ("  Enter  ", "bold $text-accent"),
                    f"{asked.yes}\n",
                    ("  Esc    ", "bold $text-accent"),
                    asked.no,
                ),
                id="confirm-question",
            )

    def action_say(self, yes: bool) -> None:
        """Answers."""
        self.dismiss(yes)
