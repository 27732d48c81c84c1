"""Dashboard: what needs you, what happened last, and how busy the mesh is."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.widgets import Static

from developer_node.front.tui.at_a_glance import at_a_glance
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.messages import RowOpened, ViewWanted
from developer_node.front.tui.needs import Need, needs
from developer_node.front.tui.places import NUMBER_OF, TITLE_OF
from developer_node.front.tui.rows import Row, TimelineRows
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.sightings import told
from developer_node.front.tui.widgets.row_list import RowList

LATELY = 30
_ENTRIES = 200
"""Saved files in a burst make one row of many entries."""
_NEEDS = "needs"
_EVENT = "event:"
_WELL = Content.assemble(("✓ ", "$text-success"), "Nothing needs you.")
_UNKNOWN = Content.styled("Not known yet.", "$foreground-muted")


class DashboardView(View):
    """Everything at a glance; every row opens where it is dealt with."""

    VIEW = "dashboard"
    SUMMARY = "What needs you, what happened last, how busy the mesh is. Enter opens a row's view."
    CSS_PATH = "dashboard.tcss"
    AUTO_FOCUS = "RowList"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._lately = TimelineRows()
        self._needs: tuple[Need, ...] = ()

    def body(self) -> ComposeResult:
        """Gauges above the rows, or beside them where there is room."""
        with Container(id="dashboard"):
            yield Static(id="gauges")
            yield RowList("now", follow=True)

    def show(self) -> None:
        """As things stand now."""
        desk = self.desk
        gauges = self.query_one("#gauges", Static)
        width = gauges.content_size.width or self.size.width
        now_ms = desk.clock.now_ms()
        gauges.update(at_a_glance(desk.notebook, desk.notebook.pulse, now_ms, width))
        self.query_one(RowList).show([*self._need_rows(), *self._event_rows()])

    def on_row_opened(self, message: RowOpened) -> None:
        """Where the row is dealt with."""
        if message.key.startswith(_EVENT):
            self.post_message(ViewWanted("timeline", message.key.removeprefix(_EVENT)))
            return
        view = next((need.view for need in self._needs if need.key == message.key), "")
        if view:
            self.post_message(ViewWanted(view))

    def _need_rows(self) -> Sequence[Row]:
        notebook, desk = self.desk.notebook, self.desk
        if notebook.status is None and notebook.lost is None:
            return [Row(_NEEDS, _UNKNOWN, Content(""))]
        self._needs = needs(notebook, desk.clock.now_ms(), desk.zone)
        return [_row(need) for need in self._needs] or [Row(_NEEDS, _WELL, Content(""))]

    def _event_rows(self) -> Sequence[Row]:
        desk = self.desk
        held = told(desk.notebook.entries()[:_ENTRIES])
        rows = self._lately.rows(held, desk.clock.now_ms(), desk.zone)[:LATELY]
        if not rows and desk.notebook.status is not None:
            said = nothing(desk.notebook, _NOTHING_YET).plain.split("\n")[0]
            return [Row("nothing", Content.styled(said, "$foreground-muted"), Content(""))]
        return [
            Row(f"{_EVENT}{row.key}", row.left, row.right, row.words, row.narrow) for row in rows
        ]


_NOTHING_YET = Content("Nothing has happened yet. Try: postdevai run -- pytest")


def _row(need: Need) -> Row:
    style = "bold $text-error" if need.grave else "bold $text-warning"
    left = Content.assemble(("! ", style), need.sentence)
    where = f"{NUMBER_OF[need.view]} {TITLE_OF[need.view]}"
    return Row(need.key, left, Content.styled(where, "$foreground-muted"))
