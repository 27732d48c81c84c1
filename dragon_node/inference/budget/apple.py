"""Readings of a Mac's GPU, as its driver publishes them in the I/O registry."""

from __future__ import annotations

import re
import subprocess

from dragon_node.inference.budget.device import Device

IOREG = ("/usr/sbin/ioreg", "-r", "-d", "1", "-w", "0", "-c", "IOAccelerator")
IOREG_S = 2.0
"""It takes some 20 ms; one that takes longer tells nothing."""


def read() -> Device:
    """What the registry tells now; nothing where there is none."""
    try:
        done = subprocess.run(
            IOREG,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=IOREG_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Device()
    return parsed(done.stdout)


def parsed(said: str) -> Device:
    """Of the text that `ioreg -c IOAccelerator` prints. Keys are matched whole: beside
    "In use system memory" there is the driver's own."""
    name = re.search(r'"model" = "([^"]*)"', said)
    busy = _number(said, "Device Utilization %")
    return Device(
        name=name[1] if name else "",
        used_bytes=_number(said, "In use system memory"),
        busy=busy / 100 if 0 <= busy <= 100 else -1.0,
    )


def _number(said: str, key: str) -> int:
    found = re.search(rf'"{re.escape(key)}"\s*=\s*(\d+)', said)
    return int(found[1]) if found else -1
