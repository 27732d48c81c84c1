"""A project told to the Dragon that it moves to, as much of it as that one lacks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from common.errors import Unavailable
from common.model.ids import NodeId, ProjectId
from common.model.replica import JournalRow, JournalRows, ProjectHolding
from dragon_node.lake.moves import Moves
from dragon_node.lake.moving import Holding, Told
from dragon_node.lake.records import NO_ORIGIN, Note, Row
from dragon_node.lake.replication import Copy
from dragon_node.replica.following import messages


class Holds(Protocol):
    """The lake's side."""

    @property
    def moves(self) -> Moves: ...
    async def holding(self, project: ProjectId) -> Holding: ...
    async def after(self, project: ProjectId, lsn: int) -> Told: ...
    async def forgotten(self, lsn: int) -> list[Note]: ...
    async def left(self, project: ProjectId) -> list[Note]: ...
    async def kept_awake(self, project: ProjectId) -> list[Note]: ...
    async def hand(self, project: ProjectId, to: NodeId) -> None: ...


async def _nothing(project: ProjectId) -> list[Note]:
    return []


class Telling:
    """The holder's side of a move."""

    def __init__(
        self,
        lake: Holds,
        placed: Callable[[str], Awaitable[str]],
        said: Callable[[ProjectId], Awaitable[list[Note]]] = _nothing,
    ) -> None:
        """`placed` names the Dragon where a project is placed, as the Coordinator has it; `said`
        gives what people said of its cards and remedies."""
        self._lake = lake
        self._said = said
        self._placed = placed

    async def tell(
        self, caller: NodeId, project: ProjectId, after: int, *, handed: bool
    ) -> AsyncGenerator[ProjectHolding | JournalRows]:
        """What is here, then what follows a position. A caller that has it `handed` is believed
        when the Coordinator says so too, and told only what this Dragon has handed on."""
        holding = await self._lake.holding(project)
        if handed:
            with suppress(Unavailable):  # asked again with the next round
                if await self._placed(project) == caller:
                    await self._lake.hand(project, caller)
        yield ProjectHolding(holding.journal, holding.name, holding.last_lsn)
        if handed and all(project != gone for gone, _ in self._lake.moves.handed):
            return
        for note in await self._lake.forgotten(after):
            yield _noted(note)
        while (told := await self._lake.after(project, after)).records:
            rows = tuple(_row(project, lsn, raw) for lsn, raw in told.records)
            for message in messages(Copy(rows, told.contents)):
                yield message
            after = told.records[-1][0]
        for note in await self._lake.left(project):
            yield _noted(note)
        for note in (*await self._said(project), *await self._lake.kept_awake(project)):
            source = f"{holding.journal} {project} {note.fields['source']}"
            yield _noted(Note(note.kind, {**note.fields, "source": source}))


def _noted(note: Note) -> JournalRows:
    """What was decided there; it has no position of its own."""
    body = json.dumps({"kind": note.kind, "fields": note.fields}).encode()
    return JournalRows((JournalRow(0, "", 0, "note", "", "", "", 0, body),))


def _row(project: ProjectId, lsn: int, raw: bytes) -> Row:
    return Row(lsn, NO_ORIGIN, 0, "event", NodeId(""), project, "", 0, raw)
