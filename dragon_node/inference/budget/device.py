"""What the device that computes says of itself, for people and for Prometheus."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Device:
    """One reading; -1 is what the platform does not tell."""

    name: str = ""
    """Empty when everything is computed on the CPU."""
    bytes: int = -1
    """Of a GPU with memory of its own."""
    used_bytes: int = -1
    """That programs hold on it, ours and others'; on a Mac of the machine's memory."""
    busy: float = -1.0
    """0 to 1: of the time since the reading before, or of the last second."""
    wired_bytes: int = -1
    """Of the machine's memory, that cannot be paged out."""
