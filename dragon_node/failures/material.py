"""Everything that a laptop needs to try a remedy again, from what was recorded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import apsw

from common.errors import Missing
from common.model.event import CommandFinished, Event, Ground
from common.model.failure import Failure, Remedy
from common.model.ids import ContentHash, EventId, WorkingCopyId
from common.model.remedy import RemedyMaterial
from dragon_node.failures import kept
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.kept import KnownRemedy
from dragon_node.failures.recall import LakeOfFailures, Recaller

NOT_RECORDED = "the files it failed on were not recorded in full"
HINT = "It stays observed. Let it fail and pass once more under the recorder to try it again."


class LakeWithEvents(LakeOfFailures, Protocol):
    """A lake that gives whole events."""

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        """With its project's name; Missing when it is not held."""
        ...


@dataclass(frozen=True, slots=True)
class _Read:
    """What one read of memory.db gave."""

    known: KnownRemedy
    failure: Failure
    root: str


class Material:
    """Put together when somebody asks."""

    def __init__(self, lake: LakeWithEvents, recaller: Recaller) -> None:
        self._lake = lake
        self._recaller = recaller

    async def of(self, remedy_id: str) -> RemedyMaterial:
        """Missing with a sentence when the remedy is not there, or its ground was not recorded."""
        read = await self._lake.memory.read(partial(_read, remedy_id=remedy_id))
        remedy = await self._recaller.remedy(remedy_id)
        if read is None or remedy is None:
            raise Missing(
                f"no remedy {remedy_id} is remembered",
                hint="postdevai recall --last shows what is.",
            )
        command = await self._failed(read.known.failing.event_id)
        return _material(read, remedy, command, _ground(command))

    async def _failed(self, event_id: str) -> CommandFinished:
        try:
            event, _ = await self._lake.event(EventId(event_id))
        except Missing as gone:
            raise Missing("the run that failed is not held any more", hint=HINT) from gone
        assert isinstance(event.body, CommandFinished)
        return event.body


def _ground(command: CommandFinished) -> Ground:
    """Of the failing run. One that names no dirty file is clean only where they were looked for:
    nobody who does not say who recorded it did."""
    ground = command.ground
    if ground is None or not ground.tree:
        raise Missing(NOT_RECORDED, hint=HINT)
    if not ground.dirty and (not command.recorder or not ground.head):
        raise Missing(f"{NOT_RECORDED}: it is from before that was done", hint=HINT)
    return ground


def _material(
    read: _Read, remedy: Remedy, command: CommandFinished, ground: Ground
) -> RemedyMaterial:
    return RemedyMaterial(
        remedy=remedy,
        failure=read.failure,
        working_copy=WorkingCopyId(read.known.failing.wc),
        root=read.root,
        command=command.command,
        cwd=command.cwd,
        head=ground.head,
        tree=ground.tree,
        dirty=ground.dirty,
        changes=read.known.related,
        lock_hash=ground.lock_hash,
        interpreter=ground.interpreter,
        packages=ContentHash(ground.packages),
        variables=ContentHash(ground.variables),
    )


def _read(db: apsw.Connection, remedy_id: str) -> _Read | None:
    known = kept.by_id(db, remedy_id)
    if known is None:
        return None
    row = db.execute(
        """SELECT o.failure, coalesce(c.path, '') FROM remedies r
           JOIN episodes e ON e.id=r.episode
           JOIN occurrences o ON o.lsn=r.failed_lsn AND o.episode=e.id
           LEFT JOIN roots c ON c.wc=e.wc WHERE r.id=? ORDER BY o.n""",
        (remedy_id,),
    ).fetchone()
    return None if row is None else _Read(known, failure_from_text(str(row[0])), str(row[1]))
