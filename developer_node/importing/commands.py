"""Commands out of a history: through the gates, redacted, each recorded once.

A mark in the outbox names each that was recorded, by a hash of what was kept of it. Of one without
a time the mark is its how-manieth in the history: those that come later are new.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from common.clock import Clock
from common.model.event import CommandFinished, Event
from common.model.ids import WorkingCopyId, short_hash
from common.model.remedy import ImportProgress
from developer_node.importing.copies import sighting, told_before
from developer_node.importing.past import (
    COMMAND_CHARACTERS_MAX,
    Newest,
    PastCommand,
)
from developer_node.importing.sources import UNKNOWN, Shell, reader
from developer_node.text.gates import gate
from developer_node.text.working_copy import find_root, working_copy
from developer_node.watch.content import shown
from developer_node.watch.ports import Entry, Memory, Record, event_of

BATCH = 200
COPIES_MAX = 200
"""Working copies that one import tells of; commands in further ones belong to no project."""
REASONS_MAX = 5
"""That are told of one import, the most frequent first."""
_DAY_MS = 86_400_000
_NOWHERE = WorkingCopyId("")


@dataclass(slots=True)
class _Counts:
    read: int = 0
    recorded: int = 0
    known: int = 0
    left_out: int = 0
    timeless: int = 0
    placeless: int = 0
    why: Counter[str] = field(default_factory=Counter[str])
    """Why some were left out."""
    of: Counter[str] = field(default_factory=Counter[str])
    """How often a command without a time was met."""


@dataclass(frozen=True, slots=True)
class Commands:
    """Imports one history of commands."""

    home: Path
    record: Record
    memory: Memory
    redact: Callable[[str], str]
    clock: Clock

    async def run(self, source: Shell, path: Path) -> AsyncGenerator[ImportProgress]:
        """See Importing.run."""
        counts = _Counts()
        newest = await asyncio.to_thread(lambda: Newest().take(reader(source)(path)))
        places = _Places(self.home)
        waiting = list(newest.entries)
        for start in range(0, len(waiting), BATCH):
            part = waiting[start : start + BATCH]
            ready = await asyncio.to_thread(self._all_ready, source, part, counts, places)
            await self._record(ready, counts, places)
            counts.read += len(part)
            yield _progress(source, counts)
        yield _progress(source, counts, newest, places)

    def _all_ready(
        self, source: Shell, part: Sequence[PastCommand], counts: _Counts, places: _Places
    ) -> list[tuple[str, Event]]:
        ready = (self._ready(source, each, counts, places) for each in part)
        return [one for one in ready if one is not None]

    def _ready(
        self, source: Shell, past: PastCommand, counts: _Counts, places: _Places
    ) -> tuple[str, Event] | None:
        """Its mark and its event; None when it may not or need not be kept."""
        cwd = Path(past.cwd or "/")
        if why := self._why_not(past.command, cwd):
            counts.left_out += 1
            counts.why[why] += 1
            return None
        command = self.redact(past.command.rstrip("\n"))[:COMMAND_CHARACTERS_MAX]
        at_ms = past.at_ms if 0 < past.at_ms < self.clock.now_ms() + _DAY_MS else 0
        counts.timeless += not at_ms
        counts.placeless += not past.cwd
        name = short_hash(source, str(at_ms), past.cwd, command)
        if not at_ms:
            counts.of[name] += 1
            name = f"{name}.{counts.of[name]}"
        body = CommandFinished(
            command=shown(command),
            cwd=shown(past.cwd),
            exit_codes=() if past.exit_code is None else (past.exit_code,),
            duration_ms=past.duration_ms,
            recorder=source,
        )
        return f"imported:{name}", event_of(body, places.of(past.cwd), at_ms)

    def _why_not(self, command: str, cwd: Path) -> str:
        if not command.strip():
            return "It is empty."
        allowed = gate(self.home, cwd, command)
        return "" if allowed.record else allowed.why

    async def _record(
        self, ready: list[tuple[str, Event]], counts: _Counts, places: _Places
    ) -> None:
        """Those that are not known, with the working copies that they ran in, all or none."""
        entries: list[Entry] = []
        marks: dict[str, str] = {}
        for mark, event in ready:
            if mark in marks or await self.memory.mark(mark):
                counts.known += 1
                continue
            marks[mark] = "recorded"
            entries.append((event, {}))
        if entries:
            used = {event.working_copy for event, _ in entries}
            seen = await asyncio.to_thread(places.untold, used, self.clock.now_ms())
            await self.record([*seen, *entries], marks, news=False)
            counts.recorded += len(entries)


class _Places:
    """Which working copy a directory belongs to; each is told of once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._roots: dict[WorkingCopyId, Path] = {}
        self._told = {_NOWHERE}
        self.beyond = 0
        self.of = lru_cache(maxsize=4096)(self._of)

    def _of(self, cwd: str) -> WorkingCopyId:
        root = find_root(Path(cwd)) if cwd and Path(cwd).is_dir() else None
        if root is None or not gate(self._home, root, "").record:
            return _NOWHERE
        name = working_copy(self._home, root)
        if name not in self._roots and len(self._roots) >= COPIES_MAX:
            self.beyond += 1
            return _NOWHERE
        self._roots[name] = root
        return name

    def untold(self, used: set[WorkingCopyId], at_ms: int) -> list[Entry]:
        """What the Dragon must know of them before it hears of their commands."""
        new = sorted(used - self._told)
        self._told |= used
        told = told_before(self._home)
        roots = [(name, self._roots[name]) for name in new if self._roots[name] not in told]
        found = [(name, sighting(root)) for name, root in roots]
        return [(event_of(seen, name, at_ms), {}) for name, seen in found]


def _progress(
    source: Shell, counts: _Counts, newest: Newest | None = None, places: _Places | None = None
) -> ImportProgress:
    ended = newest is not None and places is not None
    older = newest.older if newest else 0
    return ImportProgress(
        source=source,
        read=counts.read + older,
        recorded=counts.recorded,
        known=counts.known,
        left_out=counts.left_out + older,
        finished=ended,
        unknown=tuple(_unknown(source, counts, older, places)) if places else (),
    )


def _unknown(source: Shell, counts: _Counts, older: int, places: _Places) -> Iterator[str]:
    yield from UNKNOWN[source]
    for why, count in counts.why.most_common(REASONS_MAX):
        yield f"Left out: {count}. {why}"
    if counts.timeless:
        yield f"Of {counts.timeless} commands the time is not known."
    if source == "atuin" and counts.placeless:
        yield f"{counts.placeless} commands ran on other machines: their directories were left out."
    if places.beyond:
        yield f"Commands in more than {COPIES_MAX} repositories: those beyond belong to no project."
    if older:
        yield f"Only the newest {counts.read} were imported; {older} older ones were left out."
