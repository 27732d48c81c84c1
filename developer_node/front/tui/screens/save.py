"""Saving a text to a file of the person's choice; a file that is there is left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Input, Static

from developer_node.front.tui.plain import one_line


class SaveScreen(ModalScreen[str | None]):
    """Left with the path that was written; None when nothing was."""

    CSS_PATH = "save.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,ctrl+c", "leave", "Back", key_display="Esc"),
    ]

    def __init__(self, text: str, proposed: str) -> None:
        super().__init__()
        self._text = text
        self._proposed = proposed

    def compose(self) -> ComposeResult:
        """A path, and what is wrong with it."""
        with Vertical(id="save"):
            yield Static(Content.styled("Save to", "bold"))
            yield Input(self._proposed, id="save-path", compact=True)
            yield Static(Content.styled("Enter saves.", "$foreground-muted"), id="save-said")
            yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Writes it."""
        path = message.value.strip()
        if path:
            self.run_worker(self._save(Path(path).expanduser()), group="save", exclusive=True)

    def action_leave(self) -> None:
        """Nothing is written."""
        self.dismiss(None)

    async def _save(self, path: Path) -> None:
        try:
            await asyncio.to_thread(_write, path, self._text)
        except FileExistsError:
            self._say(f"{path} is there already.")
        except OSError as error:
            self._say(f"{path} cannot be written: {error.strerror}.")
        else:
            self.dismiss(str(path))

    def _say(self, sentence: str) -> None:
        said = Content.styled(one_line(sentence, 300), "$text-warning")
        self.query_one("#save-said", Static).update(said)


def _write(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
