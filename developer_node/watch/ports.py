"""What the watchers need from the rest of the daemon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from common.model.event import Body, Event
from common.model.ids import ContentHash, EventId, WorkingCopyId, new_event_id

Entry = tuple[Event, Mapping[ContentHash, bytes]]
"""An event and the redacted blobs that it brings along."""


class Record(Protocol):
    """Returns once the entries and marks are durable, all or none."""

    async def __call__(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        """`news` says whether people should see it live; what a scan finds is none."""
        ...


class Memory(Protocol):
    """What was recorded before, as far as watchers go on from it."""

    async def sent_files(self, working_copy: WorkingCopyId) -> dict[str, tuple[str, bool, str]]:
        """Git id, dirty and reason to skip, by path."""
        ...

    async def commits(self, working_copy: WorkingCopyId) -> set[str]:
        """Commits that were recorded."""
        ...

    async def mark(self, key: str) -> str:
        """A watcher's place; empty when there is none."""
        ...

    async def put_mark(self, key: str, value: str) -> None:
        """Keeps a watcher's place; an empty value removes it."""
        ...


def event_of(body: Body, working_copy: WorkingCopyId, at_ms: int) -> Event:
    """A new event; its identity sorts by time."""
    event_id: EventId = new_event_id()
    return Event(event_id, at_ms, working_copy, body)
