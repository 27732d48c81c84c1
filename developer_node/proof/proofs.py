"""Tries a remedy again, from what was recorded to a verdict that says why."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from common.clock import Clock
from common.errors import Unavailable
from common.model.event import CommandFinished
from common.model.ids import ContentHash, WorkingCopyId
from common.model.remedy import ProofStep, ProofTarget, RemedyMaterial
from developer_node.watch.ports import Record


class Dragon(Protocol):
    """Who knows what was recorded."""

    async def material(self, remedy_id: str) -> RemedyMaterial: ...


class Contents(Protocol):
    """Where recorded contents are fetched."""

    async def blob(self, content: ContentHash) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Proofs:
    """One at a time; a second asker waits its turn."""

    home: Path
    dragon: Dragon
    contents: Contents
    record: Record
    known: Callable[[], dict[str, WorkingCopyId]]
    """Working copies of this machine, by path."""
    redact: Callable[[str], str]
    interpret: Callable[[CommandFinished, str], CommandFinished]
    clock: Clock

    async def prove(self, target: ProofTarget) -> AsyncGenerator[ProofStep]:
        """Progress, then a ProofFinished that is recorded. Closing it ends the runs."""
        raise Unavailable("remedies cannot be tried again yet")
        yield
