"""Timeline: what happened, newest first, live."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from common.errors import PostDevAIError
from common.model.event import ActDone, CommandFinished, Event
from common.model.ids import EventId
from developer_node.front.output_words import count
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.opened import open_burst, open_event
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.rows import TimelineRows, bursts, key_of, matching
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.sightings import told
from developer_node.front.tui.widgets.frame import Line
from developer_node.front.tui.widgets.row_list import RowList

_EMPTY = Content.assemble(
    ("Nothing has happened yet.\n\n", "bold"),
    "Run a command so that it is remembered:\n\n",
    ("    postdevai run -- pytest\n\n", "$text-accent"),
    ("Commits and saved files of watched repositories appear by themselves.", "$foreground-muted"),
)


class TimelineView(View):
    """Commands, commits and saved files of every watched repository."""

    VIEW = "timeline"
    SUMMARY = "What happened on this machine, newest first. Enter shows a command's output."
    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("y", "copy", "Copy", tooltip="Copy the command, or the row"),
        Binding("u", "undo", "Undo", tooltip="Take back what was done in your name"),
        Binding("escape", "clear_filter", "Show all", key_display="Esc"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows = TimelineRows()
        self._count = 0

    def body(self) -> ComposeResult:
        """A filter that is hidden until asked for, the rows, and what stands there without any."""
        with Vertical(id="timeline"):
            words = Input(placeholder="words that a row must have", id="filter", compact=True)
            words.display, words.disabled = False, True  # what is not seen takes no keys
            yield words
            yield Line(id="counted")
            yield RowList("events", follow=True)
            yield Static(id="empty")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()

    def show(self) -> None:
        """Rows of the notebook, filtered."""
        desk = self.desk
        everything = self._rows.rows(told(desk.notebook.entries()), desk.clock.now_ms(), desk.zone)
        words = self.query_one("#filter", Input).value
        rows = matching(everything, words)
        events = self.query_one(RowList)
        events.show(rows)
        events.display = bool(everything)
        empty = self.query_one("#empty", Static)
        empty.display = not everything
        if not everything:
            empty.update(nothing(self.desk.notebook, _EMPTY))
        self._count = len(everything)
        self._say_count()

    def on_row_highlighted(self) -> None:
        """The cursor left the newest row, or came back."""
        self._say_count()
        self.refresh_bindings()

    def _say_count(self) -> None:
        words = self.query_one("#filter", Input).value
        events = self.query_one(RowList)
        said = _counted(events.row_count, self._count, words, following=events.following)
        self.query_one("#counted", Line).say(said)

    def on_input_changed(self) -> None:
        """Filters while it is typed."""
        self.refresh_view()
        self.refresh_bindings()

    def on_input_submitted(self) -> None:
        """On to the rows."""
        self.query_one(RowList).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        if not self.whole:
            return True
        words = self.query_one("#filter", Input)
        match action:
            case "clear_filter":
                return bool(words.display)
            case "filter":
                return not words.has_focus
            case "copy":
                return self.query_one(RowList).row is not None
            case "undo":
                return self._act is not None
            case _:
                return True

    def action_filter(self) -> None:
        """Opens the filter."""
        words = self.query_one("#filter", Input)
        words.display, words.disabled = True, False
        words.focus()
        self.refresh_bindings()

    def action_clear_filter(self) -> None:
        """Every row again."""
        words = self.query_one("#filter", Input)
        words.value, words.display, words.disabled = "", False, True
        self.query_one(RowList).focus()
        self.refresh_bindings()

    @property
    def _act(self) -> Event | None:
        """The selected act, when it left something behind that can be taken back."""
        row = self.query_one(RowList).row
        event = self.desk.notebook.event(EventId(row.key)) if row else None
        if event is None or not isinstance(event.body, ActDone):
            return None
        act, taken_back = event.body, self.desk.notebook.taken_back()
        stands = bool(act.worktree or act.branch) and event.id not in taken_back
        return event if stands else None

    def action_undo(self) -> None:
        """One key takes back a worktree or a branch."""
        act = self._act
        if act is not None:
            self.run_worker(self._undo(act.id), group="undo")

    async def _undo(self, act: EventId) -> None:
        try:
            done = await self.desk.reader.revert(act)
        except PostDevAIError as error:
            self.complain(error)
            return
        self.notify(plain(done.sentence), timeout=4, markup=False)

    def action_copy(self) -> None:
        """The command of the selected row; of other rows their text."""
        row = self.query_one(RowList).row
        if row is None:
            return
        burst = self._burst(row.key)
        body = burst[0].event.body if burst else None
        if isinstance(body, CommandFinished):
            self.copy(body.command, "the command")
        else:
            self.copy(row.left.plain.strip(), "the row")

    def on_row_opened(self, message: RowOpened) -> None:
        """A command's output, a commit's change, a file as it was kept."""
        burst = self._burst(message.key)
        if burst is None:
            return
        if len(burst) > 1:
            opening = open_burst(burst, self.desk.clock.now_ms(), self.desk.zone)
        else:
            opening = open_event(burst[0].event, self.desk.reader)
        self.post_message(TextWanted(opening))

    def _burst(self, key: str) -> list[Entry] | None:
        """What stands behind a row."""
        held = bursts(told(self.desk.notebook.entries()))
        return next((burst for burst in held if key_of(burst) == key), None)


def _counted(shown: int, among: int, words: str, *, following: bool) -> Content:
    if not among:
        return Content("")
    live = (
        ("● live", "$text-success") if following else ("○ held, g follows again", "$text-warning")
    )
    said = f"{shown:,} of {among:,} with “{one_line(words, 40)}”" if words else count(among, "row")
    return Content.assemble(live, (f"  {said}", "$foreground-muted"))
