"""The sandbox of macOS: a profile for sandbox-exec. Written from its documents, not tried on a Mac.

There are no mount namespaces: the command runs where the rebuilt tree lies, with links to what is
shown. An editable install then leads to the person's own files, which the check of modules finds.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from developer_node.proof.sandbox import TOOLCHAINS, Plan, person_home, probe

_PROGRAM = "/usr/bin/sandbox-exec"


@dataclass(frozen=True, slots=True)
class Seatbelt:
    """No network, writes into the tree and its own temporary files alone, HOME unread."""

    @property
    def name(self) -> str:
        """What it keeps away, for people."""
        return "sandbox-exec: no network, files read-only, HOME unread"

    def missing(self) -> str:
        """Why it cannot be used here; empty when it can."""
        if sys.platform != "darwin":
            return "sandbox-exec is of macOS"
        return probe(
            [_PROGRAM, "-p", "(version 1)(allow default)", "/usr/bin/true"], "sandbox-exec"
        )

    def wrap(self, plan: Plan, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` shut in."""
        variables = [f"{name}={value}" for name, value in plan.environment.items()]
        cwd = os.fspath(self.root(plan) / plan.cwd.relative_to(plan.root))
        there = ["/bin/sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd, *argv]
        return [_PROGRAM, "-p", profile(plan), "/usr/bin/env", "-i", *variables, *there]

    def arrange(self, plan: Plan) -> None:
        """Links what is shown into the tree; `.git` is left out, git would write through it."""
        for path in (p for p in plan.shown if p.is_relative_to(plan.root)):
            link = plan.tree / path.relative_to(plan.root)
            if path.name != ".git" and not os.path.lexists(link):
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(path)

    def root(self, plan: Plan) -> Path:
        """Where the tree lies: the command runs there."""
        return Path(os.path.realpath(plan.tree))

    def tmp(self, plan: Plan) -> Path:
        """Where the command sees its own directory for temporary files."""
        return Path(os.path.realpath(plan.tmp))

    def home(self, plan: Plan) -> Path:
        """Its own: HOME's files are unread, and in their place."""
        return self.tmp(plan) / "home"


def profile(plan: Plan) -> str:
    """Later rules win: deny, then allow what is inside."""
    own = (plan.tree, plan.tmp)
    home = person_home()
    readable = [*own, *plan.shown]
    lines = ["(version 1)", "(allow default)", "(deny network*)", "(deny file-write*)"]
    lines.append(_rule("allow file-write*", own))
    lines.append('(allow file-write-data (literal "/dev/null") (literal "/dev/zero"))')
    if home is not None:
        lines.append(_rule("deny file-read-data", [home]))
        readable += [home / name for name in TOOLCHAINS]
    if plan.hidden:
        lines.append(_rule("deny file-read-data", plan.hidden))
    lines.append(_rule("allow file-read-data", readable))
    return "\n".join(lines)


def _rule(verb: str, paths: Iterable[Path]) -> str:
    quoted = (json.dumps(os.path.realpath(path), ensure_ascii=False) for path in paths)
    return f"({verb} " + " ".join(f"(subpath {path})" for path in quoted) + ")"
