"""Ask: a question, the passages that the answer rests on, then the model's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from common.model.answer import AskEnd, AskPart, AskPassages, AskRequest, AskText, Hit
from developer_node.front.output_words import count
from developer_node.front.tui.answer import Answer, conversation, grown, passage_rows
from developer_node.front.tui.asking import model_choices, scope_choices
from developer_node.front.tui.editor import edit
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.opened import file_of, open_passage
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.screens.pick import Choice, PickScreen
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
_PROSE_MARGIN = 5
"""Columns that words do not use: the padding on both sides, and the scroll bar."""


HISTORY_MAX = 50
"""Questions of this session that can be asked again."""
TURNS_MAX = 8
"""Of a conversation, that a follow-up is asked with."""


class AskView(View):
    """One question at a time; Escape cancels it. A question follows up those before it, until a
    new conversation is begun."""

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
        Binding("e", "edit", "Editor", tooltip="Open in $EDITOR at the line", show=False),
        Binding("ctrl+n", "anew", "New", tooltip="Begin a new conversation", show=False),
        Binding("f6", "choose_model", "Model", key_display="F6", tooltip="Choose who answers"),
        Binding("f7", "choose_scope", "Scope", key_display="F7", tooltip="Choose what is asked"),
        Binding("f8", "choose_question", "Questions", key_display="F8", show=False),
        Binding("up", "earlier", "Question before", show=False),
        Binding("p", "fold", "Words", tooltip="Show or fold the words of a demonstration model"),
        Binding("y", "copy", "Copy", tooltip="Copy the answer"),
        Binding("J,right_square_bracket", "scroll_prose(1)", "Scroll prose", show=False),
        Binding("K,left_square_bracket", "scroll_prose(-1)", "Scroll prose back", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._answer: Answer | None = None
        self._before: list[Answer] = []
        """Of this conversation, oldest first."""
        self._history: list[str] = []
        """Questions of this session, oldest first."""
        self._recalled = 0
        """How far back the field has gone."""
        self._wanted_model = ""
        self._scope = ""
        self._first_word_s = 0.0
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
            yield Static(id="away")
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
        away = answer.found.freshness.away if answer and answer.found else None
        label = self.query_one("#away", Static)
        label.display = away is not None
        if away is not None:
            label.update(Content.styled(one_line(away.sentence, 400), "$text-warning"))
        if answer is None:
            return
        passages.show(passage_rows(answer))
        width = max(20, self.size.width - _PROSE_MARGIN)
        said = conversation(answer, self._before, width, unfolded=self._unfolded)
        self.query_one("#words", Static).update(said)
        if answer.found is not None:
            said = Content.styled(
                f"Knows about {freshness(answer.found.freshness)}", "$foreground-muted"
            )
            self.query_one("#freshness", Static).update(said)

    def _model(self) -> Content:
        status, answer = self.desk.notebook.status, self._answer
        line = model_line(status.models) if status else "the daemon has not said yet"
        if self._wanted_model:
            line = f"{one_line(self._wanted_model, 60)}, as you chose"
        scope = f" · in {one_line(self._scope, 40)}" if self._scope else ""
        if answer is None:
            return Content.styled(line + scope, "$foreground-muted")
        if answer.found is not None and answer.found.model:
            line = one_line(answer.found.model, 60)
            line += " · demonstration model" if answer.found.demonstration else ""
        working = ("writing, Esc cancels  ", "$text-accent") if answer.running else ("", "")
        found = f"{count(len(answer.passages), 'passage')} · " if answer.found else ""
        said = f"{found}{line}{scope}{_speed(answer)}"
        return Content.assemble(working, (said, "$foreground-muted"))

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
            case "edit":
                return self._selected is not None and bool(self._selected.path)
            case "anew":
                return answer is not None or bool(self._before)
            case "choose_question":
                return bool(self._history)
            case "earlier":
                return self._typing and bool(self._history)
            case "to_passages":
                return answer is not None and bool(answer.passages)
            case _:
                return True

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Asks; a question that is still being answered is cancelled."""
        question = message.value.strip()
        if question:
            self._remember(question)
            request = AskRequest(
                question,
                self._scope,
                model=self._wanted_model,
                before=tuple(turn for each in self._before if (turn := each.turn)),
            )
            self._unfolded = False
            self._worker = self.run_worker(
                self._ask(request), group="ask", exclusive=True, exit_on_error=True
            )
            self._changed()

    def _remember(self, question: str) -> None:
        """The answer that stands there becomes a turn of the conversation."""
        if self._answer is not None and self._answer.running:
            self._answer = replace(self._answer, phase="cancelled")
        if self._answer is not None and self._answer.turn is not None:
            self._before = [*self._before, self._answer][-TURNS_MAX:]
        self._answer = Answer(question)
        asked = [each for each in self._history if each != question]
        self._history = [*asked, question][-HISTORY_MAX:]
        self._recalled = 0

    def on_row_opened(self, message: RowOpened) -> None:
        """The file as it was indexed."""
        self.action_cited(int(message.key))

    def action_cited(self, number: int) -> None:
        """The passage that a marker of the answer names."""
        passages = self._answer.passages if self._answer else ()
        if 1 <= number <= len(passages):
            self.post_message(TextWanted(open_passage(passages[number - 1], self.desk.reader)))

    def action_edit(self) -> None:
        """The selected passage, in the person's own editor."""
        hit = self._selected
        file = file_of(hit) if hit is not None else None
        if hit is not None and file is not None:
            edit(self, file, hit.start_line)

    @property
    def _selected(self) -> Hit | None:
        passages = self._answer.passages if self._answer else ()
        row = self.query_one(RowList).row if self.whole else None
        return passages[int(row.key) - 1] if row and int(row.key) <= len(passages) else None

    def action_anew(self) -> None:
        """What is asked next follows up nothing."""
        self.action_cancel()
        self._answer, self._before = None, []
        self.query_one("#question", Input).focus()
        self._changed()

    def action_earlier(self) -> None:
        """The question before, into the field."""
        self._recalled = self._recalled % len(self._history) + 1
        self.put(self._history[-self._recalled])

    def action_choose_model(self) -> None:
        """Who answers; those in memory first."""
        status = self.desk.notebook.status
        choices = model_choices(status.models if status else ())
        self._pick("Who answers", choices, self._wanted_model, self._take_model)

    def action_choose_scope(self) -> None:
        """Every project, or one."""
        choices = scope_choices(self.desk.notebook.status)
        self._pick("What is asked", choices, self._scope, self._take_scope)

    def action_choose_question(self) -> None:
        """One of this session's, into the field."""
        choices = [Choice(each, each) for each in reversed(self._history)]
        self._pick("Asked before", choices, choices[0].key, self.put)

    def _pick(
        self, title: str, choices: Sequence[Choice], now: str, take: Callable[[str], None]
    ) -> None:
        def chosen(key: str | None) -> None:
            if key is not None:
                take(key)
                self._changed()

        picking = PickScreen(title, choices, now)
        # textual leaves the type of an app's result open here
        self.app.push_screen(picking, chosen)  # pyright: ignore[reportUnknownMemberType]

    def _take_model(self, name: str) -> None:
        self._wanted_model = name

    def _take_scope(self, name: str) -> None:
        self._scope = name

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
        field.cursor_position = len(field.value)
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

    async def _ask(self, request: AskRequest) -> None:
        try:
            async with aclosing(self.desk.reader.ask(request)) as parts:
                async for part in parts:
                    if self._answer is None:
                        return
                    first = not self._answer.found
                    self._answer = self._timed(grown(self._answer, part), part)
                    if first and self._answer.passages:
                        self._changed()
                        self.query_one(RowList).focus()
                    self._soon()
        except PostDevAIError as error:
            if self._answer is not None:
                trouble = one_line(f"{error.message} {error.hint}")
                self._answer = replace(self._answer, phase="failed", trouble=trouble)
                self._soon()

    def _timed(self, answer: Answer, part: AskPart) -> Answer:
        now_s = self.desk.clock.monotonic()
        match part:
            case AskPassages():
                self._first_word_s = 0.0
            case AskText():
                self._first_word_s = self._first_word_s or now_s
            case AskEnd():
                if self._first_word_s:
                    return replace(answer, speaking_s=now_s - self._first_word_s)
        return answer

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


def _speed(answer: Answer) -> str:
    """How much was said and how fast, once that is known."""
    tokens = answer.end.completion_tokens if answer.end else 0
    if not tokens:
        return ""
    speed = f", {answer.tokens_per_s:.1f} a second" if answer.tokens_per_s else ""
    return f" · {count(tokens, 'token')}{speed}"
