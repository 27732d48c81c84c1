"""Help: the keys of the view that you came from, the keys that work everywhere, and the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from developer_node.front.tui.card import STATE_MEANING, STATE_STYLE

_NAMES = {
    "slash": "/",
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "backspace": "Backspace",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}

Key = tuple[str, str]
"""How it is typed, and what it does."""


def keys_of(bindings: Iterable[BindingType]) -> list[Key]:
    """As a person reads them."""
    return [
        (", ".join(_named(key.strip()) for key in binding.key.split(",")), _meaning(binding))
        for binding in bindings
        if isinstance(binding, Binding) and binding.description
    ]


class HelpScreen(ModalScreen[None]):
    """Over the view; any of the usual keys closes it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f1,question_mark,enter", "app.pop_screen", "Close", key_display="Esc"),
        Binding("j,down", "scroll(1)", "Down", show=False),
        Binding("k,up", "scroll(-1)", "Up", show=False),
        Binding("pagedown,space", "scroll(10)", "Page down", show=False),
        Binding("pageup", "scroll(-10)", "Page up", show=False),
    ]

    def __init__(
        self, title: str, summary: str, here: Sequence[Key], always: Sequence[Key]
    ) -> None:
        super().__init__()
        self._title, self._summary = title, summary
        self._here, self._always = here, always

    def compose(self) -> ComposeResult:
        """One scrolling page."""
        with Vertical(id="help"):
            yield Static(Content.styled(self._title, "bold $text-primary"), id="help-title")
            with VerticalScroll(id="help-page", can_focus=False):
                yield Static(self._page())
            yield Static(
                Content.styled("Esc closes   j k scroll", "$foreground-muted"), id="help-keys"
            )

    def action_scroll(self, by: int) -> None:
        """Lines."""
        self.query_one("#help-page", VerticalScroll).scroll_relative(y=by, animate=False)

    def _page(self) -> Content:
        lines = [Content(self._summary), Content("")]
        lines += [_heading("Keys here"), *(_line(*key) for key in self._here), Content("")]
        lines += [_heading("Keys everywhere"), *(_line(*key) for key in self._always), Content("")]
        lines += [_heading("Keys of upstream"), *_UPSTREAM, Content("")]
        lines += [_heading("What is claimed of a remedy")]
        lines += [
            _line(state, meaning, f"bold {STATE_STYLE[state]}")
            for state, meaning in STATE_MEANING.items()
        ]
        lines += [Content(""), _heading("Signs in the timeline"), *_SIGNS]
        return Content("\n").join(lines)


def _heading(text: str) -> Content:
    return Content.styled(text, "bold")


def _line(key: str, what: str, style: str = "$text-accent") -> Content:
    return Content.assemble((f"  {key:<16} ", style), what)


_SIGNS = (
    _line("✓ ✗", "a command that ended well, or not"),
    _line("◆", "git moved: a commit, a checkout, a merge"),
    _line("·", "saved files; a burst is one row"),
    _line("▸ ◇", "the editor; a repository that was seen"),
    _line("● ◐ ○", "a node that is there, is leaving, is away"),
)


_UPSTREAM = (
    _line("Home", "the Dashboard; in a field the start of the line, so there 1 after Esc"),
    _line("F1 F2 F3 F4 F5", "help, models, lake, history (the Timeline), context: as there"),
    _line("h l m c", "history, lake, models, context; where a view has its own, it wins:"),
    _line("", "m in Failures reads the git log, so use 6 or F2 there"),
    _line("Tab", "the next view, as there"),
    _line("q F10", "leave, after one question, as there"),
)


def _meaning(binding: Binding) -> str:
    return binding.tooltip or binding.description


def shown_key(keys: str) -> str:
    """The first of a binding's keys, as a person reads it."""
    return _named(keys.split(",")[0].strip())


def _named(key: str) -> str:
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key[5:].upper()}"
    return key.upper() if key[:1] == "f" and key[1:].isdigit() else key
