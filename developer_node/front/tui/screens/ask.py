"""Ask: a question, the passages that the answer rests on, then the model's words."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static
from textual.worker import Worker

from common.errors import PostDevAIError
from common.model.answer import AskRequest
from developer_node.front.tui.answer import Answer, grown, passage_rows, prose
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.opened import open_passage
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.wording import freshness, model_line

_EMPTY = Content.assemble(
    ("Ask about the code, the history and the failures of your projects.\n\n", "bold"),
    "The places in the code come first, and each one opens at its lines.\n",
    "Then the model writes, and cites them by number.\n\n",
    ("Nothing leaves this mesh.", "$foreground-muted"),
)
_QUESTION_MAX = 2_000


class AskView(View):
    """One question at a time; Escape cancels it."""

    VIEW = "ask"
    SUMMARY = "Answers that cite the code they rest on. Enter on a passage opens it as indexed."
    CSS_PATH = "ask.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", key_display="Esc"),
        Binding("escape", "leave_field", "Leave the field", key_display="Esc"),
        Binding("tab", "next_view", "Next view", key_display="Tab"),
        Binding("f10", "leave", "Leave", key_display="F10"),
        Binding("down", "to_passages", "Passages", show=False),
        Binding("slash,i", "to_question", "Question", key_display="/"),
        Binding("p", "fold", "Words", tooltip="Show or fold the words of a demonstration model"),
        Binding("y", "copy", "Copy", tooltip="Copy the answer"),
        Binding("J,right_square_bracket", "scroll_prose(1)", "Scroll prose", show=False),
        Binding("K,left_square_bracket", "scroll_prose(-1)", "Scroll prose back", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._answer: Answer | None = None
        self._unfolded = False
        self._worker: Worker[None] | None = None
        self._repaint: Timer | None = None

    def body(self) -> ComposeResult:
        """Question, who answers, passages, prose, how fresh it is."""
        with Vertical(id="asking"):
            yield Input(
                placeholder="What do you want to know?",
                id="question",
                max_length=_QUESTION_MAX,
                compact=True,
            )
            yield Static(id="model")
            yield RowList("passages")
            with VerticalScroll(id="prose", can_focus=False):
                yield Static(id="words")
            yield Static(_EMPTY, id="empty")
            yield Static(id="freshness")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#question").focus()

    def show(self) -> None:
        """The answer as far as it has come."""
        answer = self._answer
        self.query_one("#model", Static).update(self._model())
        passages = self.query_one(RowList)
        passages.display = bool(answer and answer.passages)
        self.query_one("#prose").display = answer is not None
        self.query_one("#empty").display = answer is None
        self.query_one("#freshness").display = bool(answer and answer.found)
        if answer is None:
            return
        passages.show(passage_rows(answer))
        self.query_one("#words", Static).update(prose(answer, unfolded=self._unfolded))
        if answer.found is not None:
            said = Content.styled(
                f"Knows about {freshness(answer.found.freshness)}", "$foreground-muted"
            )
            self.query_one("#freshness", Static).update(said)

    def _model(self) -> Content:
        status, answer = self.desk.notebook.status, self._answer
        line = model_line(status.models) if status else "the daemon has not said yet"
        if answer is None:
            return Content.styled(line, "$foreground-muted")
        if answer.found is not None and answer.found.model:
            line = one_line(answer.found.model, 60)
            line += " · demonstration model" if answer.found.demonstration else ""
        working = ("writing, Esc cancels  ", "$text-accent") if answer.running else ("", "")
        count = len(answer.passages)
        found = f"{count} passage{'' if count == 1 else 's'} · " if answer.found else ""
        return Content.assemble(working, (f"{found}{line}", "$foreground-muted"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        answer = self._answer
        match action:
            case "cancel":
                return answer is not None and answer.running
            case "fold":
                return answer is not None and answer.demonstration and bool(answer.words)
            case "copy":
                return answer is not None and bool(answer.words)
            case "to_question":
                return not self._typing
            case "leave_field" | "next_view" | "leave":
                return self._typing
            case "to_passages":
                return answer is not None and bool(answer.passages)
            case _:
                return True

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Asks; a question that is still being answered is cancelled."""
        question = message.value.strip()
        if question:
            self._answer = Answer(question)
            self._unfolded = False
            self._worker = self.run_worker(
                self._ask(question), group="ask", exclusive=True, exit_on_error=True
            )
            self._changed()

    def on_row_opened(self, message: RowOpened) -> None:
        """The file as it was indexed."""
        if self._answer is not None:
            hit = self._answer.passages[int(message.key) - 1]
            self.post_message(TextWanted(open_passage(hit, self.desk.reader)))

    def action_cancel(self) -> None:
        """Closes the stream, which stops the model."""
        if self._answer is not None and self._worker is not None and self._answer.running:
            self._worker.cancel()
            self._answer = replace(self._answer, phase="cancelled")
            self._changed()

    def put(self, question: str) -> None:
        """Another view's question, to be read over before it is asked."""
        field = self.query_one("#question", Input)
        field.value = question[:_QUESTION_MAX]
        field.focus()

    def action_leave_field(self) -> None:
        """The keys are keys again: to the passages, or to the view when there are none."""
        passages = self.query_one(RowList)
        self.set_focus(passages if passages.display else None)

    async def action_next_view(self) -> None:
        """As everywhere; named here because letters are letters while one types."""
        await self.run_action("app.next_view(1)")

    async def action_leave(self) -> None:
        """The same."""
        await self.run_action("app.leave")

    @property
    def _typing(self) -> bool:
        return self.whole and self.query_one("#question").has_focus

    def action_to_passages(self) -> None:
        """From the question down to what was found."""
        self.query_one(RowList).focus()

    def action_to_question(self) -> None:
        """Back up, to ask on."""
        self.query_one("#question").focus()

    def action_fold(self) -> None:
        """Shows or hides the words of a demonstration model."""
        self._unfolded = not self._unfolded
        self._changed()

    def action_copy(self) -> None:
        """The words with their markers."""
        if self._answer is not None:
            self.copy(plain(self._answer.words), "the answer")

    def action_scroll_prose(self, by: int) -> None:
        """Half a screenful."""
        words = self.query_one("#prose", VerticalScroll)
        words.scroll_relative(y=by * max(1, words.size.height // 2), animate=False)

    async def _ask(self, question: str) -> None:
        try:
            async with aclosing(self.desk.reader.ask(AskRequest(question))) as parts:
                async for part in parts:
                    if self._answer is None:
                        return
                    first = not self._answer.found
                    self._answer = grown(self._answer, part)
                    if first and self._answer.passages:
                        self._changed()
                        self.query_one(RowList).focus()
                    self._soon()
        except PostDevAIError as error:
            if self._answer is not None:
                trouble = one_line(f"{error.message} {error.hint}")
                self._answer = replace(self._answer, phase="failed", trouble=trouble)
                self._soon()

    def _soon(self) -> None:
        """Words arrive faster than an eye reads: at most four repaints a second."""
        if self._repaint is None:
            self._repaint = self.set_timer(self.desk.repaint_s, self._changed)

    def _changed(self) -> None:
        if self._repaint is not None:
            self._repaint.stop()
            self._repaint = None
        if self.is_current:
            self.refresh_view()
            self.refresh_bindings()
