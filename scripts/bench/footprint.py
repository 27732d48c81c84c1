"""Memory of each daemon, and what the laptop's costs while nothing happens."""

from __future__ import annotations

import time

import psutil

from scripts.bench.report import Figure
from scripts.bench.stage import ROOT, mesh
from tests.support.mesh import ROLES

REST_S = 30


def measure() -> list[Figure]:
    """After this repository is indexed."""
    with mesh() as made:
        made.up(ROOT)
        processes = {role: psutil.Process(made.pid(role)) for role in ROLES}
        time.sleep(5)  # what the indexing left behind settles
        laptop = processes["developer"]
        before, began = _cpu_s(laptop), time.perf_counter()
        time.sleep(REST_S)
        share = (_cpu_s(laptop) - before) / (time.perf_counter() - began)
        memory = {role: p.memory_info().rss / 1e6 for role, p in processes.items()}
    return [
        Figure(
            "memory (RSS)",
            ", ".join(f"{role} {mb:.0f} MB" for role, mb in memory.items()),
            "laptop < 150 MB",
            "this repository indexed, embedding under way, no model loaded",
        ),
        Figure(
            "CPU of the laptop's daemon at rest",
            f"{share:.2%} of a core",
            "aim < 1 %",
            f"user and system time over {REST_S} s",
        ),
    ]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
