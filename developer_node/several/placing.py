"""To which Dragon each working copy's records go: where its project is placed.

It is asked for once, when a working copy is first described, and kept beside the outbox's other
marks with the first record: place:WORKING_COPY is "PROJECT DRAGON", without a Dragon for the home.
Where nobody can say, and for what was recorded before there was a choice, it is the home Dragon.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from common.errors import PostDevAIError
from common.model.event import Event, WorkingCopySeen
from common.model.ids import WorkingCopyId
from common.placing import evident_project
from developer_node.outbox.lanes import Lane
from developer_node.outbox.outbox import Outbox

log = logging.getLogger(__name__)

MARK = "place:"
ASK_S = 2.0
"""Recording waits no longer for the Coordinator."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a working copy's records go."""

    project: str
    dragon: str = ""
    """Its id; empty for the home Dragon."""

    @property
    def text(self) -> str:
        """As it is kept."""
        return f"{self.project} {self.dragon}"

    @classmethod
    def of(cls, text: str) -> Placement:
        """As it was kept."""
        project, _, dragon = text.partition(" ")
        return cls(project, dragon)


class Placing:
    """Decides as events are recorded, and is told when a project has moved."""

    def __init__(self, outbox: Outbox, ask: Callable[[str], Awaitable[str]]) -> None:
        """`ask` gives the id of the Dragon where a project's records go now, empty for the home
        Dragon; it raises where nobody can say."""
        self._outbox = outbox
        self._ask = ask
        self._at: dict[WorkingCopyId, Placement] = {}
        self._opened = False
        self.turn = asyncio.Lock()
        """Held while something is recorded, and while a working copy changes its lane."""

    async def open(self) -> None:
        """Reads what was decided; records go to the lanes that this says from now on."""
        kept = await self._outbox.marks(MARK)
        self._at = {WorkingCopyId(copy): Placement.of(text) for copy, text in kept.items()}
        for dragon in {each.dragon for each in self._at.values() if each.dragon}:
            await self._outbox.lane(dragon)
        self._outbox.lane_of = self._lane_of

    @property
    def placements(self) -> dict[WorkingCopyId, Placement]:
        """What was decided, by working copy."""
        return dict(self._at)

    def dragons(self) -> frozenset[str]:
        """The ids of those besides the home Dragon where something is placed."""
        return frozenset(each.dragon for each in self._at.values() if each.dragon)

    async def decide(self, events: Iterable[Event]) -> dict[str, str]:
        """Before these are recorded: what is to be kept with them."""
        marks: dict[str, str] = {}
        for event in events:
            copy = event.working_copy
            if isinstance(event.body, WorkingCopySeen) and copy not in self._at:
                placement = await self._first(copy, event.body)
                marks[MARK + copy] = placement.text
                if placement.dragon:
                    await self._outbox.lane(placement.dragon)
                self._at[copy] = placement
        return marks

    async def move(self, copy: WorkingCopyId, dragon: str) -> None:
        """From now on its records go there. Call it with the turn."""
        placement = Placement(self._at[copy].project, dragon)
        if dragon:
            await self._outbox.lane(dragon)
        await self._outbox.put_mark(MARK + copy, placement.text)
        self._at[copy] = placement

    async def _first(self, copy: WorkingCopyId, seen: WorkingCopySeen) -> Placement:
        project = evident_project(copy, seen)
        if await self._outbox.sent_files(copy) or await self._outbox.commits(copy):
            return Placement(project)  # recorded before there was a choice
        try:
            async with asyncio.timeout(ASK_S):
                return Placement(project, await self._ask(project))
        except (PostDevAIError, TimeoutError) as error:
            log.info("project %s is recorded at the home Dragon: %s", project, error or "no answer")
            return Placement(project)

    def _lane_of(self, event: Event) -> Lane:
        placed = self._at.get(event.working_copy)
        if placed is None or not placed.dragon:
            return self._outbox
        return self._outbox.lanes[placed.dragon]
