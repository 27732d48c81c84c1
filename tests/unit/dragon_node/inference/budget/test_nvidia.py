"""NVML's answers and refusals, by a library that gives them as the real one does."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from dragon_node.inference.budget.device import Device
from dragon_node.inference.budget.nvidia import Nvidia

GB = 1_000_000_000


class NVMLError(Exception):
    """As pynvml raises it, with a class of its own for each code."""


ANSWERS: dict[str, Any] = {
    "nvmlInit": None,
    "nvmlDeviceGetHandleByIndex": "first",
    "nvmlDeviceGetHandleByUUID": "by uuid",
    "nvmlDeviceGetName": "NVIDIA H100 80GB HBM3",
    "nvmlDeviceGetMemoryInfo": SimpleNamespace(total=85 * GB, used=3 * GB, free=82 * GB),
    "nvmlDeviceGetUtilizationRates": SimpleNamespace(gpu=42, memory=7),
}


class Library:
    """One H100; `refused` names the calls that it does not support."""

    def __init__(self, *refused: str) -> None:
        self.NVMLError = NVMLError
        self.refused = refused
        self.asked: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            self.asked.append((name, *given))
            if name in self.refused:
                raise NVMLError("Not Supported")
            return ANSWERS[name]

        return call


def opened(monkeypatch: pytest.MonkeyPatch, library: Library, uuid: str = "") -> Nvidia | None:
    monkeypatch.setitem(sys.modules, "a_library", library)
    return Nvidia.open(uuid, library="a_library")


def test_it_tells_name_memory_and_how_busy_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    device = opened(monkeypatch, Library())
    assert device is not None
    assert device.read() == Device("NVIDIA H100 80GB HBM3", 85 * GB, 3 * GB, busy=0.42)


def test_the_device_that_mlx_uses_is_read_not_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    opened(monkeypatch, library, "GPU-2dee1e25")
    assert ("nvmlDeviceGetHandleByUUID", "GPU-2dee1e25") in library.asked


def test_a_gpu_that_shares_the_memory_of_the_machine_tells_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A GB10 refuses its memory, and is as busy as it says."""
    device = opened(monkeypatch, Library("nvmlDeviceGetMemoryInfo"))
    assert device is not None
    assert device.read() == Device("NVIDIA H100 80GB HBM3", busy=0.42)


def test_a_part_of_a_gpu_tells_its_memory_but_not_how_busy_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = opened(monkeypatch, Library("nvmlDeviceGetUtilizationRates"))
    assert device is not None
    assert (device.read().busy, device.read().used_bytes) == (-1.0, 3 * GB)


@pytest.mark.parametrize("missing", ["nvmlInit", "nvmlDeviceGetHandleByIndex"])
def test_without_a_driver_or_a_device_there_is_nothing_to_read(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    assert opened(monkeypatch, Library(missing)) is None


def test_without_the_library_there_is_nothing_to_read() -> None:
    assert Nvidia.open(library="no_such_library_here") is None


def test_the_real_library_can_be_asked() -> None:
    """With a device or without, it does not raise."""
    device = Nvidia.open()
    assert device is None or device.read().name
