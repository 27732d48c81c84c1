"""Failures: cards, newest first. What failed, what made it pass then, and how much is known."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.event import CommandFinished
from common.model.failure import Remedy, Suggestion, Verdict
from common.model.remedy import ProofTarget
from developer_node.front.tui.card import card_row, own_place, question_about, see_command
from developer_node.front.tui.editor import edit, first_of
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.messages import (
    PastWanted,
    ProofWanted,
    QuestionWanted,
    RowHighlighted,
    TextWanted,
)
from developer_node.front.tui.opened import open_diff, open_output, open_patch
from developer_node.front.tui.ordering import Order, next_order, ordered
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.rows import matching
from developer_node.front.tui.screens.pick import Choice, PickScreen
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.widgets.card_pane import CardPane, Drawn
from developer_node.front.tui.widgets.filter_field import FilterField
from developer_node.front.tui.widgets.frame import Line
from developer_node.front.tui.widgets.row_list import RowList

SNOOZES = (
    Choice("15", "15 minutes"),
    Choice("60", "an hour"),
    Choice("240", "four hours"),
    Choice("1440", "a day"),
    Choice("10080", "a week"),
)
"""By minutes."""
SNOOZE_USUAL = "60"

_EMPTY = Content.assemble(
    ("No failure has come back.\n\n", "bold"),
    "When a command fails that has failed before, a card appears here:\n",
    "what failed, when it was last seen, and the change that made it pass.\n\n",
    "m looks in the git log for something that you fixed before.\n",
    "Commands that are run like this are remembered:\n\n",
    ("    postdevai run -- pytest\n\n", "$text-accent"),
    ("With nothing true to say there is no card.", "$foreground-muted"),
)


class FailuresView(View):
    """The cards of this session and the ones that the daemon still holds."""

    VIEW = "failures"
    SUMMARY = "Failures that were seen before, with what made them pass then. Newest first."
    CSS_PATH = "failures.tcss"
    NAMES_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "judge('accepted')", "Accept", tooltip="Accept: it helped"),
        Binding("x", "judge('rejected')", "Reject", tooltip="Reject: never first again"),
        Binding("d", "open_diff", "Diff", tooltip="The whole change"),
        Binding("n", "other_remedy(1)", "Next", tooltip="Next remedy of this card"),
        Binding("N", "other_remedy(-1)", "Previous remedy", show=False),
        Binding("p", "prove", "Prove", tooltip="Prove: red without it, green with it, offline"),
        Binding("t", "take", "Patch", tooltip="Take it as a patch for git apply"),
        Binding("s", "snooze", "Snooze", tooltip="Snooze: not again for a while"),
        Binding("e", "edit", "Editor", tooltip="Open in $EDITOR where it failed", show=False),
        Binding("slash", "filter", "Filter", key_display="/", show=False),
        Binding("o", "order", "Order", tooltip="Another order of the cards", show=False),
        Binding("escape", "clear_filter", "Show all", key_display="Esc"),
        Binding("i", "ask_about", "Ask", tooltip="Ask about this failure", show=False),
        Binding("m", "past", "Past fixes", tooltip="Fixes in the git log that carry a test"),
        Binding("y", "copy", "Copy", tooltip="Copy the command that shows it", show=False),
        Binding("Y", "copy_diff", "Copy diff", show=False),
        Binding("J,right_square_bracket", "scroll_card(1)", "Scroll card", show=False),
        Binding("K,left_square_bracket", "scroll_card(-1)", "Scroll card back", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._chosen: dict[str, int] = {}
        """Which remedy of a card is shown."""
        self._order: Order = "newest"

    def body(self) -> ComposeResult:
        """A filter that is hidden until asked for, the list of cards, the selected one, and what
        stands there without any."""
        yield FilterField("words that a card must have")
        yield Line(id="counted")
        with Vertical(id="failures"):
            yield RowList("cards")
            yield CardPane(id="card", can_focus=False)
            yield Static(id="empty")

    def on_mount(self) -> None:
        """The list has the keys."""
        self.query_one(RowList).focus()

    def on_screen_resume(self) -> None:
        """A card that was not looked at yet comes first."""
        notebook = self.desk.notebook
        newest = next((card for card in notebook.cards() if card.id in notebook.unseen), None)
        super().on_screen_resume()
        self.run_worker(self._count, group="count", exclusive=True)
        if newest is not None:
            self.query_one(RowList).select(newest.id)

    def show(self) -> None:
        """Cards of the notebook, and the selected one."""
        notebook, now_ms = self.desk.notebook, self.desk.clock.now_ms()
        cards = notebook.cards()
        rows, words = self.query_one(RowList), self.query_one(FilterField).value
        every = [
            card_row(c, now_ms, self.desk.zone, c.id in notebook.unseen, notebook.verdicts)
            for c in ordered(cards, self._order, notebook.verdicts)
        ]
        rows.show(matching(every, words))
        self._say_count(len(cards), words)
        rows.display = bool(cards)
        self.query_one("#card").display = self.card is not None
        empty = self.query_one("#empty", Static)
        empty.display = not cards
        if not cards:
            empty.update(nothing(self.desk.notebook, _EMPTY))
        card, remedy = self.card, self.remedy
        if card is not None:
            verdicts = dict(notebook.verdicts)
            taken = notebook.taken.get(card.project)
            done = notebook.done_for(remedy.id) if remedy else None
            drawn = Drawn(card, remedy, verdicts, now_ms // 60_000, self.desk.zone, taken, done)
            self.query_one(CardPane).show(drawn)

    def _say_count(self, among: int, words: str) -> None:
        said = self.query_one("#counted", Line)
        said.display = bool(words) or self._order != "newest"
        shown = self.query_one(RowList).row_count
        found = f"{shown:,} of {among:,} with “{one_line(words, 40)}”  " if words else ""
        order = f"order: {self._order}" if self._order != "newest" else ""
        said.say(Content.styled(f"{found}{order}", "$foreground-muted"))

    def select(self, card_id: str) -> None:
        """Another view leads here."""
        self.query_one(FilterField).close()
        self.refresh_view()
        rows = self.query_one(RowList)
        rows.select(card_id)
        rows.focus()

    def on_input_changed(self) -> None:
        """Filters while it is typed."""
        self.refresh_view()
        self.refresh_bindings()

    def on_input_submitted(self) -> None:
        """On to the cards."""
        self.query_one(RowList).focus()

    def on_row_highlighted(self, message: RowHighlighted) -> None:
        """Looked at."""
        self.desk.notebook.unseen.discard(message.key)
        self.refresh_view()
        self.refresh_bindings()

    def on_row_opened(self) -> None:
        """The output of the command that failed just now."""
        if self.card is not None:
            self.post_message(TextWanted(open_output(self.card.event_id, self.desk.reader)))

    @property
    def card(self) -> Suggestion | None:
        """The selected one."""
        row = self.query_one(RowList).row
        cards = self.desk.notebook.cards()
        return next((card for card in cards if row and card.id == row.key), None)

    @property
    def remedy(self) -> Remedy | None:
        """The one of the selected card that the keys act on."""
        card = self.card
        if card is None or not card.recollection.remedies:
            return None
        remedies = card.recollection.remedies
        return remedies[self._chosen.get(card.id, 0) % len(remedies)]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the selected card."""
        if not self.whole:
            return True
        field = self.query_one(FilterField)
        if action == "clear_filter":
            return bool(field.display)
        if action == "filter":
            return bool(self.desk.notebook.cards()) and not field.has_focus
        if action == "order":
            return len(self.desk.notebook.cards()) > 1
        if action == "past":
            return not self.desk.notebook.cards() and bool(self._repository())
        if action == "edit":
            return self.card is not None and own_place(self.card) is not None
        if action in ("snooze", "ask_about"):
            return self.card is not None
        if action not in _NEEDS_REMEDY:
            return True
        remedy, card = self.remedy, self.card
        if remedy is None or card is None:
            return False
        if action == "judge":
            return self.desk.notebook.verdicts.get(remedy.id) != parameters[0]
        if action == "other_remedy":
            return len(card.recollection.remedies) > 1
        if action == "prove":
            return remedy.kind == "code"
        return bool(remedy.diff) if action in ("open_diff", "copy_diff", "take") else True

    def action_judge(self, verdict: Verdict) -> None:
        """Tells the Dragon; it changes what is offered next time."""
        remedy = self.remedy
        if remedy is not None:
            self.run_worker(self._judge(remedy, verdict), group="judge")

    def action_other_remedy(self, by: int) -> None:
        """Another of several."""
        card = self.card
        if card is not None:
            self._chosen[card.id] = self._chosen.get(card.id, 0) + by
            self.refresh_view()
            self.refresh_bindings()

    def action_prove(self) -> None:
        """Asks, runs, says what came of it."""
        remedy = self.remedy
        if remedy is not None:
            self.post_message(ProofWanted(ProofTarget(remedy_id=remedy.id), remedy.command))

    def action_take(self) -> None:
        """The change as a patch, and the line that applies it."""
        remedy = self.remedy
        path = self._repository()
        if remedy is not None:
            self.post_message(TextWanted(open_patch(remedy, path, self.desk.reader)))

    def action_snooze(self) -> None:
        """Not again for an hour."""
        card = self.card
        if card is None:
            return

        def chosen(minutes: str | None) -> None:
            if minutes:
                self.run_worker(self._snooze(card, int(minutes)), group="snooze")

        picking = PickScreen("No card for this symptom for", SNOOZES, SNOOZE_USUAL)
        # textual leaves the type of an app's result open here
        self.app.push_screen(picking, chosen)  # pyright: ignore[reportUnknownMemberType]

    def action_edit(self) -> None:
        """Where it failed, in the person's own editor."""
        card = self.card
        place = own_place(card) if card is not None else None
        if card is None or place is None:
            return
        path, line = place
        event = self.desk.notebook.event(card.event_id)
        ran = event.body.cwd if event and isinstance(event.body, CommandFinished) else ""
        seen = [occurrence.cwd for occurrence in card.recollection.occurrences]
        status = self.desk.notebook.status
        watched = [repository.path for repository in status.repositories] if status else []
        edit(self, first_of((ran, *seen, *watched), path), line)

    def action_filter(self) -> None:
        """Opens the filter."""
        self.query_one(FilterField).open()
        self.refresh_bindings()

    def action_clear_filter(self) -> None:
        """Every card again."""
        self.query_one(FilterField).close()
        self.query_one(RowList).focus()
        self.refresh_bindings()

    def action_order(self) -> None:
        """Another order; the selected card stays selected."""
        self._order = next_order(self._order)
        self.refresh_view()

    def action_ask_about(self) -> None:
        """In the view where one asks."""
        card = self.card
        if card is not None and card.recollection.failure is not None:
            self.post_message(QuestionWanted(question_about(card.recollection.failure)))

    def action_past(self) -> None:
        """Fixes of the past that carry a test."""
        path = self._repository()
        if path:
            self.post_message(PastWanted(path))

    def _repository(self) -> str:
        """Where the card's failure happened, else the first that is watched."""
        status = self.desk.notebook.status
        paths = [repository.path for repository in status.repositories] if status else []
        seen = self.card.recollection.occurrences if self.card else ()
        cwd = seen[0].cwd if seen else ""
        holding = [path for path in paths if cwd == path or cwd.startswith(f"{path}/")]
        return max(holding, key=len, default=paths[0] if paths else "")

    def action_open_diff(self) -> None:
        """The whole change."""
        remedy = self.remedy
        if remedy is not None:
            self.post_message(TextWanted(open_diff(remedy)))

    def action_copy(self) -> None:
        """The command that shows the change."""
        card, remedy = self.card, self.remedy
        if card is not None and remedy is not None:
            self.copy(see_command(remedy, card.recollection.failure), "the command")

    def action_copy_diff(self) -> None:
        """The change itself."""
        remedy = self.remedy
        if remedy is not None:
            self.copy(remedy.diff, "the diff")

    def action_scroll_card(self, by: int) -> None:
        """Half a screenful."""
        card = self.query_one(CardPane)
        card.scroll_relative(y=by * max(1, card.size.height // 2), animate=False)

    async def _count(self) -> None:
        try:
            stats = await self.desk.reader.card_stats()
        except PostDevAIError:
            return  # the banner says who is away
        self.desk.notebook.taken = {each.project: each for each in stats}
        self.refresh_view()

    async def _snooze(self, card: Suggestion, minutes: int) -> None:
        try:
            await self.desk.reader.snooze(card.id, minutes)
        except PostDevAIError as error:
            self.complain(error)
            return
        self.desk.notebook.snoozed.add(card.id)
        said = next(choice.said for choice in SNOOZES if choice.key == str(minutes))
        self.notify(f"Not again for {said}.", timeout=2, markup=False)

    async def _judge(self, remedy: Remedy, verdict: Verdict) -> None:
        try:
            await self.desk.reader.feedback(remedy.id, verdict)
        except PostDevAIError as error:
            self.complain(error)
            return
        self.desk.notebook.verdicts[remedy.id] = verdict
        said = "Accepted: it comes first next time." if verdict == "accepted" else "Rejected."
        self.notify(said, timeout=2, markup=False)
        self.refresh_view()
        self.refresh_bindings()


_NEEDS_REMEDY = (
    "judge",
    "open_diff",
    "copy",
    "copy_diff",
    "other_remedy",
    "prove",
    "take",
)
