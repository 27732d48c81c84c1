"""A text on the whole screen: an output, a file as it was indexed, a change."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Static

from common.errors import PostDevAIError
from developer_node.front.tui.diffs import SIDE_BY_SIDE_COLUMNS
from developer_node.front.tui.editor import edit
from developer_node.front.tui.messages import CopyWanted
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.screens.save import SaveScreen
from developer_node.front.tui.widgets.text_pane import TextPane


class TextScreen(Screen[None]):
    """Shows the title at once and the text when it has come."""

    SUMMARY = "The whole text. Select with the mouse, or copy all of it with y."
    CSS_PATH = "text.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,backspace", "app.pop_screen", "Back", key_display="Esc", id="text.back"),
        Binding("y", "copy", "Copy all", id="text.copy"),
        Binding("w", "save", "Save", tooltip="Save the change to a file", id="text.save"),
        Binding("n", "stop(1)", "Next failing line", id="text.next_stop"),
        Binding("N", "stop(-1)", "Failing line before", show=False, id="text.previous_stop"),
        Binding("e", "edit", "Editor", tooltip="Open in $EDITOR at the line", id="text.edit"),
        Binding(
            "vertical_line",
            "beside",
            "Side by side",
            key_display="|",
            tooltip="Before and after side by side, or one below the other",
            id="text.beside",
        ),
    ]

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._page: Page | None = None
        self._beside = True
        """Wanted wherever there is room for it."""
        self._stop = 0

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

    def on_resize(self) -> None:
        """There is room for two sides, or there is not any more."""
        if self._page is not None and self._page.beside is not None:
            self.run_worker(self._draw(self._page), group="load", exclusive=True)
        self.refresh_bindings()

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
        self._page = page
        await self._draw(page)
        self.refresh_bindings()

    async def _draw(self, page: Page) -> None:
        pane = self.query_one(TextPane)
        if page.beside is None or not self._beside or self.size.width < SIDE_BY_SIDE_COLUMNS:
            pane.show(page)
            return
        lines = await asyncio.to_thread(page.beside, self.size.width - 3)
        pane.show(Page(lines, page.title, page.note, raw=page.raw))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        page = self._page
        match action:
            case "save":
                return page is not None and bool(page.raw)
            case "stop":
                return page is not None and not page.numbered and len(page.stops) > 1
            case "edit":
                return page is not None and (
                    page.file is not None or any(stop.file for stop in page.stops)
                )
            case "beside":
                roomy = self.size.width >= SIDE_BY_SIDE_COLUMNS
                return page is not None and page.beside is not None and roomy
            case _:
                return True

    def action_stop(self, by: int) -> None:
        """The next line that tells of a failure, round and round."""
        if self._page is not None and self._page.stops:
            self._stop = (self._stop + by) % len(self._page.stops)
            self.query_one(TextPane).mark(self._page.stops[self._stop].line)

    def action_beside(self) -> None:
        """Two sides, or one."""
        if self._page is not None:
            self._beside = not self._beside
            self.run_worker(self._draw(self._page), group="load", exclusive=True)

    def action_edit(self) -> None:
        """What the failing line speaks of, or the file itself."""
        page = self._page
        if page is None:
            return
        stop = page.stops[self._stop] if page.stops else None
        file, line = (stop.file, stop.at) if stop and stop.file else (page.file, 0)
        if file is not None:
            edit(self, file, line)

    def action_save(self) -> None:
        """The change, to a file."""
        if self._page is None:
            return

        def saved(path: str | None) -> None:
            if path:
                self.notify(one_line(f"Saved to {path}.", 300), timeout=4, markup=False)

        saving = SaveScreen(self._page.raw, str(Path.cwd() / "change.patch"))
        # textual leaves the type of an app's result open here
        self.app.push_screen(saving, saved)  # pyright: ignore[reportUnknownMemberType]

    def action_copy(self) -> None:
        """All of the text."""
        raw = self._page.raw if self._page else ""
        self.post_message(CopyWanted(raw or self.query_one(TextPane).text, "the text"))
