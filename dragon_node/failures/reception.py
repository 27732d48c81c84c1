"""How cards are taken: put off, accepted, rejected; and which projects therefore went quiet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from common.errors import Unavailable
from common.model.remedy import CardStats
from dragon_node.failures.recall import LakeOfFailures
from dragon_node.lake.records import Note


class Reception:
    """What people said about cards, kept as notes in the journal and read from memory.db."""

    def __init__(self, lake: LakeOfFailures, note: Callable[[Note], Awaitable[object]]) -> None:
        self._lake = lake
        self._note = note

    async def snooze(self, suggestion_id: str, until_ms: int) -> None:
        """No card for the same symptom until then; Missing when there is no such card."""
        raise Unavailable("cards cannot be put off yet")

    async def stats(self, project: str) -> tuple[CardStats, ...]:
        """Of one project by name or id, or of all."""
        raise Unavailable("cards are not counted yet")

    async def quiet(self, project: str, quiet: bool) -> None:
        """The owner's word on a project's cards."""
        raise Unavailable("no project can be quiet yet")
