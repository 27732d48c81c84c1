"""Records what another tool has kept, each entry once, and says what it could not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from common.clock import Clock
from common.errors import Conflict, Denied
from common.model.remedy import ImportProgress
from developer_node.importing.commands import Commands
from developer_node.importing.git_log import GitLog
from developer_node.importing.sources import opened
from developer_node.text.gates import gate
from developer_node.watch.ports import Memory, Record


@dataclass(frozen=True, slots=True)
class Importing:
    """One import at a time."""

    home: Path
    record: Record
    memory: Memory
    redact: Callable[[str], str]
    clock: Clock
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    async def run(self, source: str, path: str) -> AsyncGenerator[ImportProgress]:
        """Counts as it goes; the last one is finished and says what could not be known.

        Invalid, Missing or Denied for a history that cannot be read or may not be recorded,
        Conflict while another import runs. Closing ends it; what was recorded stays.
        """
        if self._turn.locked():
            raise Conflict("another import is running", hint="Wait until it has ended.")
        async with self._turn:
            found = await asyncio.to_thread(opened, source, path)
            place = found.path if found.source == "git" else Path("/")
            allowed = await asyncio.to_thread(gate, self.home, place, "")
            if not allowed.record:
                raise Denied(allowed.why, hint="Nothing was imported.")
            if found.source == "git":
                log = GitLog(self.home, self.record, self.memory, self.redact, self.clock)
                steps = log.run(found.path)
            else:
                commands = Commands(self.home, self.record, self.memory, self.redact, self.clock)
                steps = commands.run(found.source, found.path)
            async with aclosing(steps):
                async for step in steps:
                    yield step
