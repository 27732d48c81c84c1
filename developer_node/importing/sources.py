"""Where other tools keep their histories, and what each of them cannot tell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from common.errors import Denied, Invalid, Missing
from developer_node.importing import shells
from developer_node.importing.atuin import atuin
from developer_node.importing.past import PastCommand, lines_of

Source = Literal["atuin", "bash", "zsh", "fish", "git"]
Shell = Literal["atuin", "bash", "zsh", "fish"]

PLACES: dict[Source, tuple[str, ...]] = {
    "atuin": ("~/.local/share/atuin/history.db",),
    "bash": ("~/.bash_history",),
    "zsh": ("~/.zsh_history", "~/.zhistory", "~/.histfile", "~/.config/zsh/.zsh_history"),
    "fish": ("~/.local/share/fish/fish_history",),
    "git": (),
}
_NO_OUTPUT = "What the commands printed is not in a history: no failure can be seen in them."
_NO_EXIT = "Whether a command failed is not told."
_NO_PLACE = "Where a command ran is not told: these belong to no project."
UNKNOWN: dict[Source, tuple[str, ...]] = {
    "atuin": (_NO_OUTPUT,),
    "bash": (_NO_OUTPUT, _NO_EXIT, _NO_PLACE, "How long a command took is not told."),
    "zsh": (_NO_OUTPUT, _NO_EXIT, _NO_PLACE, "Durations are told in whole seconds, or not at all."),
    "fish": (_NO_OUTPUT, _NO_EXIT, _NO_PLACE, "How long a command took is not told."),
    "git": (
        "What was tried between two commits is not in the log: no remedy can be learned from it.",
    ),
}


LOOKED_AT_BYTES = 1 << 16
STRANGE_SHARE = 10
"""A history may hold some bytes of other encodings; one in so many characters is no text."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A history that is there."""

    source: Source
    path: Path


def opened(source: str, path: str) -> Opened:
    """Invalid for a source or path that makes no sense, Missing where there is none."""
    if source not in get_args(Source):
        names = ", ".join(get_args(Source))
        raise Invalid(f"{source!r} is no source", field="source", hint=f"There are {names}.")
    known = cast("Source", source)
    if not path:
        return Opened(known, _usual(known))
    place = Path(path)
    if not place.is_absolute():
        raise Invalid(f"{path!r} is not an absolute path", field="path")
    if not place.exists():
        raise Missing(f"There is no {path}", hint=_name_it(known))
    if place.is_dir() != (known == "git"):
        wanted = "a directory" if known == "git" else "a file"
        raise Invalid(f"{path} is not {wanted}", field="path", hint=_name_it(known))
    if not os.access(place, os.R_OK):
        raise Denied(f"{path} cannot be read", hint="Check whose file it is.")
    if known not in ("git", "atuin"):
        _check_text(place, known)
    return Opened(known, place)


def _name_it(source: Source) -> str:
    if source == "git":
        return "Name a directory of a git repository: postdevai import git DIR"
    usual = ", ".join(PLACES[source])
    return f"Name {source}'s history file, or none for the usual place ({usual})."


def _check_text(place: Path, source: Source) -> None:
    """Invalid for a file that no shell can have written."""
    with place.open("rb") as file:
        begin = file.read(LOOKED_AT_BYTES)
    plain = begin
    if source == "zsh":  # it writes 0x83 ahead of bytes that it uses itself
        plain = re.sub(rb"\x83(.)", lambda meta: bytes([meta[1][0] ^ 32]), begin, flags=re.DOTALL)
    text = plain.decode("utf-8", "replace")
    strange = sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\x1b") for c in text)
    if b"\0" in begin or strange * STRANGE_SHARE > len(text):
        raise Invalid(f"{place} is no text", field="path", hint=_name_it(source))
    if source == "fish" and begin.strip() and b"- cmd: " not in begin:
        raise Invalid(f"{place} is no history of fish", field="path", hint=_name_it(source))


def _usual(source: Source) -> Path:
    if source == "git":
        raise Invalid("which repository?", field="path", hint="Type: postdevai import git DIR")
    for place in PLACES[source]:
        if (found := Path(place).expanduser()).is_file():
            return found
    looked = ", ".join(PLACES[source])
    raise Missing(
        f"There is no history of {source} in {looked}",
        hint=f"Name its file: postdevai import {source} PATH",
    )


def reader(source: Shell) -> Callable[[Path], Iterator[PastCommand]]:
    """How this history is read."""
    if source == "atuin":
        return atuin
    parse = {"bash": shells.bash, "zsh": shells.zsh, "fish": shells.fish}[source]
    return lambda path: parse(lines_of(path))
