"""Timeline: what happened, newest first, live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.event import ActDone, CommandFinished, Event, EventKind
from common.model.ids import EventId
from developer_node.front.output_words import count
from developer_node.front.since import since_ms
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.feed_reader import HISTORY_KINDS
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.notebook import Entry
from developer_node.front.tui.older import OLDER_MAX, Older
from developer_node.front.tui.opened import open_burst, open_event
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.rows import TimelineRows, bursts, key_of, matching
from developer_node.front.tui.screens.failures import FailuresView
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.sightings import told
from developer_node.front.tui.terms import Terms, admitted, read_terms
from developer_node.front.tui.widgets.filter_field import FilterField
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
    SUMMARY = (
        "What happened on this machine, newest first. Enter shows a command's output. The filter "
        "takes words, kind:command, project:NAME, failed and since:2h."
    )
    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "RowList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("f", "card", "Card", tooltip="The card of this failure"),
        Binding("y", "copy", "Copy", tooltip="Copy the command, or the row"),
        Binding("u", "undo", "Undo", tooltip="Take back what was done in your name"),
        Binding("escape", "clear_filter", "Show all", key_display="Esc"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows = TimelineRows()
        self._count = 0
        self._older = Older()
        self._fetching = False

    def body(self) -> ComposeResult:
        """A filter that is hidden until asked for, the rows, and what stands there without any."""
        with Vertical(id="timeline"):
            yield FilterField("words, kind:command, project:NAME, failed, since:2h")
            yield Line(id="counted")
            yield RowList("events", follow=True)
            yield Static(id="empty")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()

    def show(self) -> None:
        """Rows of the notebook, and of what lies before it, filtered."""
        desk, terms = self.desk, self._terms
        held = self._entries
        some = admitted(held, terms)
        rows = self._rows.rows(some, desk.clock.now_ms(), desk.zone)
        events = self.query_one(RowList)
        events.show(matching(rows, terms.words))
        events.display = bool(held)
        empty = self.query_one("#empty", Static)
        empty.display = not held
        if not held:
            empty.update(nothing(self.desk.notebook, _EMPTY))
        self._count = len(rows) if terms.only_words else sum(1 for _ in bursts(held))
        self._say_count()

    @property
    def _entries(self) -> list[Entry]:
        return told(self._older.with_newer(self.desk.notebook.entries()))

    @property
    def _terms(self) -> Terms:
        at_s, zone = self.desk.clock.now_ms() / 1_000, self.desk.zone
        now = datetime.fromtimestamp(at_s, zone) if zone else datetime.fromtimestamp(at_s, UTC)
        return read_terms(self._typed, partial(since_ms, now=now if zone else now.astimezone()))

    @property
    def _typed(self) -> str:
        return self.query_one(FilterField).value

    def on_row_highlighted(self) -> None:
        """The cursor left the newest row, or came back; or it has got to the end."""
        self._say_count()
        self.refresh_bindings()
        events = self.query_one(RowList)
        if events.cursor and events.cursor == events.row_count - 1:
            self._go_back()

    def _go_back(self) -> None:
        """Fetches what lies before, once at a time."""
        away = self.desk.notebook.status is None or self.desk.notebook.status.dragon_unavailable
        if self._fetching or away or self._older.full or self._older.ended(self._kinds):
            return
        self._fetching = True
        self.run_worker(self._fetch(self._kinds), group="older")

    @property
    def _kinds(self) -> Sequence[EventKind]:
        return self._terms.kinds or HISTORY_KINDS

    async def _fetch(self, kinds: Sequence[EventKind]) -> None:
        self._say_count()
        try:
            await self._older.fetch(self.desk.reader, self.desk.notebook.entries(), kinds)
        except PostDevAIError as error:
            self.complain(error)
        finally:
            self._fetching = False
        self.refresh_view()

    def _say_count(self) -> None:
        events, terms = self.query_one(RowList), self._terms
        said = _counted(events.row_count, self._count, self._typed, following=events.following)
        if terms.fault:
            said = Content.assemble((one_line(terms.fault, 200), "$text-warning"))
        elif events.cursor and events.cursor == events.row_count - 1:
            said = said.append_text(f"  {self._said_of_end()}", "$foreground-muted")
        self.query_one("#counted", Line).say(said)

    def _said_of_end(self) -> str:
        if self._fetching:
            return "fetching what lies before…"
        if self._older.full:
            return f"{OLDER_MAX:,} are held here; postdevai history has the rest"
        return "nothing lies before this" if self._older.ended(self._kinds) else ""

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
        words = self.query_one(FilterField)
        match action:
            case "clear_filter":
                return bool(words.display)
            case "filter":
                return not words.has_focus
            case "copy":
                return self.query_one(RowList).row is not None
            case "card":
                return self._card is not None
            case "undo":
                return self._act is not None
            case _:
                return True

    def action_filter(self) -> None:
        """Opens the filter."""
        self.query_one(FilterField).open()
        self.refresh_bindings()

    def action_clear_filter(self) -> None:
        """Every row again."""
        self.query_one(FilterField).close()
        self.query_one(RowList).focus()
        self.refresh_bindings()

    @property
    def _card(self) -> str | None:
        """Of the selected row: the card of its failure, or of one with the same fingerprint."""
        row = self.query_one(RowList).row
        event = self._event(row.key) if row else None
        body = event.body if event else None
        if event is None or not isinstance(body, CommandFinished) or not body.failures:
            return None
        cards = self.desk.notebook.cards()
        prints = {failure.fingerprint for failure in body.failures if failure.fingerprint}
        own = [card.id for card in cards if card.event_id == event.id]
        alike = [
            card.id
            for card in cards
            if card.recollection.failure and card.recollection.failure.fingerprint in prints
        ]
        return next(iter(own + alike), None)

    async def action_card(self) -> None:
        """What is known of this failure."""
        card = self._card
        if card is None:
            return
        # textual leaves the type of an app's result open here
        app = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        await self.run_action(f"app.view('{FailuresView.VIEW}')")
        if isinstance(app.screen, FailuresView):
            app.screen.select(card)

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

    def _event(self, key: str) -> Event | None:
        """What stands behind a row of one event, without going through all of them."""
        event = self.desk.notebook.event(EventId(key)) or self._older.event(EventId(key))
        if event is not None:
            return event
        burst = self._burst(key)  # a program that told of itself is named by its run
        return burst[0].event if burst else None

    def _burst(self, key: str) -> list[Entry] | None:
        """What stands behind a row."""
        held = bursts(admitted(self._entries, self._terms))
        return next((burst for burst in held if key_of(burst) == key), None)


def _counted(shown: int, among: int, words: str, *, following: bool) -> Content:
    if not among:
        return Content("")
    live = (
        ("● live", "$text-success") if following else ("○ held, g follows again", "$text-warning")
    )
    said = f"{shown:,} of {among:,} with “{one_line(words, 40)}”" if words else count(among, "row")
    return Content.assemble(live, (f"  {said}", "$foreground-muted"))
