"""Where a command is tried again: without network, with the person's files read-only or unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from developer_node.proof.hindrance import Hindrance

PROBE_TIMEOUT_S = 10.0
TOOLCHAINS = (
    ".pyenv",
    ".local/lib",
    ".local/bin",
    ".local/share/uv",
    ".local/share/mise",
    ".local/share/virtualenvs",
    ".cache/pypoetry/virtualenvs",
    ".asdf",
    ".nvm",
    ".volta",
    ".rustup",
    ".cargo/bin",
    ".cargo/registry",
    "go/pkg",
    ".m2/repository",
    ".gradle/caches",
    "miniconda3",
    "anaconda3",
)
"""Below the person's HOME, where programs and libraries lie; everything else of it is unseen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command shall find."""

    tree: Path
    """The rebuilt files; the command may change them."""
    root: Path
    """Where they were, and where they appear again."""
    cwd: Path
    """In `root`."""
    tmp: Path
    """Appears as /tmp."""
    shown: tuple[Path, ...] = ()
    """Not in the tree, seen read-only where they lie, such as .venv and .git."""
    hidden: tuple[Path, ...] = ()
    """Not seen, besides the person's HOME."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Sandbox(Protocol):
    """One way to shut a command in. It never runs anything itself."""

    @property
    def name(self) -> str:
        """What it keeps away, for people."""
        ...

    def missing(self) -> str:
        """Why it cannot be used here; empty when it can."""
        ...

    def wrap(self, plan: Plan, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` shut in."""
        ...

    def arrange(self, plan: Plan) -> None:
        """Makes ready, in the tree, what `wrap` cannot."""
        ...

    def root(self, plan: Plan) -> Path:
        """Where the command sees the tree."""
        ...

    def tmp(self, plan: Plan) -> Path:
        """Where the command sees its own directory for temporary files."""
        ...

    def home(self, plan: Plan) -> Path:
        """An empty HOME for the command, but for the programs that lie there."""
        ...


class InPlace:
    """What sandboxes share that bind everything where it was: mount namespaces can."""

    def arrange(self, plan: Plan) -> None:
        """Nothing: everything is bound in its place."""

    def root(self, plan: Plan) -> Path:
        """Where the tree was."""
        return plan.root

    def tmp(self, plan: Plan) -> Path:
        """Where the command sees its own directory for temporary files."""
        return Path("/tmp")

    def home(self, plan: Plan) -> Path:
        """Where it always was, for programs look for their own there; in memory alone."""
        return person_home() or Path("/tmp")


def choose(sandboxes: Sequence[Sandbox]) -> Sandbox:
    """The first that can be used; Hindrance with every reason when none can."""
    reasons: list[str] = []
    for sandbox in sandboxes:
        reason = sandbox.missing()
        if not reason:
            return sandbox
        reasons.append(reason)
    raise Hindrance("no sandbox can be made here: " + "; ".join(reasons or [sys.platform]))


def probe(argv: Sequence[str], what: str) -> str:
    """Tries a sandbox with a command that does nothing; why that failed, else empty."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        return f"{what} is not installed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{what} does not work: {error}"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"{what} does not work: {lines[-1] if lines else f'exit {done.returncode}'}"


def check_root(root: Path) -> None:
    """Hindrance when hiding the person's HOME would hide nothing: it lies in the working copy."""
    home = person_home()
    if home is not None and home.is_relative_to(root):
        raise Hindrance("the working copy holds your HOME: what is private cannot be kept away")


def person_home() -> Path | None:
    """The HOME to hide; None when it is no directory of its own."""
    home = Path(os.path.realpath(os.path.expanduser("~")))
    return home if home.is_dir() and home != Path(home.anchor) else None
