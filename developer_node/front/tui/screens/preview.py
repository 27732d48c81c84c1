"""What an answer would be given: a question, the passages in their order, the prompt as it is."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from common.errors import PostDevAIError
from common.model.answer import AskEnd, AskPassages, AskRequest
from common.model.laptop import WorkContext
from developer_node.front.output_words import count
from developer_node.front.tui.context_rows import preview_counted, preview_rows
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.opened import open_passage
from developer_node.front.tui.plain import one_line, plain, plain_lines
from developer_node.front.tui.screens.view import Desk
from developer_node.front.tui.widgets.row_list import RowList

_QUESTION_MAX = 2_000
_PROMPT_LINES = 2_000
_EMPTY = Content.assemble(
    ("See what an answer would be given.\n\n", "bold"),
    "The passages come in the order in which a model would read them,\n",
    "your pinned files first; then the prompt, word for word.\n\n",
    ("No model speaks, and nothing is remembered of it.", "$foreground-muted"),
)


class PreviewScreen(Screen[bool]):
    """Asks as an answer would be asked for, up to the model, and stops there."""

    TITLE_SAID = "What is given"
    SUMMARY = "What a model would be given for a question. Enter opens a passage as indexed."
    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("down", "to_passages", "Passages", show=False),
        Binding("slash,i", "to_question", "Question", key_display="/"),
        Binding("p", "fold", "Prompt", tooltip="Show or fold the prompt"),
        Binding("J,right_square_bracket", "scroll_prompt(1)", "Scroll", show=False),
        Binding("K,left_square_bracket", "scroll_prompt(-1)", "Scroll back", show=False),
    ]

    def __init__(self, desk: Desk, context: WorkContext) -> None:
        super().__init__()
        self._desk = desk
        self._known = context
        self._found: AskPassages | None = None
        self._end: AskEnd | None = None
        self._unfolded = False

    def compose(self) -> ComposeResult:
        """Question, what is given with it, passages, prompt."""
        with Vertical(id="preview"):
            yield Input(
                placeholder="a question, as you would ask it",
                id="preview-question",
                max_length=_QUESTION_MAX,
                compact=True,
            )
            yield Static(_given(self._known), id="given")
            yield Static(id="preview-counted")
            yield RowList("preview-passages")
            yield Static(id="prompt-fold")
            with VerticalScroll(id="prompt", can_focus=False):
                yield Static(id="prompt-text")
            yield Static(_EMPTY, id="empty")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        match action:
            case "to_passages":
                return self._found is not None and bool(self._found.passages)
            case "to_question":
                return not self._typing
            case "fold":
                return not self._typing and self._found is not None and bool(self._found.prompt)
            case _:
                return True

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Asks; what was asked before is dropped."""
        question = message.value.strip()
        if question:
            self._found = self._end = None
            self._draw()
            self._say(Content.styled("Looking through the lake…", "$foreground-muted"))
            self.run_worker(partial(self._ask, question), group="preview", exclusive=True)

    def on_row_opened(self, message: RowOpened) -> None:
        """The file as it was indexed."""
        if self._found is not None:
            hit = self._found.passages[int(message.key) - 1]
            self.post_message(TextWanted(open_passage(hit, self._desk.reader)))

    def action_back(self) -> None:
        """To the context."""
        self.dismiss(False)

    def action_to_passages(self) -> None:
        """From the question down to what was found."""
        self.query_one(RowList).focus()

    def action_to_question(self) -> None:
        """Back up."""
        self.query_one(Input).focus()

    def action_fold(self) -> None:
        """Shows or hides the prompt."""
        self._unfolded = not self._unfolded
        self._draw()

    def action_scroll_prompt(self, by: int) -> None:
        """Half a screenful."""
        prompt = self.query_one("#prompt", VerticalScroll)
        prompt.scroll_relative(y=by * max(1, prompt.size.height // 2), animate=False)

    @property
    def _typing(self) -> bool:
        return isinstance(self.focused, Input)

    async def _ask(self, question: str) -> None:
        context = self._known
        request = AskRequest(
            question,
            project=context.project,
            pinned=context.pinned,
            excluded=context.excluded,
            note=context.note,
            preview=True,
        )
        try:
            async with aclosing(self._desk.reader.ask(request)) as parts:
                async for part in parts:
                    match part:
                        case AskPassages():
                            self._found = part
                        case AskEnd():
                            self._end = part
                        case _:
                            continue  # an older Dragon does not know previews, and speaks
        except PostDevAIError as error:
            said = one_line(f"{error.message} {error.hint}", 300)
            self._say(Content.styled(said, "$text-warning"))
            return
        self._draw()
        if self._found is not None and self._found.passages:
            self.query_one(RowList).focus()

    def _say(self, content: Content) -> None:
        self.query_one("#preview-counted", Static).update(content)

    def _draw(self) -> None:
        found = self._found
        passages = self.query_one(RowList)
        passages.show(preview_rows(found, self._end) if found else [])
        passages.display = found is not None and bool(found.passages)
        self.query_one("#empty").display = found is None
        self._say(preview_counted(found, self._end) if found else Content(""))
        prompt = found.prompt if found else ""
        fold, pane = self.query_one("#prompt-fold", Static), self.query_one("#prompt")
        fold.display = bool(prompt)
        pane.display = bool(prompt) and self._unfolded
        if prompt:
            sign, does = ("▾", "folds it") if self._unfolded else ("▸", "shows it")
            said = f"{sign} The prompt, {count(len(prompt.split()), 'word')}"
            fold.update(Content.assemble((said, "bold"), (f"  p {does}", "$foreground-muted")))
            lines = plain_lines(plain(prompt))[:_PROMPT_LINES]
            self.query_one("#prompt-text", Static).update(Content("\n").join(lines))
        self.refresh_bindings()


def _given(context: WorkContext) -> Content:
    """What goes with the question."""
    parts = [f"{one_line(context.project, 40)}: {count(len(context.pinned), 'pinned file')}"]
    parts.append(f"{count(len(context.excluded), 'place')} left out")
    parts.append("a note" if context.note.strip() else "no note")
    return Content.styled(", ".join(parts), "$foreground-muted")
