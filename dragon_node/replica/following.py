"""The follower's side: one stream of a leader's journal, written here as it comes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from common.clients.replica import Told
from common.model.ids import ContentHash, NodeId, Origin, ProjectId
from common.model.replica import JournalContent, JournalReach, JournalRow, JournalRows, JournalTerm
from dragon_node.lake.records import Blobs, Row, RowKind
from dragon_node.lake.replication import Copy, Reach

AHEAD_BYTES_MAX = 16 << 20
"""Of contents that come before their rows; more is made durable ahead of them."""
MESSAGE_BYTES_MAX = 2 << 20
"""Of contents in one message, unless one alone is larger."""


class Followed(Protocol):
    """An open stream of a leader."""

    @property
    def welcome(self) -> JournalReach: ...

    async def next(self) -> Told: ...
    async def written(self, lsn: int) -> None: ...


class Follow(Protocol):
    """Opens one to a Dragon that leads."""

    def __call__(
        self, leader: NodeId, reach: JournalReach
    ) -> AbstractAsyncContextManager[Followed]: ...


class Takes(Protocol):
    """The lake's side of a copy."""

    async def reach(self) -> Reach: ...
    async def take(self, copy: Copy) -> int: ...
    async def keep(self, contents: Blobs) -> None: ...


async def followed(stream: Followed, lake: Takes) -> AsyncGenerator[tuple[int, int]]:
    """Takes what comes until the stream ends: (here, the leader's last position), as they move."""
    here = (await lake.reach()).last_lsn
    last = stream.welcome.last_lsn
    ahead: dict[ContentHash, bytes] = {}
    await stream.written(here)
    while True:
        match await stream.next():
            case JournalRows() as told:
                ahead |= {ContentHash(each.hash): each.data for each in told.contents}
                if not told.rows:
                    if sum(map(len, ahead.values())) > AHEAD_BYTES_MAX:
                        await lake.keep(ahead)
                        ahead.clear()
                    continue
                here = await lake.take(Copy(tuple(map(row_of, told.rows)), dict(ahead)))
                ahead.clear()
                last = max(last, here)
            case int(beat):
                last = beat
        await stream.written(here)
        yield here, last


def messages(copy: Copy) -> list[JournalRows]:
    """A copy as it travels: contents that are too many for one message go ahead of the rows."""
    told: list[JournalRows] = []
    batch: list[JournalContent] = []
    size = 0
    for content, data in copy.contents.items():
        if batch and size + len(data) > MESSAGE_BYTES_MAX:
            told.append(JournalRows((), tuple(batch)))
            batch, size = [], 0
        batch.append(JournalContent(content, data))
        size += len(data)
    return [*told, JournalRows(tuple(map(_told, copy.rows)), tuple(batch))]


def reach_of(reach: JournalReach) -> Reach:
    """As the lake has it."""
    terms = tuple((term.epoch, term.first_lsn) for term in reach.terms)
    return Reach(reach.journal, reach.first_lsn, reach.last_lsn, terms)


def reach_told(reach: Reach) -> JournalReach:
    """As it travels."""
    terms = tuple(JournalTerm(epoch, lsn) for epoch, lsn in reach.terms)
    return JournalReach(reach.journal, reach.first_lsn, reach.last_lsn, terms)


def row_of(row: JournalRow) -> Row:
    """As the journal has it."""
    kind: RowKind = "event" if row.kind == "event" else "note" if row.kind == "note" else "refusal"
    return Row(
        row.lsn,
        Origin(row.origin),
        row.seq,
        kind,
        NodeId(row.node),
        ProjectId(row.project),
        row.project_name,
        row.at_ms,
        row.body,
    )


def _told(row: Row) -> JournalRow:
    return JournalRow(
        row.lsn,
        row.origin,
        row.seq,
        row.kind,
        row.node,
        row.project,
        row.project_name,
        row.at_ms,
        row.body,
    )
