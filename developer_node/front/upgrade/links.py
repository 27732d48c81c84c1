"""The links through which a person types `postdevai`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

NAME = "postdevai"


def leading_to(programs: Path, path: str) -> list[Path]:
    """Links on PATH that end at the program in that directory."""
    program = programs / NAME
    found: list[Path] = []
    for each in path.split(os.pathsep):
        link = Path(each) / NAME
        if each and link.is_symlink() and link.resolve() == program.resolve():
            found.append(link.absolute())
    return found


def turn(links: Iterable[Path], programs: Path) -> list[Path]:
    """They lead to another directory's program; those that could be changed."""
    turned: list[Path] = []
    for link in links:
        draft = link.with_name(f".{link.name}.{os.getpid()}")
        try:
            draft.symlink_to(programs / NAME)
            draft.replace(link)
        except OSError:
            draft.unlink(missing_ok=True)
            continue
        turned.append(link)
    return turned
