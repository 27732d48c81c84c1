"""A view that works on the Dragon: quick changes, and one piece of long work at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TypeVar

from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker

from common.errors import PostDevAIError
from developer_node.front.tui.plain import one_line, plain
from developer_node.front.tui.screens.confirm import ConfirmScreen, Question
from developer_node.front.tui.screens.view import Desk, View
from developer_node.front.tui.steady import steadily, steady
from developer_node.front.tui.widgets.frame import Line
from developer_node.front.tui.work import Work, ended, work_line

Step = TypeVar("Step")


class Room(View):
    """Has a line `#work` in its body. Work goes on while one looks at other views."""

    AUTO_FOCUS = "RowList"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.work: Work | None = None
        self._worker: Worker[None] | None = None
        self._repaint: Timer | None = None
        self._offered: tuple[object, ...] = ()

    @property
    def working(self) -> bool:
        """Something long goes on."""
        return self.work is not None and self.work.running

    def show_work(self) -> None:
        """The line of what goes on, or of what came of it."""
        line = self.query_one("#work", Line)
        line.display = self.work is not None
        if self.work is not None:
            line.say(work_line(self.work))

    def offer(self, *state: object) -> None:
        """The footer anew, when what the keys depend on is not what it was."""
        if state != self._offered:
            self._offered = state
            self.refresh_bindings()

    def begin(
        self,
        work: Work,
        steps: Callable[[], AsyncGenerator[Step]],
        after: Callable[[Work, Step], Work],
    ) -> None:
        """Follows it to its end."""
        if not self.working:
            self.work = work
            self._worker = self.run_worker(partial(self._follow, steps, after), group="work")
            self.changed()

    def action_cancel(self) -> None:
        """Ends it: closing the stream is heard by the Dragon."""
        if self.work is not None and self.work.running and self._worker is not None:
            self._worker.cancel()
            self.work = replace(self.work, phase="cancelled", said="cancelled", share=None)
            self.changed()

    def change(self, asking: Callable[[], Awaitable[str]]) -> None:
        """Something quick; a refusal is a sentence, and so is what came of it."""
        self.run_worker(partial(self._change, asking), group="judge")

    def ask_first(self, question: Question, then: Callable[[], None]) -> None:
        """Only after a yes."""

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self.open_screen(ConfirmScreen(question), answered)

    def open_screen(
        self, screen: Screen[bool], then: Callable[[bool | None], None] | None = None
    ) -> None:
        """Over this view."""
        # textual leaves the type of an app's result open here
        self.app.push_screen(screen, then)  # pyright: ignore[reportUnknownMemberType]

    async def look_again(self) -> None:
        """Asks anew for what a change has changed."""

    def changed(self) -> None:
        """Draws it when it is seen; when it is not, coming back does."""
        if self._repaint is not None:
            self._repaint.stop()
            self._repaint = None
        if self.is_current:
            self.refresh_view()
            self.refresh_bindings()

    def _soon(self) -> None:
        """Steps come faster than an eye reads: at most four repaints a second."""
        if self._repaint is None:
            self._repaint = self.set_timer(self.desk.repaint_s, self.changed)

    async def _follow(
        self,
        steps: Callable[[], AsyncGenerator[Step]],
        after: Callable[[Work, Step], Work],
    ) -> None:
        try:
            async with aclosing(steadily(steps())) as coming:
                async for step in coming:
                    if self.work is None or not self.work.running:
                        return
                    self.work = after(self.work, step)
                    self._soon()
            await self.look_again()
        except PostDevAIError as error:
            said = one_line(f"{error.message} {error.hint}", 300)
            self._end(lambda work: replace(work, phase="failed", said=said, share=None))
        else:
            self._end(ended)
        self.changed()

    def _end(self, how: Callable[[Work], Work]) -> None:
        if self.work is not None and self.work.running:
            self.work = how(self.work)
            self._soon()

    async def _change(self, asking: Callable[[], Awaitable[str]]) -> None:
        try:
            said = await steady(asking())
            await self.look_again()
        except PostDevAIError as error:
            self.complain(error)
            return
        self.notify(plain(said), timeout=3, markup=False)
        self.changed()
