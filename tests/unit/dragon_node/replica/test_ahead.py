"""Contents that come before their rows are made durable ahead of them when they are too many."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from common.clients.replica import Told
from common.errors import Unavailable
from common.model.ids import NodeId, ProjectId, content_hash
from common.model.replica import (
    JournalContent,
    JournalReach,
    JournalRow,
    JournalRows,
    ProjectHolding,
)
from dragon_node.lake.moves import Arrival, Moves
from dragon_node.lake.moving import Holding, brought_origin
from dragon_node.lake.moving import Told as Moved
from dragon_node.lake.records import Blobs, Note
from dragon_node.lake.replication import Copy, Reach
from dragon_node.replica.arriving import Arriving
from dragon_node.replica.following import AHEAD_BYTES_MAX, followed

PARTS = 9
"""Messages of contents without a row; each is a quarter of what may wait, and a byte."""
SIZE = AHEAD_BYTES_MAX // 4 + 1
PROJECT, HOLDER = ProjectId("2" * 16), NodeId("b" * 16)


def told() -> list[JournalRows]:
    """Nine messages ahead, then the row."""
    ahead = [bytes([n]) * SIZE for n in range(PARTS)]
    row = JournalRow(1, "a" * 32, 1, "event", "1" * 16, PROJECT, "thing", 1_000, b"x")
    contents = [(JournalContent(content_hash(data), data),) for data in ahead]
    return [*(JournalRows((), each) for each in contents), JournalRows((row,), ())]


@dataclass
class Lake:
    """How many bytes were written ahead, each time, and how many came with a row."""

    kept: list[int] = field(default_factory=list[int])
    taken: list[int] = field(default_factory=list[int])
    moves: Moves = field(default_factory=Moves)

    async def keep(self, contents: Blobs) -> None:
        self.kept.append(sum(map(len, contents.values())))


class Follower(Lake):
    async def reach(self) -> Reach:
        return Reach("j", 1, 0, ())

    async def take(self, copy: Copy) -> int:
        self.taken.append(sum(map(len, copy.contents.values())))
        return copy.rows[-1].lsn


class Mover(Lake):
    async def expect(self, project: ProjectId, holder: NodeId, holding: Holding) -> Arrival:
        origin = brought_origin(holding.journal, project)
        return Arrival(project, holder, holding.name, origin)

    def at(self, arrival: Arrival) -> int:
        return len(self.taken)

    async def take(self, arrival: Arrival, told: Moved) -> int:
        self.taken.append(sum(map(len, told.contents.values())))
        return told.records[-1][0]

    async def hear(self, arrival: Arrival, note: Note) -> None: ...
    async def arrived(self, project: ProjectId) -> None: ...


@dataclass
class Stream:
    """A leader that ends after these."""

    parts: list[JournalRows]
    welcome: JournalReach = field(default_factory=JournalReach)

    async def next(self) -> Told:
        if not self.parts:
            raise Unavailable("the leader has closed the stream")
        return self.parts.pop(0)

    async def written(self, lsn: int) -> None: ...


def in_parts(lake: Lake) -> bool:
    """Four parts pass the limit and are written, twice; the ninth came with the row."""
    return (lake.kept, lake.taken) == ([4 * SIZE, 4 * SIZE], [SIZE])


async def test_a_follower_writes_ahead_what_is_too_much_to_hold_and_takes_the_rest() -> None:
    lake = Follower()
    with pytest.raises(Unavailable):
        async for _ in followed(Stream(told()), lake):
            pass
    assert in_parts(lake)


async def test_a_project_that_comes_is_written_ahead_in_the_same_way() -> None:
    async def tell(
        holder: NodeId, project: str, after: int, *, handed: bool
    ) -> AsyncGenerator[ProjectHolding | JournalRows]:
        yield ProjectHolding("j", "thing", 1)
        for each in told():
            yield each

    async def placed(project: str) -> str:
        return ""

    lake = Mover()
    async for _ in Arriving(NodeId("c" * 16), lake, tell, placed).bring(PROJECT, HOLDER):
        pass
    assert in_parts(lake)
