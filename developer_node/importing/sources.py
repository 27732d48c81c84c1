"""Where other tools keep their histories, and what each of them cannot tell."""

from __future__ import annotations

import os
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
        raise Missing(f"There is no {path}", hint="Check the path.")
    if place.is_dir() != (known == "git"):
        wanted = "a repository" if known == "git" else "a file"
        raise Invalid(f"{path} is not {wanted}", field="path", hint=f"Name {wanted}.")
    if not os.access(place, os.R_OK):
        raise Denied(f"{path} cannot be read", hint="Check whose file it is.")
    return Opened(known, place)


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
