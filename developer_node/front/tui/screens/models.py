"""Models: which there are, who is in memory, what they take, how fast they speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.llm import Model
from developer_node.front.output_words import count, size
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.gauges import ModelsSeen
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.model_rows import facts, head, model_of, rows
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.screens.confirm import Question
from developer_node.front.tui.screens.room import Room
from developer_node.front.tui.screens.view import Desk
from developer_node.front.tui.steady import steady
from developer_node.front.tui.widgets.frame import Line
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.widgets.words import Words
from developer_node.front.tui.work import Work, after_piece

_EMPTY = Content.assemble(
    ("The Dragon has no models.\n\n", "bold"),
    "Search, cards and history need none.",
)


class ModelsView(Room):
    """Every model of the Dragon's catalogue."""

    VIEW = "models"
    SUMMARY = "The models of the Dragon: which there are, who is in memory, what they take."
    CSS_PATH = "models.tcss"
    NAMES_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", key_display="Esc"),
        Binding("o", "load", "Load", tooltip="Into memory now; what is asked for loads by itself"),
        Binding("u", "unload", "Unload", tooltip="Out of memory"),
        Binding("f", "pull", "Fetch", tooltip="Fetch its weights to the Dragon"),
        Binding("p", "pin(True)", "Pin", tooltip="Keep this model in memory"),
        Binding("p", "pin(False)", "Unpin", tooltip="Let this model go when room is needed"),
        Binding("y", "copy", "Copy", tooltip="Copy its name", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._fault = ""
        self._fault_due = True

    def body(self) -> ComposeResult:
        """Memory, rows, the selected one, what goes on."""
        with Vertical(id="models"):
            yield Words(id="models-head")
            yield Words(id="catalogue-fault")
            yield RowList("models-rows")
            with VerticalScroll(id="model", can_focus=False):
                yield Words(id="model-facts")
            yield Static(id="empty")
            yield Line(id="work")

    @property
    def seen(self) -> ModelsSeen | None:
        """The models as the Dragon said them last."""
        notebook = self.desk.notebook
        return notebook.gauges.models(connected=notebook.lost is None)

    @property
    def model(self) -> Model | None:
        """The selected one."""
        seen, row = self.seen, self.query_one(RowList).row
        return model_of(seen, row.key) if seen and row else None

    def show(self) -> None:
        """What is known, and whether it is of now."""
        seen, desk = self.seen, self.desk
        if self._fault_due and seen is not None and seen.now:
            self._fault_due = False
            self.run_worker(self._look_at_catalogue, group="count")
        known = seen is not None and bool(seen.models)
        for part in ("#models-rows", "#model"):
            self.query_one(part).display = known
        self.query_one("#models-head").display = seen is not None
        empty = self.query_one("#empty", Static)
        empty.display = not known
        fault = self.query_one("#catalogue-fault", Words)
        fault.display = bool(self._fault)
        fault.say(Content.styled(one_line(self._fault, 400), "$text-error"))
        if seen is not None:
            now_ms, gauges = desk.clock.now_ms(), desk.notebook.gauges
            width = max(20, self.size.width - 4)
            said = head(seen, gauges.tokens_per_s, width, now_ms, desk.zone)
            self.query_one("#models-head", Words).say(said)
            self.query_one(RowList).show(rows(seen, gauges.speeds, now_ms))
            self._show_model()
        if not known:
            empty.update(nothing(desk.notebook, _EMPTY))
        self.show_work()
        model = self.model
        state = (model.name, model.state, model.pinned) if model is not None else ()
        self.offer(seen is not None and seen.now, state, self.working)

    def _show_model(self) -> None:
        seen, model, desk = self.seen, self.model, self.desk
        if seen is not None and model is not None:
            said = facts(model, seen, desk.clock.now_ms(), desk.zone)
            self.query_one("#model-facts", Words).say(said)

    def on_screen_resume(self) -> None:
        """What is wrong with the catalogue is asked when one looks."""
        self._fault_due = True
        super().on_screen_resume()

    def on_row_highlighted(self) -> None:
        """Another model, other keys."""
        self._show_model()
        self.refresh_bindings()

    def on_row_opened(self, message: RowOpened) -> None:
        """All that is known of it, on the whole screen."""
        seen, model, desk = self.seen, self.model, self.desk
        if seen is None or model is None:
            return

        async def load() -> Page:
            return Page(facts(model, seen, desk.clock.now_ms(), desk.zone).split("\n"))

        self.post_message(TextWanted(Opening(one_line(model.name, 80), load)))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the selected model, and only while the Dragon is there."""
        if not self.whole:
            return True
        if action == "cancel":
            return self.working
        if action not in ("load", "unload", "pull", "pin", "copy"):
            return True
        seen, model = self.seen, self.model
        if model is None or seen is None:
            return False
        if action == "copy":
            return True
        if not seen.now:
            return False
        match action:
            case "load":
                return model.state in ("ready", "failed") and not self.working
            case "pull":
                return model.state in ("missing", "failed") and not self.working
            case "unload":
                return model.state in ("loaded", "loading") and model.purpose != "embedding"
            case _:
                return model.purpose != "embedding" and model.pinned is not parameters[0]

    def action_load(self) -> None:
        """Until it is there. Escape stops looking; the load goes on."""
        model = self.model
        if model is not None:
            work = Work(f"Loading {model.name}", cancel_means="Esc lets it go on unseen")
            self.begin(work, lambda: self.desk.reader.models.load(model.name), after_piece)

    def action_pull(self) -> None:
        """Until all of it has arrived. The next fetch goes on where this one was ended."""
        model = self.model
        if model is not None:
            work = Work(f"Fetching {model.name}", cancel_means="Esc ends it")
            self.begin(work, lambda: self.desk.reader.models.pull(model.name), after_piece)

    def action_unload(self) -> None:
        """Asks first: loading it again takes a while."""
        model = self.model
        if model is None:
            return
        waits = (
            f"It works on {count(model.requests, 'request')} and leaves when they have ended. "
            if model.requests
            else ""
        )
        question = Question(
            f"Unload {one_line(model.name, 60)}?",
            f"{waits}Its {size(model.bytes)} leave the memory; the next question that needs it "
            "loads it again.",
            "unload it",
        )
        self.ask_first(question, lambda: self._quickly(model, "has left the memory", self._unload))

    def action_pin(self, pinned: bool) -> None:
        """Keeps it in memory, or lets it go."""
        model = self.model
        if model is not None:
            said = "stays in memory from now on" if pinned else "leaves when room is needed"
            self._quickly(model, said, lambda name: self._pin(name, pinned=pinned))

    def action_copy(self) -> None:
        """Its name in the catalogue."""
        model = self.model
        if model is not None:
            self.copy(model.name, "the name")

    async def look_again(self) -> None:
        """The Dragon's own word, so that nobody waits for the next round."""
        models = self.desk.reader.models
        catalogue, stats = await models.list(), await models.stats()
        self._fault = catalogue.catalog_fault
        notebook = self.desk.notebook
        if notebook.status is not None:
            status = replace(notebook.status, models=catalogue.models, inference=stats)
            notebook.set_status(status)
            notebook.gauges.take(status, self.desk.clock.now_ms())

    def _quickly(self, model: Model, said: str, how: Callable[[str], Awaitable[Model]]) -> None:
        async def asking() -> str:
            now = await how(model.name)
            return f"{model.name} {said}." if now.state != "failed" else now.detail

        self.change(asking)

    async def _pin(self, name: str, *, pinned: bool) -> Model:
        return await self.desk.reader.models.pin(name, pinned=pinned)

    async def _unload(self, name: str) -> Model:
        return await self.desk.reader.models.unload(name, now=False)

    async def _look_at_catalogue(self) -> None:
        try:
            self._fault = (await steady(self.desk.reader.models.list())).catalog_fault
        except PostDevAIError:
            return  # the banner says who is away
        self.changed()
