"""The one question before leaving: keep recording, or stop everything."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from common.errors import PostDevAIError
from developer_node.front.tui.daemon import StopEverything
from developer_node.front.tui.plain import one_line


class LeaveScreen(ModalScreen[bool]):
    """Dismissed with True to leave; stopping happens here, so that it can be seen and can fail."""

    CSS_PATH = "leave.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k,enter,q,ctrl+c,ctrl+q", "keep", "Keep recording"),
        Binding("s", "stop", "Stop everything"),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, stop_everything: StopEverything | None, *, stays_here: bool) -> None:
        super().__init__()
        self._stays_here = stays_here
        self._stop = stop_everything
        self._stopping = False

    def compose(self) -> ComposeResult:
        """The question."""
        with Vertical(id="leave"):
            yield Static(self._question(), id="leave-question")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While it stops there is nothing to choose."""
        if self._stopping and action in ("keep", "stop", "back"):
            return False
        return self._stop is not None if action == "stop" else True

    def action_keep(self) -> None:
        """Leaves; the daemons go on."""
        self.dismiss(True)

    def action_back(self) -> None:
        """Stays."""
        self.dismiss(False)

    def action_stop(self) -> None:
        """Stops the nodes of this machine, then leaves."""
        if self._stop is not None:
            self._stopping = True
            self.refresh_bindings()
            self._say(Content.assemble(("Stopping the nodes…", "bold"), _DRAINING))
            self.run_worker(self._stop_all(self._stop), group="stop", exclusive=True)

    async def _stop_all(self, stop: StopEverything) -> None:
        try:
            await stop()
        except PostDevAIError as error:
            self._stopping = False
            said = Content.styled(one_line(f"{error.message} {error.hint}"), "$text-error")
            self._say(Content.assemble(said, "\n\n", self._question()))
            self.refresh_bindings()
            return
        self.dismiss(True)

    def _say(self, content: Content) -> None:
        self.query_one("#leave-question", Static).update(content)

    def _question(self) -> Content:
        lines = [
            Content.styled("Leave PostDevAI?\n", "bold"),
            _choice("Enter", _HERE if self._stays_here else _APART),
        ]
        if self._stop is not None:
            lines.append(_choice("s", "stop everything, until `postdevai up`"))
        lines.append(_choice("Esc", "stay here"))
        return Content("\n").join(lines)


_HERE = "keep recording here; Ctrl-C stops everything"
_APART = "keep recording in the background"
_DRAINING = "\n\nWhat is on its way is written down first."


def _choice(key: str, what: str) -> Content:
    return Content.assemble((f"  {key:<6} ", "bold $text-accent"), what)
