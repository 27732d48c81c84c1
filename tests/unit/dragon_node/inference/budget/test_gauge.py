"""A reading is made once a second, and by the means that the platform has."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import psutil
import pytest

from dragon_node.inference.budget import apple, gauge
from dragon_node.inference.budget.device import Device
from dragon_node.inference.budget.gauge import FRESH_S, Gauge, this_device, wired_bytes
from dragon_node.inference.budget.nvidia import Nvidia


class HandClock:
    """Moves when it is told to."""

    now_s = 0.0

    def now_ms(self) -> int:
        """Nobody asks."""
        raise AssertionError("readings age on the monotonic clock")

    def monotonic(self) -> float:
        """As set."""
        return self.now_s


def looks() -> Iterator[Device]:
    """Each other than the one before."""
    for number in range(9):
        yield Device(used_bytes=number)


def test_within_a_second_the_device_is_asked_once() -> None:
    clock, made = HandClock(), looks()
    gauge = Gauge(lambda: next(made), clock)
    assert [gauge.read().used_bytes for _ in range(3)] == [0, 0, 0]
    clock.now_s = FRESH_S
    assert gauge.read().used_bytes == 1


def test_the_first_reading_is_made_whatever_the_clock_says() -> None:
    made = looks()
    next(made)
    assert Gauge(lambda: next(made), HandClock()).read().used_bytes == 1


def test_on_a_mac_the_registry_and_wired_memory_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apple, "read", lambda: Device("Apple M2", used_bytes=5, busy=0.5))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(wired=7))
    assert this_device(platform="darwin")() == Device("Apple M2", -1, 5, 0.5, 7)


def test_wired_memory_is_not_told_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=7))
    assert wired_bytes() == -1


def test_on_linux_without_a_device_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauge.Nvidia, "open", staticmethod(lambda uuid: None))
    assert this_device(platform="linux")() == Device()


def test_on_linux_the_device_of_mlx_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    found = SimpleNamespace(read=lambda: Device("H100"))

    def opened(uuid: str) -> Nvidia:
        asked.append(uuid)
        return found  # pyright: ignore[reportReturnType]

    monkeypatch.setattr(gauge.Nvidia, "open", staticmethod(opened))
    assert this_device("GPU-1", platform="linux")().name == "H100"
    assert asked == ["GPU-1"]
