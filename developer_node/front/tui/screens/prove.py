"""Proving: the question, the runs as they go, the verdict. Leaving it ends the runs."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.event import ProofFinished
from common.model.remedy import ProofProgress, ProofTarget
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.proving import Course, course, question, verdict


class ProveScreen(ModalScreen[ProofFinished | None]):
    """Dismissed with what came of it; None when it was not run to its end."""

    SUMMARY = "A remedy is tried again: red without it, green with it, in a sandbox."
    CSS_PATH = "prove.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "run", "Run it"),
        Binding("escape,q,ctrl+c,n", "back", "Back", key_display="Esc"),
    ]

    def __init__(self, reader: FeedReader, target: ProofTarget, command: str) -> None:
        super().__init__()
        self._reader = reader
        self._target = target
        self._command = command
        self._course: Course | None = None

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll(id="prove"):
            yield Static(question(self._command, mined=bool(self._target.commit)), id="prove-said")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """It is run once."""
        return self._course is None if action == "run" else True

    def action_run(self) -> None:
        """The person agreed."""
        self._course = Course(sentence="looking for what was recorded")
        self._say(course(self._course))
        self.run_worker(self._run(), group="prove", exclusive=True)
        self.refresh_bindings()

    def action_back(self) -> None:
        """Ends what runs."""
        self.dismiss(self._course.finished if self._course else None)

    async def _run(self) -> None:
        target = replace(self._target, consent=True)
        try:
            async with aclosing(self._reader.prove(target)) as steps:
                async for step in steps:
                    self._step(step.step)
        except PostDevAIError as error:
            said = one_line(f"{error.message} {error.hint}", 300)
            self._say(
                Content.assemble(("Not proven\n\n", "bold $text-warning"), f"  {said}\n\n", _BACK)
            )

    def _step(self, step: ProofProgress | ProofFinished) -> None:
        now = self._course or Course()
        match step:
            case ProofProgress():
                self._course = now.after(step)
                self._say(course(self._course))
            case ProofFinished():
                self._course = replace(now, finished=step)
                self._say(verdict(step))

    def _say(self, content: Content) -> None:
        self.query_one("#prove-said", Static).update(content)


_BACK = Content.assemble(("  Esc    ", "bold $text-accent"), "back")
