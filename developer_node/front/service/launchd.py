"""launchd, through launchctl. Written by its manual; no test has run it on a Mac.

A service is loaded (`bootstrap`), which starts it, and unloaded (`bootout`), which drains it: one
that is only signalled would be started again. Its file is what makes it start at the next login.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from developer_node.front.service.manager import Run, Said, Standing, State, refuse_unless_done
from developer_node.front.service.manager import run_tool as run_tool
from developer_node.front.service.unit import Scope, Unit

TOOL = "/bin/launchctl"
NOT_LOADED = 113
"""What `print` and `bootout` end with for a service that is not loaded; 3 from older systems."""
_ABSENT = (3, NOT_LOADED)
HINT = "a person's own services need a login at the screen; else use --system as root"


class Launchd:
    """Each call is one launchctl."""

    def __init__(self, scope: Scope, files: Path, run: Run = run_tool) -> None:
        self._domain = "system" if scope == "system" else f"gui/{os.getuid()}"
        self._files = files
        self._run = run

    def installed(self, units: Sequence[Unit]) -> None:
        for unit in units:
            self._do(f"enabling {unit.name}", "enable", self._target(unit))

    def removing(self, units: Sequence[Unit]) -> None:
        for unit in units:
            self.stop(unit)

    def removed(self, units: Sequence[Unit]) -> None:
        """Nothing is left behind."""

    def start(self, unit: Unit) -> None:
        if self._ask("print", self._target(unit)).code in _ABSENT:
            file = str(self._files / f"{unit.name}.plist")
            self._do(f"starting {unit.name}", "bootstrap", self._domain, file)
        else:
            self._do(f"starting {unit.name}", "kickstart", self._target(unit))

    def stop(self, unit: Unit) -> None:
        said = self._ask("bootout", self._target(unit))
        if said.code not in _ABSENT:
            refuse_unless_done(said, f"stopping {unit.name}", HINT)

    def standing(self, unit: Unit) -> Standing:
        said = self._ask("print", self._target(unit))
        enabled = (self._files / f"{unit.name}.plist").is_file()
        if said.code in _ABSENT:
            return Standing("stopped", enabled)
        if said.code:
            return Standing("unknown", enabled, why=said.err.strip() or f"exit {said.code}")
        return read(said.out, enabled=enabled)

    def _target(self, unit: Unit) -> str:
        return f"{self._domain}/{unit.name}"

    def _ask(self, *words: str) -> Said:
        return self._run((TOOL, *words))

    def _do(self, doing: str, *words: str) -> None:
        refuse_unless_done(self._ask(*words), doing, HINT)


def read(printed: str, *, enabled: bool) -> Standing:
    """From `launchctl print DOMAIN/LABEL`, which is meant for people: only three lines are used."""
    pid = _line(printed, r"pid = (\d+)")
    exit_code = _line(printed, r"last exit code = (\d+)")
    state: State = "running" if pid else "stopped"
    last = int(exit_code) if exit_code and not pid else None
    if last:
        state = "failed"
    runs = int(_line(printed, r"runs = (\d+)") or 1)
    return Standing(state, enabled, int(pid or 0), max(0, runs - 1), last)


def _line(printed: str, pattern: str) -> str:
    found = re.search(rf"^\s*{pattern}", printed, re.M)
    return found[1] if found else ""
