"""Where and when the laptop told something."""

from __future__ import annotations

from dataclasses import dataclass

from common.model.ids import WorkingCopyId


@dataclass(frozen=True, slots=True)
class Told:
    """What rows that come from one record have in common."""

    copy: WorkingCopyId
    at_ms: int
    """By the laptop's clock."""
    lsn: int
