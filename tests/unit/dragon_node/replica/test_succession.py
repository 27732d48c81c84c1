"""Two Dragons of one lake: nothing acknowledged is lost, and no epoch has two leaders."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from common.errors import Conflict, PostDevAIError, Unavailable
from common.model.ids import NodeId
from common.model.lake import HistoryQuery
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.registry.leads import Leads
from dragon_node.lake.replication import adopt
from dragon_node.replica.kept import Kept, ReplicaFile
from dragon_node.replica.succession import Parted, Place
from tests.support.dragons import Dragon, Network, open_dragon
from tests.support.lake import Laptop, opened, ran, seen
from tests.support.waiting import until

A, B = NodeId("a"), NodeId("b")


@pytest.fixture
async def network(tmp_path: Path) -> AsyncGenerator[Network]:
    async with open_sqlite(tmp_path / "state.db") as engine:
        network = Network(Leads(engine.kv, lambda: network.nodes()))
        yield network


async def founded(leader: Dragon, directory: Path) -> None:
    """A journal for a Dragon that has none, under the leader's identity."""
    directory.mkdir()  # noqa: ASYNC240 - one call
    await adopt(directory, (await leader.lake.replication.reach()).journal)


def has_everything(network: Network, leader: Dragon, follower: NodeId) -> Callable[[], bool]:
    return lambda: follower in leader.succession.leading._named  # pyright: ignore[reportPrivateUsage]


async def commands(dragon: Dragon) -> list[str]:
    page = await dragon.lake.history(HistoryQuery(kind="command", limit=100))
    return [entry.event.body.command for entry in page.entries]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]


async def test_a_follower_takes_the_place_of_a_leader_that_is_gone(
    network: Network, tmp_path: Path
) -> None:
    async with open_dragon(network, A, tmp_path / "a") as a:
        laptop = Laptop(a.lake)
        await laptop.send(seen(), ran("one"))
        await founded(a, tmp_path / "b")
        async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
            await until(has_everything(network, a, B))
            await until(lambda: b.succession.place() == Place(A, 0))
            assert a.succession.place() == Place(followers=(B,))
            await laptop.send(ran("two"))
            network.cut(A)
            await until(lambda: not b.lead.following)
            assert b.offered == [True]
            assert not b.succession.place().follows
            there = Laptop(b.lake, seq=laptop.seq)
            await there.send(ran("three"))
            assert await commands(b) == ["three", "two", "one"]
            assert (await network.leads.get((await b.lake.replication.reach()).journal)).epoch == 2
            with pytest.raises(Unavailable):
                await asyncio.wait_for(laptop.send(ran("four")), 30)
            assert "four" not in await commands(b)


async def test_a_follower_of_a_journal_that_was_cut_says_why_it_copies_nothing(
    network: Network, tmp_path: Path
) -> None:
    async with open_dragon(network, A, tmp_path / "a") as a:
        await Laptop(a.lake).send(seen(), ran("one"), ran("two"))
        assert a.succession.place().first_lsn == 0
        last = (await a.lake.replication.reach()).last_lsn
        await a.lake._journal.cut(last - 1)  # pyright: ignore[reportPrivateUsage]
        assert a.succession.place().first_lsn == last
        await founded(a, tmp_path / "b")
        async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
            await until(lambda: "was cut" in b.succession.place().in_the_way)
            assert b.succession.place().behind == -1
            assert "Begin with a backup" in b.succession.place().in_the_way


async def test_a_follower_that_lacks_something_never_leads(
    network: Network, tmp_path: Path
) -> None:
    """The control: it is the same Dragon, and only lags."""
    async with open_dragon(network, A, tmp_path / "a") as a:
        laptop = Laptop(a.lake)
        await laptop.send(seen(), ran("one"))
        await founded(a, tmp_path / "b")
        async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
            await until(has_everything(network, a, B))
            lake = (await a.lake.replication.reach()).journal
        a.succession.leading._patience_s = 0.1  # pyright: ignore[reportPrivateUsage]
        await laptop.send(ran("two"))  # while it was away: it is struck off first
        assert (await network.leads.get(lake)).followers == ()
        network.cut(A)
        async with open_dragon(network, B, tmp_path / "b", Kept(A, 1)) as b:
            await until(lambda: b.succession.sentence)
            assert b.lead.following == A
            with pytest.raises(PostDevAIError):
                await network.leads.lead(lake, B)


async def test_where_nobody_is_named_a_follower_leads_nothing(
    network: Network, tmp_path: Path
) -> None:
    """After the mesh has new keys: who led, and who had everything, is forgotten with the ids."""
    async with open_dragon(network, A, tmp_path / "a") as a:
        await Laptop(a.lake).send(seen(), ran("one"))
        await founded(a, tmp_path / "b")
        lake = (await a.lake.replication.reach()).journal
    async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
        await until(lambda: "follow --leader none" in b.succession.sentence)
        assert b.lead.following == A
        assert not (await network.leads.get(lake)).leader


async def test_what_was_not_acknowledged_parts_the_old_leader_from_the_new(
    network: Network, tmp_path: Path
) -> None:
    """It is told so and ends; what it wrote alone is put aside at its next start."""
    async with AsyncExitStack() as first:
        a = await first.enter_async_context(open_dragon(network, A, tmp_path / "a"))
        laptop = Laptop(a.lake)
        await laptop.send(seen(), ran("one"))
        await founded(a, tmp_path / "b")
        async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
            await until(has_everything(network, a, B))
            network.cut(A)
            a.succession.leading._patience_s = 0.1  # pyright: ignore[reportPrivateUsage]
            with pytest.raises(Unavailable):
                await laptop.send(ran("only here"))
            await first.aclose()
            await until(lambda: not b.lead.following)
            await Laptop(b.lake, seq=laptop.seq - 1).send(ran("two"), ran("three"))
            with pytest.raises(Parted):
                async with open_dragon(network, A, tmp_path / "a", Kept(A, 1)):
                    await asyncio.Event().wait()
            assert ReplicaFile(tmp_path / "a").read() == Kept(B, 2, parted=True)
            assert await commands(b) == ["three", "two", "one"]


async def test_a_leader_that_was_away_follows_the_one_that_took_its_place(
    network: Network, tmp_path: Path
) -> None:
    """Nothing is taken in before the Coordinator has been asked."""
    async with AsyncExitStack() as first:
        a = await first.enter_async_context(open_dragon(network, A, tmp_path / "a"))
        laptop = Laptop(a.lake)
        await laptop.send(seen(), ran("one"))
        await founded(a, tmp_path / "b")
        async with open_dragon(network, B, tmp_path / "b", Kept(A)) as b:
            await until(has_everything(network, a, B))
            network.cut(A)
            await first.aclose()
            await until(lambda: not b.lead.following)
            await Laptop(b.lake, seq=laptop.seq).send(ran("two"))
            network.coordinator_is_away = True
            async with open_dragon(network, A, tmp_path / "a", Kept(A, 1)) as again:
                await until(lambda: again.succession.sentence)
                with pytest.raises(Unavailable):
                    await Laptop(again.lake, seq=laptop.seq).send(ran("three"))
                network.coordinator_is_away = False
                await until(lambda: again.succession.behind is not None)
                await until(has_everything(network, b, A))
                assert await commands(again) == ["two", "one"]


async def test_a_dragon_alone_asks_nobody(network: Network, tmp_path: Path) -> None:
    network.coordinator_is_away = True
    async with open_dragon(network, A, tmp_path / "a") as a:
        await Laptop(a.lake).send(seen(), ran("one"))
        assert await commands(a) == ["one"]
        assert ReplicaFile(tmp_path / "a").read() is None


async def test_a_lake_with_memories_of_its_own_becomes_nobodys_copy(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await Laptop(lake).send(seen())
    with pytest.raises(Conflict, match="memories of its own"):
        await adopt(tmp_path, "f" * 32)
