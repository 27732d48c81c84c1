"""A text on the whole screen: an output, a file as it was indexed, a change."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from common.errors import PostDevAIError
from developer_node.front.tui.messages import CopyWanted
from developer_node.front.tui.opened import Opening
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.widgets.text_pane import TextPane


class TextScreen(Screen[None]):
    """Shows the title at once and the text when it has come."""

    SUMMARY = "The whole text. Select with the mouse, or copy all of it with y."
    CSS_PATH = "text.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "app.pop_screen", "Back", key_display="Esc"),
        Binding("y", "copy", "Copy all"),
    ]

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening

    def compose(self) -> ComposeResult:
        """Title, note, text, keys."""
        yield Static(Content(self._opening.title), id="title")
        yield Static(Content.styled("Fetching…", "$foreground-muted"), id="note")
        yield TextPane()
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Fetches without holding anything up."""
        self.query_one(TextPane).focus()
        self.run_worker(self._load(), group="load", exclusive=True)

    async def _load(self) -> None:
        note = self.query_one("#note", Static)
        try:
            page = await self._opening.load()
        except PostDevAIError as error:
            note.update(Content.styled(one_line(f"{error.message} {error.hint}"), "$text-warning"))
            return
        if page.title:
            self.query_one("#title", Static).update(Content(page.title))
        note.update(Content.styled(page.note, "$foreground-muted"))
        self.query_one(TextPane).show(page)

    def action_copy(self) -> None:
        """All of the text."""
        self.post_message(CopyWanted(self.query_one(TextPane).text, "the text"))
