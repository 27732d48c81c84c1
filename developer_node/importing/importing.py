"""Records what another tool has kept, each entry once."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

from common.clock import Clock
from common.errors import Unavailable
from common.model.remedy import ImportProgress
from developer_node.watch.ports import Memory, Record


@dataclass(frozen=True, slots=True)
class Importing:
    """One import at a time."""

    home: Path
    record: Record
    memory: Memory
    redact: Callable[[str], str]
    clock: Clock

    async def run(self, source: str, path: str) -> AsyncGenerator[ImportProgress]:
        """Counts as it goes; the last one is finished and says what could not be known."""
        raise Unavailable("nothing can be imported yet")
        yield
