"""Context: what is being worked on, what answers are given of it, and how to change that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from common.errors import Missing, PostDevAIError, Unavailable
from common.model.laptop import ContextEdit, LaptopStatus, WorkContext
from developer_node.front.output_words import count, size
from developer_node.front.tui.code import code_lines
from developer_node.front.tui.context_rows import (
    head,
    rows,
    shared_page,
    with_exclusion,
    with_note,
    with_pin,
)
from developer_node.front.tui.empty import nothing
from developer_node.front.tui.messages import TextWanted
from developer_node.front.tui.opened import Opening, Page
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.screens.note import NoteScreen
from developer_node.front.tui.screens.pick import Choice, PickScreen
from developer_node.front.tui.screens.preview import PreviewScreen
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.widgets.row_list import RowList
from developer_node.front.tui.widgets.words import Words

_EMPTY = Content.assemble(
    ("No repository is watched.\n\n", "bold"),
    "What is being worked on is seen in the repositories that are watched:\n\n",
    ("    postdevai watch DIR", "$text-accent"),
)
BYTES_SHOWN = 1_000_000
_ASKING = Content.styled("Asking the laptop's daemon…", "$foreground-muted")
_NO_FILES = Content.styled(
    "No file was opened, saved or named by a failure in this session.", "$foreground-muted"
)


class ContextView(View):
    """One working copy at a time: the one that was worked in last, until another is chosen."""

    VIEW = "context"
    SUMMARY = "What is being worked on, and what an answer would be given of it."
    CSS_PATH = "context.tcss"
    AUTO_FOCUS = "RowList"
    NAMES_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pin", "Pin", tooltip="Pin: stands first among the passages of every answer"),
        Binding("x", "exclude", "Leave out", tooltip="Leave out: answers take nothing from it"),
        Binding("e", "note", "Note", tooltip="What every answer is told"),
        Binding("a", "preview", "Given", tooltip="What an answer would be given"),
        Binding("s", "shared", "Shared", tooltip="Notes and pins that your laptops share"),
        Binding("w", "choose", "Where", tooltip="Another working copy"),
        Binding("y", "copy", "Copy", tooltip="Copy the path", show=False),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._known: WorkContext | None = None
        self._chosen = ""
        self._trouble = ""
        self._talking = asyncio.Lock()
        self._asking = False
        self._asked_at: LaptopStatus | None = None
        self._answer: tuple[object, ...] = ()

    def body(self) -> ComposeResult:
        """Where and since when, files, what stands there without any."""
        with Vertical(id="context"):
            yield Words(id="context-head")
            yield Words(id="context-trouble")
            yield Static(_NO_FILES, id="no-files")
            yield RowList("files")
            yield Static(id="empty")

    @property
    def path(self) -> str:
        """The selected one; empty without any."""
        row = self.query_one(RowList).row
        return row.key if row is not None else ""

    def on_mount(self) -> None:
        """A file that is saved shows within two seconds."""
        self.set_interval(max(self.desk.repaint_s, 2.0), self._look)

    def on_screen_resume(self) -> None:
        """What is so now."""
        super().on_screen_resume()
        self._look()

    def show(self) -> None:
        """What the laptop's daemon said last; it is asked anew with every status."""
        if self.desk.notebook.status is not self._asked_at:
            self._look()
        context, desk = self._known, self.desk
        known = context is not None and bool(context.working_copy)
        self.query_one("#context-head").display = known
        self.query_one(RowList).display = known
        self.query_one("#empty").display = not known
        no_files = self.query_one("#no-files")
        no_files.display = False
        trouble = self.query_one("#context-trouble", Words)
        wrong = self._trouble
        if desk.notebook.lost is not None and known:
            wrong = "The laptop's daemon does not answer: this is as it was."
        trouble.display = bool(wrong)
        trouble.say(Content.styled(one_line(wrong, 300), "bold $text-warning"))
        if context is None or not known:
            unknown = context is None or desk.notebook.lost is not None
            said = nothing(desk.notebook, _ASKING) if unknown else _EMPTY
            self.query_one("#empty", Static).update(said)
            return
        now_ms, width = desk.clock.now_ms(), max(20, self.size.width - 4)
        self.query_one("#context-head", Words).say(head(context, width, now_ms, desk.zone))
        files = rows(context, now_ms)
        self.query_one(RowList).show(files)
        no_files.display = not files

    def on_row_highlighted(self) -> None:
        """Other keys for other rows."""
        self.refresh_bindings()

    def on_row_opened(self) -> None:
        """The file as it is on the disk now."""
        context, path = self._known, self.path
        if context is not None and path and not path.endswith("/"):
            file = Path(context.working_copy) / path
            self.post_message(TextWanted(Opening(one_line(path), partial(_read, file))))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done now."""
        if not self.whole:
            return True
        if action in ("pin", "exclude", "copy"):
            return bool(self.path) and self._known is not None
        if action in ("note", "preview"):
            return self._known is not None and bool(self._known.working_copy)
        if action == "choose":
            status = self.desk.notebook.status
            return status is not None and len(status.repositories) > 1
        return True

    def action_pin(self) -> None:
        """Pinned or not."""
        self._mark(with_pin)

    def action_exclude(self) -> None:
        """Left out or not."""
        self._mark(with_exclusion)

    def action_note(self) -> None:
        """Opens it."""
        context = self._known
        if context is None:
            return

        def written(note: str | None) -> None:
            if note is not None and note.strip() != context.note:
                self._change(context.working_copy, lambda now: with_note(now, note))

        # textual leaves the type of an app's result open here
        self.app.push_screen(NoteScreen(context.note), written)  # pyright: ignore[reportUnknownMemberType]

    def action_preview(self) -> None:
        """A question, and what would be given with it."""
        if self._known is not None:
            screen = PreviewScreen(self.desk, self._known)
            self.app.push_screen(screen)  # pyright: ignore[reportUnknownMemberType]

    def action_shared(self) -> None:
        """Notes and pins of all laptops, what waits here, and what lost."""
        self.post_message(TextWanted(Opening("What your laptops share", self._shared)))

    async def _shared(self) -> Page:
        shared, now_ms = self.desk.reader.shared, self.desk.clock.now_ms()
        notes, pins = await shared.items("note", every=True), await shared.items("pin", every=True)
        return Page(shared_page(notes, pins, await shared.sync(), now_ms))

    def action_choose(self) -> None:
        """Another working copy, or again the one that was worked in last."""
        status = self.desk.notebook.status
        if status is None:
            return
        choices = [
            Choice("", "the one that was worked in last"),
            *(Choice(r.path, r.path, _files(r.files)) for r in status.repositories),
        ]

        def chosen(path: str | None) -> None:
            if path is not None:
                self._chosen = path
                self._asked_at = None
                self.refresh_view()

        screen = PickScreen("Which working copy?", choices, self._chosen)
        self.app.push_screen(screen, chosen)  # pyright: ignore[reportUnknownMemberType]

    def action_copy(self) -> None:
        """The selected path."""
        self.copy(self.path, "the path")

    def _mark(self, change: Callable[[WorkContext, str], ContextEdit]) -> None:
        context, path = self._known, self.path
        if context is not None and path:
            self._change(context.working_copy, lambda now: change(now, path))

    def _change(self, working_copy: str, change: Callable[[WorkContext], ContextEdit]) -> None:
        self.run_worker(partial(self._tell, working_copy, change), group="judge")

    async def _tell(self, working_copy: str, change: Callable[[WorkContext], ContextEdit]) -> None:
        """One after the other, each upon what is set now: two quick keys are two changes."""
        try:
            async with self._talking:
                now = await self.desk.reader.context(working_copy)
                self._known = await self.desk.reader.set_context(change(now))
        except PostDevAIError as error:
            self.complain(error)
            return
        self._drawn()

    def _look(self) -> None:
        notebook = self.desk.notebook
        there = notebook.status is not None and notebook.lost is None
        if self.whole and self.is_current and there and not self._asking:
            self._asking, self._asked_at = True, notebook.status
            self.run_worker(self._ask, group="load")

    async def _ask(self) -> None:
        try:
            async with self._talking:
                self._known = await self.desk.reader.context(self._chosen)
            self._trouble = ""
        except PostDevAIError as error:
            self._trouble = f"{error.message} {error.hint}".strip()
        finally:
            self._asking = False
        half_minute = self.desk.clock.now_ms() // 30_000
        answer = (self._known, self._trouble, half_minute)
        if answer != self._answer:  # most of the time nothing has happened meanwhile
            self._answer = answer
            self._drawn()

    def _drawn(self) -> None:
        if self.is_current:
            self.refresh_view()
            self.refresh_bindings()


async def _read(file: Path) -> Page:
    """Invalid, Missing or Unavailable where there is nothing to be shown."""
    try:
        data = await asyncio.to_thread(_bytes_of, file)
    except FileNotFoundError as error:
        raise Missing("The file is not there any more.") from error
    except OSError as error:
        raise Unavailable(f"The file cannot be read: {error.strerror}.") from error
    cut = len(data) > BYTES_SHOWN
    text = data[:BYTES_SHOWN].decode("utf-8", "replace")
    lines = await asyncio.to_thread(code_lines, text, str(file))
    note = "as it is on the disk now" + (f", its first {size(BYTES_SHOWN)}" if cut else "")
    return Page(lines, note=note, numbered=True)


def _bytes_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(BYTES_SHOWN + 1)


def _files(kept: int) -> str:
    return count(kept, "file") if kept >= 0 else "first scan is running"
