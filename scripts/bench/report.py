"""What a benchmark says: a figure, what it was held against, and how it was measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    value: str
    against: str = ""
    """The bar or the peer; empty when there is none."""
    method: str = ""


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def machine() -> str:
    """This machine in a line."""
    memory = psutil.virtual_memory().total / (1 << 30)
    return (
        f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, Python {platform.python_version()}"
    )


def table(figures: Sequence[Figure]) -> str:
    """Markdown."""
    lines = ["| what | figure | held against | method |", "| --- | --- | --- | --- |"]
    lines += [f"| {f.what} | {f.value} | {f.against} | {f.method} |" for f in figures]
    return "\n".join(lines)
