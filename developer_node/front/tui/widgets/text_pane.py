"""Many lines of text, drawn as they are seen: output, files as indexed, diffs."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.visual import Visual

from developer_node.front.tui.opened import Page

LAYOUTS_MAX = 20
"""So often a place that is not laid out yet is looked for again."""


class TextPane(ScrollView, can_focus=True):
    """Lines of text, unwrapped; text can be selected with the mouse."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "text-pane--number",
        "text-pane--marked",
        "text-pane--bar",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", show=False),
        Binding("k,up", "scroll_up", "Up", show=False),
        Binding("l,right", "scroll_right", "Right", show=False),
        Binding("h,left", "scroll_left", "Left", show=False),
        Binding("pagedown,space,ctrl+d", "page_down", "Page down", show=False),
        Binding("pageup,ctrl+u", "page_up", "Page up", show=False),
        Binding("g,home", "scroll_home", "Start", show=False),
        Binding("G,end", "scroll_end", "End", show=False),
    ]
    ALLOW_MAXIMIZE = False

    def __init__(self) -> None:
        super().__init__()
        self._page = Page(())

    @property
    def allow_select(self) -> bool:
        """Text can always be selected."""
        return True

    def show(self, page: Page) -> None:
        """Another text, with its marked lines in view."""
        self._page = page
        widest = max((line.cell_length for line in page.lines), default=0)
        self.virtual_size = Size(widest + self._gutter_width, len(page.lines))
        top = max(0, page.marked.start - page.first - 3) if page.marked else 0
        self.call_after_refresh(self._bring, page, top, LAYOUTS_MAX)
        self.refresh()

    def _bring(self, page: Page, top: int, layouts: int) -> None:
        """Scrolls once the text is laid out: until then there is nowhere to scroll to."""
        if page is not self._page:
            return
        here = min(top, len(page.lines) - 1)
        self.scroll_to(x=0, y=here, animate=False, immediate=True)
        if self.max_scroll_y < min(here, len(page.lines) - self.size.height) and layouts:
            self.call_after_refresh(self._bring, page, top, layouts - 1)

    def mark(self, line: int) -> None:
        """Marks one line and brings it into view."""
        self._page = replace(self._page, marked=range(line, line + 1))
        top = max(0, line - self._page.first - 3)
        self.scroll_to(y=top, animate=False, immediate=True)
        self.refresh()

    @property
    def text(self) -> str:
        """All of it, without numbers."""
        return "\n".join(line.plain for line in self._page.lines)

    @property
    def _gutter_width(self) -> int:
        last = self._page.first + len(self._page.lines)
        return len(str(last)) + 4 if self._page.numbered else 1

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text."""
        return selection.extract(self.text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draws it."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """A number, when numbered, then the part of the line that is in view."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        index = top + y
        if index >= len(self._page.lines):
            return Strip.blank(width, self.rich_style)
        marked = self._page.first + index in self._page.marked
        style = self.get_visual_style("text-pane--marked") if marked else self.visual_style
        line = self._with_selection(self._page.lines[index], index)
        room = max(0, width - self._gutter_width)
        strip = Visual.to_strips(
            self, line, max(1, line.cell_length), 1, style, apply_selection=False
        )[0]
        text = strip.crop_extend(left, left + room, style.rich_style).apply_offsets(left, index)
        return Strip.join([self._gutter(index, marked), text])

    def _gutter(self, index: int, marked: bool) -> Strip:
        style = self.get_visual_style("text-pane--number")
        width = self._gutter_width
        if not self._page.numbered:
            return Strip.blank(width, style.rich_style)
        bar = self.get_visual_style("text-pane--bar", partial=True)
        number = Content.assemble(
            f" {self._page.first + index:>{width - 4}} ", ("▌ " if marked else "  ", bar)
        )
        return Visual.to_strips(self, number, width, 1, style, apply_selection=False)[0]

    def _with_selection(self, line: Content, index: int) -> Content:
        selection = self.text_selection
        span = selection.get_span(index) if selection is not None else None
        if span is None:
            return line
        start, end = span
        return line.stylize(
            self.screen.get_visual_style("screen--selection"),
            start,
            len(line.plain) if end == -1 else end,
        )
