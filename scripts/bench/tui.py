"""The TUI: idle CPU, CPU and answered keys under 500 events a second, start to first paint."""

from __future__ import annotations

import asyncio
import os
import pty
import select
import subprocess
import sys
import time
from dataclasses import replace

import psutil

from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import ROOT

IDLE_S = 20.0
BUSY_S = 15.0
EVENTS_PER_S = 500
STARTS = 5
KEYS = 40
VIEWS = ((b"8", b"What runs now"), (b"2", b"rows"))
"""Keys that switch the view, and what is seen then: the dearest of keys."""
_READY = b"Timeline"


class _Screens:
    """The screens over a scripted feed in a PTY of their own; nothing else is in the process."""

    def __init__(self, events_per_s: int) -> None:
        here, there = pty.openpty()
        os.set_blocking(here, False)
        words = [sys.executable, "-m", "scripts.bench.tui", str(events_per_s)]
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "36"}
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            words, stdin=there, stdout=there, stderr=there, cwd=ROOT, env=env
        )
        os.close(there)
        self._terminal = here
        self.of_system = psutil.Process(self._process.pid)

    def read(self, seconds: float, until: bytes = b"") -> bytes:
        """What is painted in that time, or up to those bytes."""
        end, shown = time.perf_counter() + seconds, b""
        while (left := end - time.perf_counter()) > 0 and not (until and until in shown):
            if select.select([self._terminal], [], [], left)[0]:
                shown += os.read(self._terminal, 65_536)
        return shown

    def press(self, key: bytes, until: bytes) -> float:
        """Seconds from a key to what it asks for on the screen."""
        self.read(0.05)
        at = time.perf_counter()
        os.write(self._terminal, key)
        self.read(5.0, until)
        return time.perf_counter() - at

    def cpu(self, seconds: float) -> float:
        """Share of one core over that time, while what is painted is read."""
        before = self.of_system.cpu_times()
        began = time.perf_counter()
        self.read(seconds)
        now = self.of_system.cpu_times()
        used = now.user + now.system - before.user - before.system
        return used / (time.perf_counter() - began)

    def close(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)


def measure() -> list[Figure]:
    """Each over a scripted daemon, so that only the screens are measured."""
    starts = [_start() for _ in range(STARTS)]
    idle = _Screens(0)
    idle.read(5.0, _READY)
    idle.read(5.0)
    idle_cpu = idle.cpu(IDLE_S)
    idle.close()
    busy = _Screens(EVENTS_PER_S)
    busy.read(5.0, _READY)
    busy.read(3.0)
    busy_cpu = busy.cpu(BUSY_S)
    waits = [busy.press(*VIEWS[turn % 2]) for turn in range(KEYS)]
    busy.close()
    return [
        Figure("TUI, idle, of one core", f"{idle_cpu:.1%}", "< 1 %", _IDLE),
        Figure(f"TUI at {EVENTS_PER_S} events/s, of one core", f"{busy_cpu:.1%}", "<= 20 %", _BUSY),
        Figure(
            "a key answered meanwhile, p95",
            f"{quantile(waits, 0.95) * 1_000:.0f} ms",
            "<= 100 ms",
            f"{KEYS} keys that switch the view, up to its words on the screen",
        ),
        Figure(
            "TUI, start to first paint",
            f"{median(starts) * 1_000:.0f} ms",
            "<= 500 ms",
            f"median of {STARTS}: from exec to the tabs in a PTY, imports included",
        ),
    ]


_IDLE = f"{IDLE_S:.0f} s over a scripted daemon, status every 2 s, in a PTY of 120x36"
_BUSY = f"{BUSY_S:.0f} s with the timeline open; the feed is scripted in the same process"


def _start() -> float:
    screens = _Screens(0)
    screens.read(10.0, _READY)
    taken = time.perf_counter() - screens.began
    screens.close()
    return taken


def _run(events_per_s: int) -> None:
    """In the process that is measured."""
    from developer_node.front.tui.app import make_app
    from tests.support.tui_scenes import command
    from tests.support.tui_scenes_frame import scene_well

    daemon = scene_well()

    async def speak() -> None:
        number = 1_000
        while True:
            for _ in range(EVENTS_PER_S // 50):
                number += 1
                made = command(number, 0, f"pytest -q tests/test_{number}.py")
                daemon.say(replace(made, at_ms=time.time_ns() // 1_000_000))
            await asyncio.sleep(0.02)

    async def run() -> None:
        app = make_app(daemon.connect, start="timeline")
        speaking = asyncio.create_task(speak()) if events_per_s else None
        await app.run_async()
        if speaking is not None:
            speaking.cancel()

    asyncio.run(run())


if __name__ == "__main__":
    _run(int(sys.argv[1]))
