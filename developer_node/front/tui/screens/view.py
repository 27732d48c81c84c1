"""What every view has: tabs, the state of the mesh, a banner, a body, the keys that work now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input

from common.clock import Clock
from common.errors import PostDevAIError
from developer_node.front.tui.feed_reader import FeedReader
from developer_node.front.tui.kept_state import Typed
from developer_node.front.tui.keymaps import named
from developer_node.front.tui.messages import CopyWanted
from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.plain import plain
from developer_node.front.tui.widgets.frame import Banner, StatusStrip, Tabs
from developer_node.front.tui.widgets.row_list import RowList


@dataclass(frozen=True, slots=True)
class Desk:
    """What the screens work with; made once by the app."""

    notebook: Notebook
    reader: FeedReader
    clock: Clock
    zone: tzinfo | None
    """None for the machine's own."""
    repaint_s: float
    """At least this long between two repaints of one thing."""
    typed: Typed = field(default_factory=dict[str, dict[str, str]])
    """What stood in the fields when the screens were left last."""


KEPT_FIELDS = ("filter", "question")
"""Ids of the fields whose text is there again at the next start."""


class View(Screen[None]):
    """One of the numbered views. `show` brings it up to date with the notebook."""

    VIEW: ClassVar[str] = ""
    SUMMARY: ClassVar[str] = ""
    """What this view is for, for the help screen."""
    NAMES_PALETTE: ClassVar[bool] = True
    """Whether the footer has room for it beside the keys of this view, in 80 columns."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 (as in textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.next_view(1)", "Next view", show=False, id="view.next"),
        Binding("shift+tab", "app.next_view(-1)", "Previous view", show=False, id="view.previous"),
    ]

    def __init_subclass__(cls) -> None:
        """Each key of a view has a name, so that tui.toml can give it another."""
        setattr(cls, "BINDINGS", named(cls.VIEW, cls.__dict__.get("BINDINGS", ())))  # noqa: B010 (to pyright a constant)
        super().__init_subclass__()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        """Frame, body, footer."""
        yield Tabs(id="tabs")
        yield StatusStrip(id="strip")
        yield Banner(id="banner")
        yield from self.body()
        yield Footer(compact=True, show_command_palette=self.NAMES_PALETTE)

    def body(self) -> ComposeResult:
        """What is this view's own."""
        raise NotImplementedError

    def show(self) -> None:
        """Brings the body up to date."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """What was typed and not sent the last time stands there again."""
        for name, text in self.desk.typed.pop(self.VIEW, {}).items():
            for box in self._kept_fields():
                if box.id == name and text:
                    box.display, box.disabled = True, False
                    box.value = text

    def typed(self) -> dict[str, str]:
        """What stands in the fields that are kept."""
        return {box.id: box.value for box in self._kept_fields() if box.id and box.value}

    def _kept_fields(self) -> list[Input]:
        return [box for box in self.query(Input) if box.id in KEPT_FIELDS]

    @property
    def whole(self) -> bool:
        """Composed, and not being taken apart: messages arrive before and after that, too."""
        # textual leaves the type of an app's result open here
        app = self.app  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return self.is_mounted and app.is_running

    def refresh_view(self) -> None:
        """Frame and body, after something came in."""
        if not self.whole:
            return
        notebook = self.desk.notebook
        self.show()
        self.query_one(Tabs).show(self.VIEW, len(notebook.unseen))
        self.query_one(StatusStrip).show(notebook)
        self.query_one(Banner).show(notebook)

    def on_screen_resume(self) -> None:
        """Nothing is drawn while another view is open, so catch up."""
        self.refresh_view()

    def on_resize(self) -> None:
        """The strip has a short form."""
        self.refresh_view()

    def point_at(self, key: str) -> None:
        """Puts the cursor on a row, if it is there."""
        self.refresh_view()
        for rows in self.query(RowList):
            rows.select(key)

    def copy(self, text: str, what: str) -> None:
        """To the clipboard of the terminal."""
        self.post_message(CopyWanted(text, what))

    def complain(self, error: PostDevAIError) -> None:
        """A refusal in the product's words."""
        said = f"{error.message} {error.hint}".strip()
        self.notify(plain(said), severity="warning", markup=False)
