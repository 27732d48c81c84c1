"""The note: what a person wants every answer to know, in the person's own words."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static, TextArea

NOTE_CHARS_MAX = 2_000


class NoteScreen(ModalScreen[str | None]):
    """Left with what was written; None when it is to stay as it was."""

    SUMMARY = "What every answer is told. It stays on this machine, sealed."
    CSS_PATH = "note.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "keep", "Keep it", priority=True),
        Binding("escape", "leave", "As it was", key_display="Esc", priority=True),
    ]

    def __init__(self, note: str) -> None:
        super().__init__()
        self._note = note

    def compose(self) -> ComposeResult:
        """A title, the words, how long they are."""
        with Vertical(id="note-box"):
            yield Static(Content.styled("What every answer is told", "bold"), id="note-title")
            yield TextArea(self._note, id="note-text", soft_wrap=True)
            yield Static(id="note-length")
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Ready to type, behind what is there."""
        text = self.query_one(TextArea)
        text.cursor_blink = False
        text.focus()
        text.move_cursor(text.document.end)
        self._count()

    def on_text_area_changed(self) -> None:
        """How long it is now."""
        self._count()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is too long cannot be kept."""
        return self._fits if action == "keep" and self.is_mounted else True

    def action_keep(self) -> None:
        """As written."""
        self.dismiss(self.query_one(TextArea).text)

    def action_leave(self) -> None:
        """As it was."""
        self.dismiss(None)

    @property
    def _fits(self) -> bool:
        return len(self.query_one(TextArea).text.strip()) <= NOTE_CHARS_MAX

    def _count(self) -> None:
        length = len(self.query_one(TextArea).text.strip())
        style = "$foreground-muted" if self._fits else "$text-error"
        said = f"{length:,} of {NOTE_CHARS_MAX:,} characters"
        self.query_one("#note-length", Static).update(Content.styled(said, style))
