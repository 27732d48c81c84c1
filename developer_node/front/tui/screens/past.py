"""The first card, from the person's own past: a fix in the git log that carries its test."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import aclosing
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from common.errors import PostDevAIError
from common.model.event import ProofFinished
from common.model.remedy import MinedFix, MineEnd, MineProgress, ProofTarget
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.messages import CopyWanted, ProofWanted
from developer_node.front.tui.plain import one_line
from developer_node.front.tui.proving import past_fix

FIXES_MAX = 20


class PastScreen(ModalScreen[None]):
    """Reads the log while one looks; nothing is run before p and a yes."""

    SUMMARY = "Fixes of the past that carry a test, from the git log of this repository."
    CSS_PATH = "past.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "prove", "Prove"),
        Binding("y", "copy", "Copy"),
        Binding("n,j,down", "turn(1)", "Next"),
        Binding("k,up", "turn(-1)", "Back", show=False),
        Binding("escape,q,ctrl+c", "leave", "Not now", key_display="Esc"),
    ]

    def __init__(
        self,
        reader: FeedReader,
        path: str,
        zone: tzinfo | None,
        tried: Mapping[str, ProofFinished],
    ) -> None:
        """`tried`: what came of fixes that were tried before, by their commits."""
        super().__init__()
        self._tried = tried
        self._reader = reader
        self._path = path
        self._zone = zone
        self._fixes: list[MinedFix] = []
        self._at = 0
        self._said = f"Reading the git log of {one_line(path, 50)}…"

    def compose(self) -> ComposeResult:
        """One box."""
        with VerticalScroll(id="past"):
            yield Static(Content.styled(self._said, "$foreground-muted"), id="past-said")

    def on_mount(self) -> None:
        """Reads without holding anything up."""
        self.run_worker(self._mine(), group="mine", exclusive=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what there is something to do for."""
        if action in ("prove", "copy"):
            return bool(self._fixes)
        return len(self._fixes) > 1 if action == "turn" else True

    def action_turn(self, by: int) -> None:
        """Another of several."""
        self._at = (self._at + by) % len(self._fixes)
        self.draw()

    def action_prove(self) -> None:
        """Asks, then runs."""
        fix = self._fixes[self._at]
        target = ProofTarget(path=fix.path, commit=fix.commit)
        self.post_message(ProofWanted(target, f"the tests of {', '.join(fix.tests[:2])}"))

    def action_copy(self) -> None:
        """A command to be typed in a shell."""
        fix = self._fixes[self._at]
        command = f"git -C {shlex.quote(fix.path)} show {fix.commit[:12]}"
        self.post_message(CopyWanted(command, "the command"))

    def action_leave(self) -> None:
        """Ends the walk."""
        self.dismiss(None)

    async def _mine(self) -> None:
        try:
            async with aclosing(self._reader.mine(self._path, FIXES_MAX)) as steps:
                async for step in steps:
                    self._take(step.step)
        except PostDevAIError as error:
            self._said = one_line(f"{error.message} {error.hint}", 300)
        self.draw()

    def _take(self, step: MineProgress | MinedFix | MineEnd) -> None:
        match step:
            case MineProgress(looked=looked, of=of):
                self._said = f"Reading the git log: {looked:,} of {of:,} changes…"
            case MinedFix():
                self._fixes.append(step)
            case MineEnd(sentence=sentence):
                self._said = sentence
        self.draw()

    def draw(self) -> None:
        """Brings the box up to date."""
        said = self.query_one("#past-said", Static)
        if self._fixes:
            fix = self._fixes[self._at]
            tried = self._tried.get(fix.commit)
            said.update(past_fix(fix, self._at + 1, len(self._fixes), self._zone, tried))
        else:
            back = Content.assemble(("  Esc    ", "bold $text-accent"), "back")
            said.update(Content.assemble(self._said, "\n\n", back))
        self.refresh_bindings()
