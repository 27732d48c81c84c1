"""What stands above every view: the tabs, how the mesh stands, and the banner when it does not."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from developer_node.front.tui.notebook import Notebook
from developer_node.front.tui.places import PLACES, Place
from developer_node.front.tui.standing import Standing, banner, strip

_ROOMY, _NARROW = 106, 80
"""Columns from which on tabs have their whole titles, and below which only one has a title."""


class Line(Static):
    """One line that is drawn again only when it says something else, and never moves others."""

    _said: Content | None = None

    def say(self, content: Content) -> None:
        """What it says now."""
        if self._said is None or not self._said.is_same(content):
            self._said = content
            self.update(content, layout=False)


class Tabs(Line):
    """The views by number; Failures says how many cards were not looked at."""

    def on_mount(self) -> None:
        """The tabs are drawn in their own style, not as links."""
        self.auto_links = False

    def show(self, current: str, unseen: int) -> None:
        """Draws the tabs; each can be clicked."""
        width = self.screen.size.width
        gap = "   " if width >= _ROOMY else "  "
        self.say(Content(gap).join(_tab(place, current, unseen, width) for place in PLACES))


class StatusStrip(Line):
    """Nodes, outbox, lake and model in one line."""

    def show(self, notebook: Notebook) -> None:
        """Draws it for the width at hand."""
        self.say(strip(notebook, self.screen.size.width))


class Banner(Static):
    """Hidden while all is well."""

    _standing: Standing | None = None

    def show(self, notebook: Notebook) -> None:
        """What is missing and what still works."""
        standing = banner(notebook)
        if standing == self._standing:
            return
        self._standing = standing
        self.display = standing is not None
        if standing is not None:
            self.set_class(standing.grave, "-grave")
            self.update(_content(standing))


def _content(standing: Standing) -> Content:
    return Content.assemble(
        (standing.sentence, "bold"), f" {standing.rest}" if standing.rest else ""
    )


def _tab(place: Place, current: str, unseen: int, width: int) -> Content:
    here = place.name == current
    style = "bold $text-primary" if here else "$foreground-muted"
    title = place.title if width >= _ROOMY else place.short
    said = f"{place.number} {title}" if here or width >= _NARROW else place.number
    new = _new(unseen, width) if place.name == "failures" and unseen else ""
    tab = Content.assemble((said, style), (new, "bold $text-accent"))
    return tab.stylize(Style.from_meta({"@click": f"app.view('{place.name}')"}))


def _new(unseen: int, width: int) -> str:
    return f" {unseen} new" if width >= _ROOMY else f"·{min(unseen, 99)}"
