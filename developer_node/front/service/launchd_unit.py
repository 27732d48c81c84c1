"""A property list of launchd. Written with plistlib; no test has run one on a Mac."""

from __future__ import annotations

import plistlib
from typing import Any

from developer_node.front.service.unit import FILES_MAX, RESTART_S, STOP_MAC_S, Unit

UMASK = 0o077


def plist(unit: Unit) -> bytes:
    """The whole file."""
    said: dict[str, Any] = {
        "Label": unit.name,
        "ProgramArguments": list(unit.words),
        "EnvironmentVariables": unit.settings,
        "WorkingDirectory": str(unit.home),
        "RunAtLoad": True,
        # What no restart mends ends with 0 under launchd, see common/daemon/service.py.
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": RESTART_S,
        "ExitTimeOut": STOP_MAC_S[unit.role],
        "ProcessType": "Interactive",
        "Umask": UMASK,
        "StandardOutPath": str(unit.printed),
        "StandardErrorPath": str(unit.printed),
        "SoftResourceLimits": {"NumberOfFiles": FILES_MAX},
        "HardResourceLimits": {"NumberOfFiles": FILES_MAX},
    }
    if unit.scope == "system":
        said["UserName"] = unit.user
    return plistlib.dumps(said, sort_keys=False)
