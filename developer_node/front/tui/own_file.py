"""HOME/tui.toml: the person's own keys and themes. What is wrong in it is said, then left out.

keymap = "vim"            default or vim
theme = "mine"            one of Textual's, of ours, or of those below
[keys]
"failures.prove" = "ctrl+e"
[themes.mine]
primary = "#86a8cf"       further colours as in Textual's Theme
dark = true
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from textual.color import Color, ColorParseError
from textual.theme import Theme

from developer_node.front.tui.keymaps import KEYMAPS

BYTES_MAX = 64 << 10
_COLOURS = (
    *("primary", "secondary", "warning", "error", "success", "accent"),
    *("foreground", "background", "surface", "panel"),
)


@dataclass(frozen=True, slots=True)
class OwnFile:
    """What the file says, and what could not be used of it."""

    keymap: str = "default"
    theme: str = ""
    """Empty when the file names none."""
    keys: Mapping[str, str] = field(default_factory=dict[str, str])
    themes: tuple[Theme, ...] = ()
    faults: tuple[str, ...] = ()
    """A sentence each."""


def read_own_file(path: Path) -> OwnFile:
    """Never refuses: who mistyped a colour still gets the screens."""
    try:
        with path.open("rb") as file:
            raw = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return OwnFile()
    except OSError as error:
        return OwnFile(faults=(f"{path} cannot be read: {error.strerror}.",))
    if len(raw) > BYTES_MAX:
        return OwnFile(faults=(f"{path} has more than {BYTES_MAX:,} bytes and is left out.",))
    try:
        return _of(tomllib.loads(raw.decode()))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return OwnFile(faults=(f"{path} is left out: {error}.",))


def _of(told: Mapping[str, object]) -> OwnFile:
    faults = [f"“{name}” means nothing in tui.toml." for name in told if name not in _KNOWN]
    keymap = _word(told, "keymap", "default", faults)
    if keymap not in KEYMAPS:
        faults.append(f"There is no keymap “{keymap}”: {', '.join(KEYMAPS)}.")
        keymap = "default"
    themes = [_theme(name, colours, faults) for name, colours in _table(told, "themes", faults)]
    told_keys = _table(told, "keys", faults)
    keys = {name: key for name, key in told_keys if isinstance(key, str) and key}
    faults += [f"The key of “{name}” is no text." for name, _ in told_keys if name not in keys]
    return OwnFile(
        keymap,
        _word(told, "theme", "", faults),
        keys,
        tuple(theme for theme in themes if theme is not None),
        tuple(faults),
    )


_KNOWN = ("keymap", "theme", "keys", "themes")


def _word(told: Mapping[str, object], name: str, otherwise: str, faults: list[str]) -> str:
    value = told.get(name, otherwise)
    if isinstance(value, str):
        return value
    faults.append(f"“{name}” is no text.")
    return otherwise


def _table(told: Mapping[str, object], name: str, faults: list[str]) -> list[tuple[str, object]]:
    value = told.get(name, {})
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).items())
    faults.append(f"“{name}” is no table.")
    return []


def _theme(name: str, told: object, faults: list[str]) -> Theme | None:
    if not isinstance(told, dict):
        faults.append(f"The theme “{name}” is no table.")
        return None
    colours = cast("dict[str, object]", told)
    for key, value in colours.items():
        if key == "dark" and isinstance(value, bool):
            continue
        if key not in _COLOURS or not isinstance(value, str) or not _is_colour(value):
            faults.append(f"The theme “{name}” is left out: {key} = {value} is no colour of it.")
            return None
    if "primary" not in colours:
        faults.append(f"The theme “{name}” is left out: it has no primary.")
        return None
    dark = bool(colours.get("dark", True))
    return Theme(name=name, dark=dark, **{k: v for k, v in colours.items() if k != "dark"})  # pyright: ignore[reportArgumentType] - looked at above


def _is_colour(value: str) -> bool:
    try:
        Color.parse(value)
    except ColorParseError:
        return False
    return True
