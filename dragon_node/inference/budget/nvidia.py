"""Readings of an NVIDIA GPU through its own management library (NVML)."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from typing import Any

from dragon_node.inference.budget.device import Device

log = logging.getLogger(__name__)


class Nvidia:
    """One device. What it does not tell is -1: NVML knows no memory of a GPU that shares the
    machine's (GB10) and no utilisation of a part of one (MIG)."""

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml = nvml
        self._handle = handle

    @staticmethod
    def open(uuid: str = "", library: str = "pynvml") -> Nvidia | None:
        """The device that MLX knows by this id, or the first; None without a driver or a device."""
        try:
            nvml: Any = importlib.import_module(library)
        except ImportError:  # not installed on a Mac
            return None
        try:
            nvml.nvmlInit()
            by_uuid, first = nvml.nvmlDeviceGetHandleByUUID, nvml.nvmlDeviceGetHandleByIndex
            return Nvidia(nvml, by_uuid(uuid) if uuid else first(0))
        except nvml.NVMLError as why:
            log.info("no NVIDIA device is read why=%s", why)
            return None

    def read(self) -> Device:
        """Takes well below a millisecond."""
        memory = self._told(self._nvml.nvmlDeviceGetMemoryInfo)
        rates = self._told(self._nvml.nvmlDeviceGetUtilizationRates)
        return Device(
            name=self._told(self._nvml.nvmlDeviceGetName) or "",
            bytes=memory.total if memory else -1,
            used_bytes=memory.used if memory else -1,
            busy=rates.gpu / 100 if rates else -1.0,
        )

    def _told(self, ask: Callable[[Any], Any]) -> Any:
        try:
            return ask(self._handle)
        except self._nvml.NVMLError as why:
            log.debug("an NVIDIA device does not tell what=%s why=%s", ask, why)
            return None
