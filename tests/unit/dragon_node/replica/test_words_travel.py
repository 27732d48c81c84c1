"""What people said of a project's cards and remedies goes with it to another Dragon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from common.alongside import alongside
from common.errors import Missing
from common.model.event import Event
from common.model.failure import Remedy
from common.model.ids import NodeId, ProjectId
from common.model.replica import JournalRows, ProjectHolding
from dragon_node.failures.following_stamps import pulse, stamps
from dragon_node.failures.memory import FailureMemory
from dragon_node.failures.recall import Recaller
from dragon_node.failures.reception import Reception
from dragon_node.failures.travelling import said
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import Note
from dragon_node.replica.arriving import Arriving
from dragon_node.replica.telling import Telling
from tests.support.failures import Story, failure
from tests.support.lake import Laptop, opened

A, B = NodeId("a" * 16), NodeId("b" * 16)
FOR_EVER_MS = 1 << 45


class Two:
    """Two Dragons; a project is placed at one of them."""

    def __init__(self, lakes: dict[NodeId, Lake]) -> None:
        self.lakes = lakes
        self.placed = A

    async def where(self, project: str) -> str:
        return self.placed

    def arriving(self, at: NodeId) -> Arriving:
        async def tell(
            holder: NodeId, project: str, after: int, *, handed: bool
        ) -> AsyncGenerator[ProjectHolding | JournalRows]:
            lake = self.lakes[holder]

            async def words(project: ProjectId) -> list[Note]:
                return await lake.memory.read(partial(said, project=project))

            telling = Telling(lake.moving, self.where, words)
            async for each in telling.tell(at, ProjectId(project), after, handed=handed):
                yield each

        return Arriving(at, self.lakes[at].moving, tell, self.where)


@asynccontextmanager
async def two(tmp_path: Path) -> AsyncGenerator[Two]:
    async with AsyncExitStack() as stack:
        yield Two(
            {
                each: await stack.enter_async_context(
                    opened(tmp_path / each, appliers=(FailureMemory(),))
                )
                for each in (A, B)
            }
        )


async def fails_and_is_mended(lake: Lake) -> ProjectId:
    """A test fails, is mended, and fails alike again, which makes a card."""
    story = Story()
    copy = story.copy()
    copy.fails(failure())
    copy.write("shop/cart.py", "def price(item):\n    return TABLE.get(item, 0)\n")
    copy.passes()
    copy.write("shop/cart.py", "def price(item):\n    return OTHER[item]\n")
    copy.fails(failure())
    events = [each.body for each in story.records if isinstance(each.body, Event)]
    await Laptop(lake).send(*events, blobs=story.blobs)
    return ProjectId(lake.project_ids()[0])


async def remedies(lake: Lake) -> tuple[Remedy, ...]:
    return (await Recaller(lake).by_fingerprint(failure().fingerprint)).remedies


async def moved(wire: Two, project: ProjectId) -> None:
    """From A to B, to the end: A is out of sight."""
    arriving = wire.arriving(B)
    async for _ in arriving.bring(project, A):
        pass
    wire.placed = B
    at = wire.lakes[A].applied
    async with asyncio.timeout(60), alongside(arriving.run()):
        while wire.lakes[A].hidden_ids() != (project,):
            at = await wire.lakes[A].wait_applied(at)


async def test_a_verdict_is_known_where_the_project_is_and_only_there(tmp_path: Path) -> None:
    async with two(tmp_path) as wire:
        old, new = wire.lakes[A], wire.lakes[B]
        project = await fails_and_is_mended(old)
        (before,) = await remedies(old)
        await Reception(old, old.note).feedback(before.id, "rejected")
        await moved(wire, project)
        (after,) = await remedies(new)
        assert after.state == "rejected" and "rejected by you" in after.why
        assert await remedies(old) == ()
        with pytest.raises(Missing, match="at another Dragon"):
            await Reception(old, old.note).quiet(project, True)


async def test_a_word_of_the_card_that_is_still_on_the_screen_follows(tmp_path: Path) -> None:
    async with two(tmp_path) as wire:
        old, new = wire.lakes[A], wire.lakes[B]
        project = await fails_and_is_mended(old)
        (before,) = await remedies(old)
        await moved(wire, project)
        await Reception(old, old.note).feedback(before.id, "accepted")  # known by this id there
        await moved(wire, project)
        (after,) = await remedies(new)
        assert after.accepted
        await Reception(new, new.note).feedback(after.id, "rejected")
        await moved(wire, project)  # told again, and no news
        (now,) = await remedies(new)
        assert now.state == "rejected"


async def test_quiet_put_off_and_kept_awake_stay_so(tmp_path: Path) -> None:
    async with two(tmp_path) as wire:
        old, new = wire.lakes[A], wire.lakes[B]
        project = await fails_and_is_mended(old)
        reception = Reception(old, old.note)
        await reception.quiet(project, True)
        await old.pin(project, pinned=True)
        card = await old.memory.read(
            lambda db: str(db.execute("SELECT id FROM cards ORDER BY cursor DESC").get)
        )
        await reception.snooze(card, FOR_EVER_MS)
        await moved(wire, project)
        (stats,) = await Reception(new, new.note).stats(project)
        assert stats.quiet
        (kept,) = (await new.stats()).kept
        assert kept.pinned
        put_off = await new.memory.read(
            lambda db: db.execute("SELECT project, until_ms FROM snoozes").fetchall()
        )
        assert put_off == [(project, FOR_EVER_MS)]


async def test_a_mirror_is_told_by_the_dragon_that_has_it_and_a_card_stays_as_it_was(
    tmp_path: Path,
) -> None:
    async with two(tmp_path) as wire:
        old, new = wire.lakes[A], wire.lakes[B]
        project = await fails_and_is_mended(old)
        symptoms = partial(stamps, since_ms=0)
        before, beat = await old.memory.read(symptoms), await old.memory.read(pulse)
        (card,) = await old.memory.read(lambda db: db.execute("SELECT lsn FROM cards").fetchall())
        said = await Recaller(old).before(failure(), project, int(card[0]))
        assert len(said.remedies) == 1
        await moved(wire, project)
        assert await old.memory.read(symptoms) == {}
        assert await old.memory.read(pulse) != beat
        assert (await new.memory.read(symptoms)).keys() == before.keys()
        again = await Recaller(old).before(failure(), project, int(card[0]))
        assert (again.remedies, again.occurrences) == (said.remedies, said.occurrences)
