"""Whether a process of this HOME is one that a service manager runs."""

from __future__ import annotations

import psutil

from common.daemon.service import VARIABLE

STOP = "postdevai service stop"


def service_of(pid: int) -> str:
    """`systemd:user` and its like; empty for a daemon that `up` started, or that is gone."""
    try:
        return psutil.Process(pid).environ().get(VARIABLE, "")
    except (psutil.Error, OSError):
        return ""
