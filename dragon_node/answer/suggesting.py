"""Cards as they come: made by the failure memory, completed when they are shown."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import Protocol, cast

import apsw

from common.model.failure import Failure, Match, Recollection, Suggestion
from common.model.ids import EventId
from dragon_node.failures.as_kept import failure_from_text
from dragon_node.failures.recall import LakeOfFailures, Recaller

CARDS_A_READ = 32


class LakeThatMoves(LakeOfFailures, Protocol):
    """A lake that tells when it has applied more."""

    async def wait_applied(self, lsn: int) -> int:
        """The position applied, once it is beyond `lsn`."""
        ...


@dataclass(frozen=True, slots=True)
class _Card:
    cursor: int
    id: str
    lsn: int
    at_ms: int
    event_id: str
    project: str
    project_name: str
    match: Match
    why: str
    failure: Failure


class Suggestions:
    """The stream of cards. A listener that resumes from its last cursor misses none."""

    def __init__(self, lake: LakeThatMoves, recaller: Recaller) -> None:
        self._lake = lake
        self._recaller = recaller

    async def watch(self, after_cursor: int) -> AsyncGenerator[Suggestion]:
        """Cards beyond the cursor, then those to come, until the listener goes.

        A cursor beyond the newest card is from a journal that was lost: nothing of this one was
        shown.
        """
        applied = -1
        if after_cursor > await self._lake.memory.read(_newest):
            after_cursor = 0
        while True:
            applied = await self._lake.wait_applied(applied)
            while cards := await self._lake.memory.read(partial(_cards, after=after_cursor)):
                for card in cards:
                    yield await self._shown(card)
                    after_cursor = card.cursor

    async def _shown(self, card: _Card) -> Suggestion:
        if card.match == "none":  # a last word, which is about cards and about no failure
            found = Recollection("none", note=card.why)
        else:
            found = await self._recaller.before(card.failure, card.project, card.lsn)
        return Suggestion(
            id=card.id,
            cursor=card.cursor,
            at_ms=card.at_ms,
            event_id=EventId(card.event_id),
            project=card.project_name,
            why=card.why,
            recollection=found,
        )


def _newest(db: apsw.Connection) -> int:
    return db.execute("SELECT coalesce(max(cursor), 0) FROM cards").get


def _cards(db: apsw.Connection, after: int) -> list[_Card]:
    rows = db.execute(
        """SELECT c.cursor, c.id, c.lsn, c.at_ms, c.event_id, c.project, c.project_name, c."match",
             c.why, o.failure
           FROM cards c JOIN occurrences o ON o.lsn=c.lsn AND o.n=c.n
           WHERE c.cursor>? ORDER BY c.cursor LIMIT ?""",
        (after, CARDS_A_READ),
    )
    return [
        _Card(
            *(int(str(row[0])), str(row[1]), int(str(row[2])), int(str(row[3])), str(row[4])),
            *(str(row[5]), str(row[6]), cast(Match, row[7]), str(row[8])),
            failure_from_text(str(row[9])),
        )
        for row in rows
    ]
