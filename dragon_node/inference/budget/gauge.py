"""Reads the device, not more often than once a second however many ask."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace

import psutil

from common.clock import Clock, SystemClock
from dragon_node.inference.budget import apple
from dragon_node.inference.budget.device import Device
from dragon_node.inference.budget.nvidia import Nvidia

FRESH_S = 1.0
"""A reading is given again for so long."""


class Gauge:
    """Thread-safe. Not for the event loop: on a Mac a reading takes some 20 ms."""

    def __init__(self, look: Callable[[], Device], clock: Clock | None = None) -> None:
        """`look` makes one reading."""
        self._look = look
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._last = Device()
        self._looked_s: float | None = None

    @staticmethod
    def of_this_machine(uuid: str = "") -> Gauge:
        """For the device that is there; `uuid` is the one of MLX's GPU, when it has one."""
        return Gauge(this_device(uuid))

    def read(self) -> Device:
        """At most a second old."""
        with self._lock:
            now_s = self._clock.monotonic()
            if self._looked_s is None or now_s - self._looked_s >= FRESH_S:
                self._last = self._look()
                self._looked_s = now_s
            return self._last


def this_device(uuid: str = "", platform: str = sys.platform) -> Callable[[], Device]:
    """How a reading is made here."""
    if platform == "darwin":
        return lambda: replace(apple.read(), wired_bytes=wired_bytes())
    nvidia = Nvidia.open(uuid)
    return nvidia.read if nvidia is not None else Device


def wired_bytes() -> int:
    """Of the machine's memory; -1 where the system does not tell."""
    return getattr(psutil.virtual_memory(), "wired", -1)
