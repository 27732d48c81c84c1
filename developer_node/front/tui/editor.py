"""Opening a file in the person's own editor, at a line: which editor, and how it is told."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, cast

from textual.app import App, SuspendNotSupported
from textual.screen import Screen

from common.errors import Invalid, Missing, PostDevAIError, Unavailable
from developer_node.front.tui.plain import plain

_PLUS_LINE = frozenset(
    ("vim", "nvim", "vi", "view", "nano", "emacs", "emacsclient", "kak", "micro", "joe")
)
_COLON_LINE = frozenset(("hx", "helix", "zed", "zeditor", "subl", "sublime_text"))
_GOTO = frozenset(("code", "code-insiders", "codium", "vscodium", "cursor", "windsurf"))
_OWN_WINDOW = _GOTO | {"zed", "zeditor", "subl", "sublime_text", "gedit", "kate", "gvim"}
"""These do not need the terminal, so the screen stays as it is."""


@dataclass(frozen=True, slots=True)
class Editor:
    """What VISUAL or EDITOR says."""

    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """Without its directory."""
        return PurePath(self.command[0]).name

    @property
    def own_window(self) -> bool:
        """It does not take the terminal."""
        return self.name in _OWN_WINDOW

    def at(self, file: str, line: int) -> list[str]:
        """The command that opens a file; at the line, where it is known how to say that."""
        if line > 0 and self.name in _PLUS_LINE:
            return [*self.command, f"+{line}", file]
        if line > 0 and self.name in _COLON_LINE:
            return [*self.command, f"{file}:{line}"]
        if line > 0 and self.name in _GOTO:
            return [*self.command, "-g", f"{file}:{line}"]
        return [*self.command, file]


def editor_of(environ: Mapping[str, str]) -> Editor:
    """VISUAL before EDITOR; Missing when neither is set, Invalid when it cannot be read."""
    for name in ("VISUAL", "EDITOR"):
        said = environ.get(name, "").strip()
        if not said:
            continue
        try:
            words = shlex.split(said)
        except ValueError as error:
            raise Invalid(f"{name} cannot be read: {error}.", field=name) from error
        if words:
            return Editor(tuple(words))
    raise Missing("No editor is set.", hint="Set VISUAL or EDITOR, for example EDITOR=nvim.")


def edit(screen: Screen[Any], file: Path, line: int) -> None:
    """Opens it from a screen, which says it when that cannot be done."""
    try:
        # textual leaves the type of an app's result open here
        app = cast("App[Any]", screen.app)  # pyright: ignore[reportUnknownMemberType]
        open_file(app, os.environ, file, line)
    except PostDevAIError as error:
        said = plain(f"{error.message} {error.hint}".strip())
        screen.notify(said, severity="warning", markup=False)


def open_file(app: App[Any], environ: Mapping[str, str], file: Path, line: int) -> None:
    """Opens it, and comes back when an editor of the terminal has ended. A `PostDevAIError` says
    why it could not."""
    editor = editor_of(environ)
    if not file.is_file():
        raise Missing(f"{file} is not on this machine.", hint="It may have been moved or deleted.")
    command = editor.at(str(file), line)
    try:
        if editor.own_window:
            _start(command)
        else:
            _run(app, command)
    except FileNotFoundError as error:
        raise Missing(f"There is no {editor.name}.", hint="VISUAL or EDITOR names it.") from error
    except OSError as error:
        raise Unavailable(f"{editor.name} does not start: {error.strerror}.") from error


def first_of(roots: Sequence[str], path: str) -> Path:
    """Where a path of a program's output lies: as it is, or beneath the first root that has it."""
    if Path(path).is_absolute():
        return Path(path)
    places = [Path(root) / path for root in roots if root]
    return next((place for place in places if place.is_file()), places[0] if places else Path(path))


def _start(command: list[str]) -> None:
    subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _run(app: App[Any], command: list[str]) -> None:
    try:
        with app.suspend():
            # What Ctrl+C means there is the editor's business; it has the default again.
            before = signal.signal(signal.SIGINT, _not_ours)
            try:
                subprocess.run(command, check=False)
            finally:
                signal.signal(signal.SIGINT, before)
    except SuspendNotSupported as error:
        raise Unavailable(
            "An editor of the terminal cannot be opened from here.",
            hint="Set VISUAL to an editor with a window of its own.",
        ) from error


def _not_ours(number: int, frame: object) -> None:
    """Leaves the signal to the editor."""
