"""`dragon-node follow` takes only a Dragon that is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.clients.replica import known_nodes
from common.daemon.home import Home
from common.errors import Conflict, Invalid, Missing
from common.model.ids import NodeId
from common.model.node import NodeOffer
from common.rpc.credentials import NodeIdentity
from dragon_node.replica.whom import whom
from tests.support.small_mesh import SmallMesh, open_dragon
from tests.support.waiting import until

WHOLE = "0123456789abcdef"


async def test_the_beginning_of_an_id_is_one_dragon_or_is_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, "one") as one:
        leader = one.identity.identity.id
        home = Home.from_env(str(tmp_path / "second"))
        own = await NodeIdentity.open(
            home.identity_directory("dragon"), code=await mesh.code("dragon")
        )
        assert await whom(home, leader) == leader
        assert await whom(home, leader[:10]) == leader
        for nobody in ("zzzz", own.identity.id, WHOLE):
            with pytest.raises((Missing, Conflict)):
                await whom(home, nobody)
        await mesh.stop()
        assert await whom(home, WHOLE) == NodeId(WHOLE)  # nobody can be asked
        with pytest.raises(Invalid, match="no whole id"):
            await whom(home, leader[:10])


async def test_a_journal_that_was_cut_is_followed_from_a_backup_alone(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, "one") as one:
        leader = one.identity.identity.id
        home = Home.from_env(str(tmp_path / "second"))
        own = await NodeIdentity.open(
            home.identity_directory("dragon"), code=await mesh.code("dragon")
        )
        assert await whom(home, leader) == leader
        one.membership.offer(NodeOffer(first_lsn=5_001))

        async def is_told() -> bool:
            nodes = await known_nodes(own)
            return any(each.first_lsn == 5_001 for each in nodes)

        await until(is_told)
        with pytest.raises(Conflict, match="begins at record 5,001") as refusal:
            await whom(home, leader)
        assert "Begin with a backup" in refusal.value.hint
        (home.root / "dragon" / "journal.db").touch()  # as a restored backup leaves it
        assert await whom(home, leader) == leader


async def test_before_it_has_joined_only_a_whole_id_is_taken(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    assert await whom(home, WHOLE) == NodeId(WHOLE)
    for wrong in ("128a", "zzzz", WHOLE + "0"):
        with pytest.raises(Invalid):
            await whom(home, wrong)
