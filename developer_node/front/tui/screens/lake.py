"""RAM-Lake: what lies in memory, how it grew, who is awake, what can be restored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from common.model.lake import Generation, ProjectStats, SearchQuery
from developer_node.front.output_words import size
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.gauges import LakeSeen
from developer_node.front.tui.lake_rows import (
    generation_of,
    head,
    name_of,
    project_of,
    restore_command,
    rows,
    snapshot_facts,
)
from developer_node.front.tui.messages import RowOpened, TextWanted
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.screens.confirm import Question
from developer_node.front.tui.screens.playground import PlaygroundScreen
from developer_node.front.tui.screens.room import Room
from developer_node.front.tui.widgets.frame import Line
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.widgets.words import Words
from developer_node.front.tui.work import Work, after_step

if TYPE_CHECKING:
    from developer_node.front.tui.widgets.growth_plot import GrowthPlot

_EMPTY = Content("The Dragon has not said anything of its lake yet.")


class LakeView(Room):
    """Projects, snapshots and stores of the Dragon's lake."""

    VIEW = "lake"
    SUMMARY = "What the Dragon holds in memory: projects, snapshots, stores, the room that is left."
    CSS_PATH = "lake.tcss"
    NAMES_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", key_display="Esc"),
        Binding("slash", "search", "Search", key_display="/", tooltip="Search, and see the ranks"),
        Binding("p", "pin(True)", "Pin", tooltip="Keep this project in memory"),
        Binding("p", "pin(False)", "Unpin", tooltip="Let this project sleep when room is needed"),
        Binding("e", "sleep", "Evict", tooltip="Evict: send this project to the SSD now"),
        Binding("w", "wake", "Wake", tooltip="Bring this project into memory"),
        Binding("s", "snapshot", "Snapshot", tooltip="Write a generation to the Dragon's SSD"),
        Binding("v", "verify", "Verify", tooltip="Read everything that is durable"),
        Binding("y", "copy", "Copy", tooltip="Copy the command that restores this snapshot"),
    ]

    def body(self) -> ComposeResult:
        """Room, growth, rows, what goes on."""
        # Here, so that the app starts without the library that draws.
        from developer_node.front.tui.widgets.growth_plot import GrowthPlot

        with Vertical(id="lake"):
            yield Words(id="lake-head")
            yield GrowthPlot(id="growth")
            yield RowList("lake-rows")
            yield Static(id="empty")
            yield Line(id="work")

    @property
    def seen(self) -> LakeSeen | None:
        """The lake as the Dragon said it last."""
        notebook = self.desk.notebook
        return notebook.gauges.lake(connected=notebook.lost is None)

    def show(self) -> None:
        """What is known, and whether it is of now."""
        seen, desk = self.seen, self.desk
        known = seen is not None
        for part in ("#lake-head", "#growth", "#lake-rows"):
            self.query_one(part).display = known
        empty = self.query_one("#empty", Static)
        empty.display = not known
        if seen is None:
            empty.update(nothing(desk.notebook, _EMPTY))
        else:
            now_ms, width = desk.clock.now_ms(), max(20, self.size.width - 4)
            grown = desk.notebook.gauges.lake_bytes
            said = head(seen, grown, width, now_ms, desk.zone)
            self.query_one("#lake-head", Words).say(said)
            self._plot.display = len(grown.held) > 1
            self._plot.show(grown, desk.zone)
            self.query_one(RowList).show(rows(seen, now_ms))
        self.show_work()
        self.offer(seen is not None and seen.now, self.project, self.generation, self.working)

    @property
    def _plot(self) -> GrowthPlot:
        from developer_node.front.tui.widgets.growth_plot import GrowthPlot

        return self.query_one(GrowthPlot)

    @property
    def project(self) -> ProjectStats | None:
        """The selected one."""
        seen, row = self.seen, self.query_one(RowList).row
        return project_of(seen.lake, row.key) if seen and row else None

    @property
    def generation(self) -> Generation | None:
        """The selected snapshot."""
        seen, row = self.seen, self.query_one(RowList).row
        return generation_of(seen.lake, row.key) if seen and row else None

    def on_row_highlighted(self) -> None:
        """Other keys for other rows."""
        self.refresh_bindings()

    def on_row_opened(self, message: RowOpened) -> None:
        """A snapshot in words; a project is searched; a store has nothing more to tell."""
        generation, project = self.generation, self.project
        if generation is not None:
            self._open(generation)
        elif project is not None:
            self._search(project.name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with the selected row, and only while the Dragon is there."""
        if not self.whole:
            return True
        if action == "cancel":
            return self.working
        if action == "copy":
            return self.generation is not None
        if action not in ("pin", "sleep", "wake", "snapshot", "verify"):
            return True
        seen, project = self.seen, self.project
        if seen is None or not seen.now:
            return False
        if action in ("snapshot", "verify"):
            return not self.working
        if project is None:
            return False
        if action == "pin":
            return project.pinned is not parameters[0]
        return project.state == ("awake" if action == "sleep" else "asleep")

    def action_search(self) -> None:
        """The playground, over everything that is awake."""
        self._search("")

    def action_pin(self, pinned: bool) -> None:
        """Keeps it awake, or lets it go."""
        project = self.project
        if project is not None:
            said = "stays in memory from now on" if pinned else "sleeps when room is needed"
            self._quickly(project, said, lambda each: self._pin(each, pinned=pinned))

    def action_sleep(self) -> None:
        """Asks first: it leaves the memory."""
        project = self.project
        if project is None:
            return
        question = Question(
            f"Send {name_of(project)} to the SSD?",
            f"Its {size(project.bytes)} leave the memory now. Nothing is lost: the next question "
            "about it wakes it, which takes a moment.",
            "send it to the SSD",
        )
        self.ask_first(question, lambda: self._quickly(project, "sleeps on the SSD", self._sleep))

    def action_wake(self) -> None:
        """By a question about it: that is how the lake wakes anything."""
        project = self.project
        if project is not None:
            self._quickly(project, "is awake", self._wake)

    def action_snapshot(self) -> None:
        """A generation on the Dragon's SSD."""
        self.begin(Work("Snapshot"), lambda: self.desk.reader.lake.snapshot(), after_step)

    def action_verify(self) -> None:
        """Everything durable is read."""
        self.begin(Work("Verifying"), lambda: self.desk.reader.lake.verify(), after_step)

    def action_copy(self) -> None:
        """The command that restores the selected snapshot."""
        generation = self.generation
        if generation is not None:
            self.copy(restore_command(generation), "the command that restores it")

    async def look_again(self) -> None:
        """The lake's own word, so that nobody waits for the next round."""
        lake = await self.desk.reader.lake.stats()
        notebook = self.desk.notebook
        if notebook.status is not None:
            status = replace(notebook.status, lake=lake)
            notebook.set_status(status)
            notebook.gauges.take(status, self.desk.clock.now_ms())

    def _open(self, generation: Generation) -> None:
        desk = self.desk

        async def load() -> Page:
            said = snapshot_facts(generation, desk.clock.now_ms(), desk.zone)
            return Page(said.split("\n"))

        self.post_message(TextWanted(Opening(f"Snapshot {generation.number}", load)))

    def _search(self, project: str) -> None:
        self.open_screen(PlaygroundScreen(self.desk, project))

    def _quickly(
        self, project: ProjectStats, said: str, how: Callable[[str], Awaitable[object]]
    ) -> None:
        async def asking() -> str:
            await how(str(project.id))
            return f"{name_of(project)} {said}."

        self.change(asking)

    async def _pin(self, project: str, *, pinned: bool) -> ProjectStats:
        return await self.desk.reader.lake.pin(project, pinned=pinned)

    async def _sleep(self, project: str) -> ProjectStats:
        return await self.desk.reader.lake.sleep(project)

    async def _wake(self, project: str) -> None:
        await self.desk.reader.search(SearchQuery("wake", "literal", 1, project=project))
