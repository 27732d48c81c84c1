"""Virtual environments that a command is run with, wherever they lie: seen read-only in a sandbox.

One that could not be seen there would be passed over on PATH, and another Python would be tried.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PLACES_MAX = 16


def runtimes(variables: Mapping[str, str], root: Path) -> tuple[Path, ...]:
    """Those that PATH and VIRTUAL_ENV lead to, outside `root`, and what each was made from."""
    entries = [Path(entry).parent for entry in variables.get("PATH", "").split(os.pathsep) if entry]
    named = [Path(place) for place in (variables.get("VIRTUAL_ENV", ""),) if place]
    found: dict[Path, None] = {}
    for place in [*named, *entries]:
        settings = place / "pyvenv.cfg"
        if place.is_relative_to(root) or not settings.is_file():
            continue
        found[place] = None
        if base := _made_from(settings):
            found[base] = None
    return tuple(found)[:PLACES_MAX]


def _made_from(settings: Path) -> Path | None:
    """The prefix of the interpreter that it links to; None for the system's own."""
    try:
        lines = settings.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    pairs = (line.partition("=") for line in lines)
    home = next((value.strip() for name, _, value in pairs if name.strip() == "home"), "")
    prefix = Path(home).parent if home else Path("/")
    return None if len(prefix.parts) < 3 or prefix == Path.home() else prefix
