"""The search playground: a query, how it is meant, where; and why each hit stands where it does."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from common.errors import PostDevAIError
from common.model.answer import Hit
from common.model.lake import SearchMode, SearchResult
from developer_node.front.tui.filters import MEANING, MODES, NAMES, filters_of, query_of
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.opened import open_output, open_passage
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.ranks import counted, explained, hit_rows
from developer_node.front.tui.screens.view import Desk
from developer_node.front.tui.widgets.row_list import RowList

_QUERY_MAX = 2_000
_EMPTY = Content.assemble(
    ("Search the lake and see why each place was found.\n\n", "bold"),
    "Enter searches. The next line takes filters, such as\n\n",
    ("    project=ledger path=src/**/*.py language=python kind=code\n\n", "$text-accent"),
    ("Ctrl+T changes how the query is meant: fused, literal or regex.", "$foreground-muted"),
)


class PlaygroundScreen(Screen[bool]):
    """One search at a time; a newer one takes the place of an older."""

    TITLE_SAID = "Search"
    SUMMARY = "A search whose ranks are explained. Enter on a hit opens it as indexed."
    CSS_PATH = "playground.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (as in textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("ctrl+t", "mode", "Mode", tooltip="fused, literal, regex"),
        Binding("down", "to_hits", "Hits", show=False),
        Binding("slash,i", "to_query", "Query", key_display="/"),
        Binding("J,right_square_bracket", "scroll_why(1)", "Scroll", show=False),
        Binding("K,left_square_bracket", "scroll_why(-1)", "Scroll back", show=False),
    ]

    def __init__(self, desk: Desk, project: str = "") -> None:
        super().__init__()
        self._desk = desk
        self._project = project
        self._mode: SearchMode = MODES[0]
        self._found: SearchResult | None = None
        self._found_by: SearchMode = self._mode

    def compose(self) -> ComposeResult:
        """Query, filters, how many, hits, why."""
        with Vertical(id="playground"):
            yield Input(
                placeholder="what to look for", id="query", max_length=_QUERY_MAX, compact=True
            )
            yield Input(
                f"project={self._project}" if self._project else "",
                placeholder=f"filters: {'= '.join(NAMES)}=",
                id="filters",
                max_length=_QUERY_MAX,
                compact=True,
            )
            yield Static(id="mode")
            yield Static(id="found")
            with Vertical(id="ranks"):
                yield RowList("hits")
                with VerticalScroll(id="why", can_focus=False):
                    yield Static(id="why-said")
            yield Static(_EMPTY, id="empty")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#query").focus()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        if action == "to_hits":
            return self._found is not None and bool(self._found.hits)
        return not self._typing if action == "to_query" else True

    def on_input_submitted(self) -> None:
        """Searches."""
        self._search()

    def on_row_highlighted(self) -> None:
        """Another hit is explained."""
        self._explain()

    def on_row_opened(self, message: RowOpened) -> None:
        """The file as it was indexed, at the lines of the hit; of an event its output."""
        if self._found is not None:
            hit: Hit = self._found.hits[int(message.key) - 1]
            reader = self._desk.reader
            of_event = hit.kind == "event" and bool(hit.event)
            opening = open_output(hit.event, reader) if of_event else open_passage(hit, reader)
            self.post_message(TextWanted(opening))

    def action_back(self) -> None:
        """To the lake."""
        self.dismiss(False)

    def action_mode(self) -> None:
        """The next way of searching; what is typed is searched anew."""
        self._mode = MODES[(MODES.index(self._mode) + 1) % len(MODES)]
        self._draw()
        self._search()

    def action_to_hits(self) -> None:
        """From the query down to what was found."""
        self.query_one(RowList).focus()

    def action_to_query(self) -> None:
        """Back up."""
        self.query_one("#query").focus()

    def action_scroll_why(self, by: int) -> None:
        """Half a screenful."""
        why = self.query_one("#why", VerticalScroll)
        why.scroll_relative(y=by * max(1, why.size.height // 2), animate=False)

    @property
    def _typing(self) -> bool:
        return isinstance(self.focused, Input)

    def _search(self) -> None:
        words = self.query_one("#query", Input).value.strip()
        if words:
            self._say(Content.styled("Looking through the lake…", "$foreground-muted"))
            typed = self.query_one("#filters", Input).value
            self.run_worker(self._look(words, typed), group="search", exclusive=True)

    async def _look(self, words: str, typed: str) -> None:
        mode = self._mode
        try:
            query = query_of(words, mode, filters_of(typed))
            found = await self._desk.reader.search(query)
        except PostDevAIError as error:
            self._found = None
            self._draw()
            said = one_line(f"{error.message} {error.hint}", 300)
            self._say(Content.styled(said, "$text-warning"))
            return
        self._found, self._found_by = found, mode
        self._draw()
        self._say(counted(found, mode))
        if found.hits:
            self.query_one(RowList).focus()

    def _say(self, content: Content) -> None:
        self.query_one("#found", Static).update(content)

    def _draw(self) -> None:
        found = self._found
        self.query_one("#mode", Static).update(
            Content.assemble(
                (f"{self._mode}  ", "bold $text-accent"),
                (f"{MEANING[self._mode]}  Ctrl+T changes", "$foreground-muted"),
            )
        )
        any_hits = found is not None and bool(found.hits)
        self.query_one("#ranks").display = any_hits
        self.query_one("#empty").display = found is None
        self.query_one(RowList).show(hit_rows(found, self._found_by) if found else [])
        self._explain()
        self.refresh_bindings()

    def _explain(self) -> None:
        row, found = self.query_one(RowList).row, self._found
        if row is not None and found is not None and int(row.key) <= len(found.hits):
            said = explained(int(row.key), found, self._found_by)
            self.query_one("#why-said", Static).update(said)
