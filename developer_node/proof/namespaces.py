"""The sandbox of a Linux without bubblewrap: the same namespaces, made by a script of our own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from developer_node.proof.bubblewrap import SEEN_AGAIN, UNSEEN
from developer_node.proof.sandbox import TOOLCHAINS, InPlace, Plan, person_home, probe

_SCRIPT = Path(__file__).parent / "inside" / "shut_in.py"


@dataclass(frozen=True, slots=True)
class Namespaces(InPlace):
    """Needs Linux 5.12 and user namespaces; nothing has to be installed."""

    python: str = sys.executable

    @property
    def name(self) -> str:
        """What it keeps away, for people."""
        return "namespaces: no network, files read-only, HOME unseen"

    def missing(self) -> str:
        """Why it cannot be used here; empty when it can."""
        nothing: dict[str, object] = {
            "unseen": [],
            "binds": [],
            "cwd": "/",
            "environment": {"PATH": os.defpath},
        }
        return probe(self._shut_in(nothing, ["true"]), "a sandbox of namespaces")

    def wrap(self, plan: Plan, argv: Sequence[str]) -> list[str]:
        """The command that runs `argv` shut in."""
        return self._shut_in(_as_json(plan), argv)

    def _shut_in(self, plan: Mapping[str, object], argv: Sequence[str]) -> list[str]:
        return [self.python, "-I", "-S", os.fspath(_SCRIPT), json.dumps(plan), "--", *argv]


def _as_json(plan: Plan) -> dict[str, object]:
    home = person_home()
    unseen = [*UNSEEN, *([os.fspath(home)] if home else []), *map(os.fspath, plan.hidden)]
    again = [*SEEN_AGAIN, *([os.fspath(home / name) for name in TOOLCHAINS] if home else [])]
    binds: list[tuple[str, str, bool]] = [(place, place, False) for place in again]
    binds.append((os.fspath(plan.tmp), "/tmp", True))
    binds.append((os.fspath(plan.tree), os.fspath(plan.root), True))
    binds += [(os.fspath(path), os.fspath(path), False) for path in plan.shown]
    return {
        "unseen": unseen,
        "binds": binds,
        "cwd": os.fspath(plan.cwd),
        "environment": dict(plan.environment),
    }
