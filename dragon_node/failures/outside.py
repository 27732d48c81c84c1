"""Whether what made a failure pass lies outside its project: where its trace leads, and what
moved there."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from common.model.failure import Failure
from dragon_node.failures.runs import Run

_LIBRARY = re.compile(
    r"(^|/)(site-packages|dist-packages|node_modules|lib/python[\d.]*|lib/ruby|lib/node|\.cargo"
    r"|\.rustup|go/pkg/mod|\.m2|\.gradle|\.pyenv|\.venv|venv|Cellar|nix/store)/|^/usr/|^/opt/|^<"
)
"""Code that is installed rather than worked on: a change of it is the environment's."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the trace leads."""

    moved: str = ""
    """Another working copy that changed between the two runs, and what it is at."""
    unwatched: str = ""
    """A file of which nobody knows whether it changed."""


NOWHERE = Outside()


def touched(db: apsw.Connection, lsn: int, wc: str, project_name: str, at: str) -> None:
    """Notes that something changed in a working copy, and what it is at now."""
    db.execute("INSERT OR REPLACE INTO touched VALUES (?,?,?,?)", (wc, lsn, project_name, at))


def outside(db: apsw.Connection, failure: Failure, failing: Run, root: str) -> Outside:
    """What lies beyond the working copy on a failure's way; asked when a run that passed is
    applied, so that what was touched after the failing run was touched before the passing one."""
    roots = {
        str(path): str(wc)
        for wc, path in db.execute("SELECT wc, path FROM roots WHERE wc<>?", (failing.wc,))
    }
    unwatched = ""
    for path in _beyond(failure, failing.cwd, root):
        held = max((r for r in roots if path.startswith(r + "/")), key=len, default="")
        if not held:
            unwatched = unwatched or path
            continue
        row = db.execute(
            "SELECT project, at FROM touched WHERE wc=? AND lsn>?", (roots[held], failing.lsn)
        ).fetchone()
        if row is not None:
            return Outside(moved=f"{row[0]} at {row[1]}" if row[1] else str(row[0]))
    return Outside(unwatched=unwatched)


def _beyond(failure: Failure, cwd: str, root: str) -> Iterator[str]:
    """Files of the trace that are worked on elsewhere, innermost first."""
    for frame in reversed(failure.frames):
        if _LIBRARY.search(frame.path) or not frame.path.startswith(("/", "../")):
            continue
        path = os.path.normpath(os.path.join(cwd, frame.path))
        if not root or not path.startswith(root + "/"):
            yield path
