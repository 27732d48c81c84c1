"""Patches for people, and acts in the owner's name within what the owner allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.clock import Clock
from common.errors import Unavailable
from common.model.event import ActDone
from common.model.failure import Suggestion
from common.model.ids import EventId, WorkingCopyId
from common.model.remedy import AutonomySetting, DraftedPatch
from developer_node.proof.proofs import Contents, Dragon
from developer_node.watch.ports import Record


@dataclass(frozen=True, slots=True)
class Acting:
    """Nothing is done twice for one card, nothing to a dirty tree, and everything is logged."""

    home: Path
    dragon: Dragon
    contents: Contents
    record: Record
    known: Callable[[], dict[str, WorkingCopyId]]
    redact: Callable[[str], str]
    clock: Clock

    def shown(self, card: Suggestion) -> Suggestion | None:
        """The card as the level of its working copy lets it be shown; None for an observer."""
        return card

    async def follow(self, card: Suggestion) -> None:
        """Does what the level allows with a card that has come."""

    async def draft(self, remedy_id: str, path: str) -> DraftedPatch:
        """The remedy as a patch for the files at `path`, and whether it applies there."""
        raise Unavailable("patches cannot be drafted yet")

    async def revert(self, event_id: EventId) -> ActDone:
        """Takes back an act; Missing when there is none with this id, Conflict when it was."""
        raise Unavailable("there are no acts yet")

    async def setting(self, path: str) -> AutonomySetting:
        """What holds at a path; a .postdevai.toml there may have lowered it."""
        raise Unavailable("there are no levels yet")

    async def allow(self, setting: AutonomySetting) -> AutonomySetting:
        """Sets it for one place or for all; gives what then holds there."""
        raise Unavailable("there are no levels yet")
