"""A list of one-line rows that draws only what is seen and keeps its selection when refreshed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from developer_node.front.tui.messages import RowHighlighted, RowOpened
from developer_node.front.tui.rows import Row

_GUTTER = 2


class RowList(ScrollView, can_focus=True):
    """Rows by key. With `follow` the cursor stays on the first row while it stands there."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--bar"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("pagedown,ctrl+d", "page(1)", "Page down", show=False),
        Binding("pageup,ctrl+u", "page(-1)", "Page up", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G,end", "last", "Last", show=False),
        Binding("enter", "open", "Open"),
    ]

    cursor: reactive[int] = reactive(0)

    def __init__(self, name: str, *, follow: bool = False) -> None:
        super().__init__(id=name)
        self._rows: Sequence[Row] = ()
        self._follow = follow

    @property
    def row(self) -> Row | None:
        """The one that the cursor is on."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def following(self) -> bool:
        """The newest row is selected, and the next one will be."""
        return self._follow and self.cursor == 0

    @property
    def row_count(self) -> int:
        """Rows held, seen or not."""
        return len(self._rows)

    def show(self, rows: Sequence[Row]) -> None:
        """Other rows; the selected one stays selected and stays where it is on the screen."""
        held, before, was_empty = self.row, self.cursor, not self._rows
        self._rows = rows
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows))
        after = self._place_of(held)
        if after != before:
            self.set_reactive(RowList.cursor, after)
            self.scroll_to(y=self.scroll_y + after - before, animate=False, immediate=True)
        if self.row is not None and (held is None or held.key != self.row.key):
            self._say_highlighted()
        if was_empty is not (not rows):
            self.refresh_bindings()
        self.refresh()

    def select(self, key: str) -> None:
        """Puts the cursor on this row, if it is there."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = index

    def _place_of(self, held: Row | None) -> int:
        if held is None or self.following:
            return 0
        for index, row in enumerate(self._rows):
            if row.key == held.key:
                return index
        return max(0, min(self.cursor, len(self._rows) - 1))

    def validate_cursor(self, cursor: int) -> int:
        """Within the rows."""
        return max(0, min(cursor, len(self._rows) - 1))

    def watch_cursor(self) -> None:
        """Keeps the cursor in view and tells the screen."""
        if self._rows:
            self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, immediate=True)
            self._say_highlighted()
        self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to open in an empty list, so the footer does not offer it."""
        return bool(self._rows) if action == "open" else True

    def action_move(self, by: int) -> None:
        """One row."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """One screenful."""
        self.cursor += by * max(1, self.scrollable_content_region.height - 1)

    def action_first(self) -> None:
        """The first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """The last row."""
        self.cursor = len(self._rows) - 1

    def action_open(self) -> None:
        """Tells the screen."""
        if self.row is not None:
            self.post_message(RowOpened(self.id or "", self.row.key))

    def on_click(self, event: events.Click) -> None:
        """The first click selects, a click on the selected row opens it."""
        index = round(self.scroll_y) + event.y
        if index >= len(self._rows):
            return
        if index == self.cursor:
            self.action_open()
        self.cursor = index

    def on_resize(self) -> None:
        """Rows are as wide as the list."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """One row: a bar, the left part cut where the right one needs the room."""
        width = self.scrollable_content_region.width
        index = round(self.scroll_y) + y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        selected = index == self.cursor
        style = (
            self.get_visual_style("row-list--cursor", partial=False)
            if selected
            else self.visual_style
        )
        bar = self.get_visual_style("row-list--bar", partial=True)
        line = Content.assemble(
            ("▌ ", bar) if selected else "  ", _fit(self._rows[index], width - _GUTTER - 1)
        )
        return Visual.to_strips(self, line, width, 1, style, apply_selection=False, pad=True)[0]

    def _say_highlighted(self) -> None:
        if self.row is not None:
            self.post_message(RowHighlighted(self.id or "", self.row.key))


def _fit(row: Row, width: int) -> Content:
    right = row.right.truncate(width // 2, ellipsis=True)
    room = width - right.cell_length - (2 if right else 0)
    if room <= 0:
        return row.left.truncate(width, ellipsis=True)
    left = row.narrow(room) if row.narrow and row.left.cell_length > room else row.left
    left = left.truncate(room, ellipsis=True)
    return Content.assemble(left, " " * (width - left.cell_length - right.cell_length), right)
