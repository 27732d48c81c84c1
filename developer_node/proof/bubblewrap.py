"""The sandbox of Linux: bubblewrap's namespaces, with the rebuilt tree in the place of the old."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from developer_node.proof.sandbox import TOOLCHAINS, InPlace, Plan, person_home, probe

_ALONE = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
)
UNSEEN = ("/run", "/var/run", "/tmp", "/var/tmp", "/mnt", "/media")
"""Sockets of daemons lie here: without a network they are the way out that is left."""
MEMORY_FILES_MAX = 1 << 30
"""Bytes that a command may leave in its HOME, which is in memory."""
SEEN_AGAIN = ("/run/current-system", "/run/wrappers")
"""Of NixOS: where its programs are."""


@dataclass(frozen=True, slots=True)
class Bubblewrap(InPlace):
    """Paths, working directory and editable installs are as they were; the files are not."""

    program: str = "bwrap"

    @property
    def name(self) -> str:
        """What it keeps away, for people."""
        return "bubblewrap: no network, files read-only, HOME unseen"

    def missing(self) -> str:
        """Why it cannot be used here; empty when it can."""
        return probe([self.program, *_ALONE, "true"], "bubblewrap (bwrap)")

    def wrap(self, plan: Plan, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` shut in."""
        options = [*_ALONE, *_unseen(plan), *_own(plan), "--chdir", os.fspath(plan.cwd)]
        options += ["--clearenv"]
        for name, value in plan.environment.items():
            options += ["--setenv", name, value]
        return [self.program, *options, "--", *argv]


def _unseen(plan: Plan) -> list[str]:
    options: list[str] = []
    for place in UNSEEN:
        if os.path.isdir(place) and not os.path.islink(place):
            options += ["--tmpfs", place]
    for place in SEEN_AGAIN:
        options += ["--ro-bind-try", place, place]
    home = person_home()
    if home is not None:
        options += ["--size", str(MEMORY_FILES_MAX), "--tmpfs", os.fspath(home)]
        for name in TOOLCHAINS:
            options += ["--ro-bind-try", os.fspath(home / name), os.fspath(home / name)]
    for path in plan.hidden:
        options += ["--tmpfs", os.fspath(path)]
    return options


def _own(plan: Plan) -> list[str]:
    options = ["--bind", os.fspath(plan.tmp), "/tmp"]
    options += ["--bind", os.fspath(plan.tree), os.fspath(plan.root)]
    for path in plan.shown:
        options += ["--ro-bind", os.fspath(path), os.fspath(path)]
        for hidden in plan.hidden:
            if hidden.is_relative_to(path):
                options += ["--tmpfs", os.fspath(hidden)]
    return options
