"""A Dragon leaves its machine only when another one leads what it held."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.clients.replica import LeadClient
from common.daemon.elsewhere import roles_elsewhere
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict, Missing
from common.model.ids import NodeId, ProjectId
from common.model.replica import LakeLead
from common.rpc.credentials import NodeIdentity
from dragon_node.lake.database import Readers
from dragon_node.lake.formats import made_ready
from dragon_node.lake.journal import Draft, Journal
from dragon_node.lake.records import NO_ORIGIN, Note
from dragon_node.replica.leaving import ask_first, leave, led_by_another, verdict
from tests.support.small_mesh import SmallMesh, open_member

LAKE = "0" * 32
OWN, OTHER = NodeId("a"), NodeId("b")


class Told:
    """A Coordinator that answers one thing after the other, the last one for ever."""

    def __init__(self, *leads: LakeLead) -> None:
        self._leads = list(leads)

    async def get(self, lake: str) -> LakeLead:
        return self._leads.pop(0) if len(self._leads) > 1 else self._leads[0]


@pytest.mark.parametrize(
    ("lead", "said"),
    [
        (LakeLead(LAKE, NodeId("")), "alone"),
        (LakeLead(LAKE, OWN, 1), "alone"),
        (LakeLead(LAKE, OWN, 1, (OTHER,)), "wait"),
        (LakeLead(LAKE, OTHER, 2), "led"),
    ],
)
def test_only_a_lake_that_another_one_leads_may_be_left(lead: LakeLead, said: str) -> None:
    assert verdict(lead, OWN) == said


async def test_a_follower_is_waited_for_until_it_leads() -> None:
    told = Told(LakeLead(LAKE, OWN, 1, (OTHER,)), LakeLead(LAKE, OTHER, 2))
    assert await led_by_another(told, LAKE, OWN) == OTHER


async def test_a_follower_that_does_not_take_the_lead_is_named() -> None:
    with pytest.raises(Conflict, match="b follows this Dragon"):
        await led_by_another(Told(LakeLead(LAKE, OWN, 1, (OTHER,))), LAKE, OWN, wait_s=0)


async def test_a_lake_that_nobody_else_has_is_not_left() -> None:
    with pytest.raises(Conflict, match="no other Dragon"):
        await led_by_another(Told(LakeLead(LAKE, OWN, 1)), LAKE, OWN)


async def stopped_dragon(
    mesh: SmallMesh, home: Home, kind: str = "said"
) -> tuple[NodeIdentity, str]:
    """A home with an identity and a journal of one note, in which no Dragon runs; its lake."""
    place = home.identity_directory("dragon")
    identity = await NodeIdentity.open(place, code=await mesh.code("dragon"))
    directory = home.directory("dragon")
    key, readers = await made_ready(directory, None), Readers()
    journal = await Journal.open(directory / "journal.db", readers, lambda _: None, key)
    note = Note(kind, {"what": "x"})
    body = json.dumps({"kind": note.kind, "fields": note.fields}).encode()
    draft = Draft(NO_ORIGIN, 0, "note", NodeId(""), ProjectId(""), "", 1, body, note)
    await journal.append([draft], {})
    lake = journal.id
    await journal.close()
    await readers.close()
    return identity, lake


async def test_a_stopped_dragon_waits_without_a_lease_and_is_put_aside_whole(
    tmp_path: Path,
) -> None:
    """Its own lease would keep the follower from the lead for ever."""
    async with SmallMesh.open(tmp_path) as mesh:
        home = Home.from_env(str(tmp_path / "home"))
        first, lake = await stopped_dragon(mesh, home)
        second = await mesh.join("dragon", "second")
        async with open_member(first, tmp_path / "first" / "mesh") as member:
            lead = await LeadClient(member).lead(lake)
            await LeadClient(member).set_followers(lake, lead.epoch, [second.identity.id])
        async with open_member(second, mesh.directory("second")) as member:
            leaving = asyncio.create_task(leave(home))
            granted = await LeadClient(member).lead(lake)
            assert granted.leader == second.identity.id
            said = await leaving
    assert f"{second.identity.id} leads what it held" in said
    assert roles_elsewhere(home) == {"dragon"}
    (aside,) = home.root.glob("dragon-left-*")
    assert (aside / "journal.db").is_file()
    assert not (home.root / "dragon").exists()


async def test_a_dragon_whose_lake_nobody_leads_stays_as_it_is(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        home = Home.from_env(str(tmp_path / "home"))
        await stopped_dragon(mesh, home)
        with pytest.raises(Conflict, match="no other Dragon"):
            await leave(home)
    assert roles_elsewhere(home) == frozenset()
    assert (home.root / "dragon" / "journal.db").is_file()


@asynccontextmanager
async def running(home: Home) -> AsyncGenerator[None]:
    """The journal is open and locked as a Dragon that runs has it, and afterwards still takes."""
    directory = home.directory("dragon")
    key, readers = await made_ready(directory, None), Readers()
    journal = await Journal.open(directory / "journal.db", readers, lambda _: None, key)
    try:
        with only_instance(home.lock_path("dragon"), "dragon"):
            yield
        body = b'{"kind": "later", "fields": {}}'
        later = Note("later", {})
        draft = Draft(NO_ORIGIN, 0, "note", NodeId(""), ProjectId(""), "", 1, body, later)
        await journal.append([draft], {})
    finally:
        await journal.close()
        await readers.close()


async def test_one_that_runs_alone_is_refused_before_it_is_stopped(tmp_path: Path) -> None:
    """And not, once another one has everything."""
    async with SmallMesh.open(tmp_path) as mesh:
        home = Home.from_env(str(tmp_path / "home"))
        first, lake = await stopped_dragon(mesh, home)
        second = await mesh.join("dragon", "second")
        async with running(home):
            with pytest.raises(Conflict, match="no other Dragon has everything"):
                await ask_first(home)
            async with open_member(first, tmp_path / "first" / "mesh") as member:
                lead = await LeadClient(member).lead(lake)
                with pytest.raises(Conflict, match="no other Dragon has everything"):
                    await ask_first(home)
                await LeadClient(member).set_followers(lake, lead.epoch, [second.identity.id])
                await ask_first(home)
    assert (home.root / "dragon" / "journal.db").is_file()
    assert roles_elsewhere(home) == frozenset()


async def test_one_that_runs_and_holds_nothing_is_not_refused(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        home = Home.from_env(str(tmp_path / "home"))
        await stopped_dragon(mesh, home, "origin")
        async with running(home):
            await ask_first(home)


async def test_where_there_is_no_dragon_nothing_leaves(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    with pytest.raises(Missing):
        await leave(home)
    assert list(home.root.iterdir()) == []


async def test_a_dragon_that_was_never_given_anything_leaves_alone(tmp_path: Path) -> None:
    """A laptop has called, and recorded nothing there."""
    async with SmallMesh.open(tmp_path) as mesh:
        home = Home.from_env(str(tmp_path / "home"))
        await stopped_dragon(mesh, home, "origin")
        assert (await leave(home)).startswith("It held nothing.")
    assert roles_elsewhere(home) == {"dragon"}
