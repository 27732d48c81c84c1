"""systemd, through systemctl: of the person (`--user`) or of the whole machine."""

from __future__ import annotations

import re
from collections.abc import Sequence

from developer_node.front.service.manager import Run, Said, Standing, State, refuse_unless_done
from developer_node.front.service.manager import run_tool as run_tool
from developer_node.front.service.unit import Scope, Unit

PROPERTIES = "ActiveState,SubState,UnitFileState,MainPID,NRestarts,ExecMainStatus,Result,LoadState"
NO_MANAGER = (
    "systemd does not run here, or not for this person; log in once, or use --system as root"
)
_STATES: dict[str, State] = {
    "active": "running",
    "reloading": "running",
    "activating": "starting",
    "deactivating": "stopping",
    "inactive": "stopped",
    "failed": "failed",
}


class Systemd:
    """Each call is one systemctl."""

    def __init__(self, scope: Scope, run: Run = run_tool) -> None:
        self._scope = scope
        self._run = run

    def version(self) -> int:
        """Systemd's own; 0 when it does not say."""
        found = re.match(r"systemd (\d+)", self._run(("systemctl", "--version")).out)
        return int(found[1]) if found else 0

    def installed(self, units: Sequence[Unit]) -> None:
        self._do("reading the units", "daemon-reload")
        self._do("enabling the services", "enable", *(unit.name for unit in units))

    def removing(self, units: Sequence[Unit]) -> None:
        self._do("stopping the services", "disable", "--now", *(unit.name for unit in units))

    def removed(self, units: Sequence[Unit]) -> None:
        self._do("forgetting the units", "daemon-reload")
        self._ask("reset-failed", *(unit.name for unit in units))  # says no when none had failed

    def start(self, unit: Unit) -> None:
        self._do(f"starting {unit.name}", "start", unit.name)

    def stop(self, unit: Unit) -> None:
        self._do(f"stopping {unit.name}", "stop", unit.name)

    def standing(self, unit: Unit) -> Standing:
        said = self._ask("show", f"--property={PROPERTIES}", unit.name)
        if said.code:
            return Standing("unknown", why=_first(said))
        return read(said.out)

    def _ask(self, *words: str) -> Said:
        return self._run(("systemctl", f"--{self._scope}", "--no-pager", *words))

    def _do(self, doing: str, *words: str) -> None:
        said = self._ask(*words)
        hint = NO_MANAGER if "connect to bus" in said.err else "postdevai service logs NODE tells"
        refuse_unless_done(said, doing, hint)


def read(shown: str) -> Standing:
    """From `systemctl show --property=...`."""
    said = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    state = _STATES.get(said.get("ActiveState", ""), "unknown")
    if state == "starting" and said.get("SubState") == "auto-restart":
        state = "failed"  # it waits for its next try
    result = said.get("Result", "success")
    pid = _number(said.get("MainPID", ""))
    return Standing(
        state,
        said.get("UnitFileState", "") in ("enabled", "enabled-runtime"),
        pid,
        _number(said.get("NRestarts", "")),
        None if pid else _number(said.get("ExecMainStatus", "")),
        "" if result == "success" else result,
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _first(said: Said) -> str:
    return (said.err.strip() or said.out.strip() or f"exit {said.code}").splitlines()[0]
