"""Everything that a laptop needs to try a remedy again, from what was recorded."""

from __future__ import annotations

from typing import Protocol

from common.errors import Unavailable
from common.model.event import Event
from common.model.ids import EventId
from common.model.remedy import RemedyMaterial
from dragon_node.failures.recall import LakeOfFailures, Recaller


class LakeWithEvents(LakeOfFailures, Protocol):
    """A lake that gives whole events."""

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """With its project's name; Missing when it is not held."""
        ...


class Material:
    """Put together when somebody asks."""

    def __init__(self, lake: LakeWithEvents, recaller: Recaller) -> None:
        self._lake = lake
        self._recaller = recaller

    async def of(self, remedy_id: str) -> RemedyMaterial:
        """Missing with a sentence when the remedy is not there, or its ground was not recorded."""
        raise Unavailable("remedies cannot be tried again yet")
