"""Two real Dragons behind one Coordinator: questions go to both, records to one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from grpc.aio import ServicerContext

from common.clients.membership import Membership
from common.errors import Missing, Unavailable
from common.model.answer import Hit
from common.model.ids import EventId
from common.model.lake import SearchQuery, SearchResult
from common.model.node import Route
from common.pb.postdevai.v1 import lake_service_pb2 as pb
from common.pb.postdevai.v1.lake_service_pb2_grpc import (
    LakeServiceServicer,
    add_LakeServiceServicer_to_server,
)
from common.rpc.credentials import NodeIdentity
from common.rpc.server import open_server
from common.wire.translate import to_pb
from developer_node.several.opening import open_several
from tests.support.small_mesh import SmallMesh, open_member

Context = ServicerContext[Any, Any]


class NamedLake(LakeServiceServicer):
    """Finds one file, which is called as the Dragon is; knows no event."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def Search(self, request: pb.SearchRequest, context: Context) -> pb.SearchResponse:  # noqa: N802
        hit = Hit(self._name, "/c", self._name, 1, 1)
        return to_pb(SearchResult((hit,)), pb.SearchResponse)

    async def GetEvent(self, request: pb.GetEventRequest, context: Context) -> pb.GetEventResponse:  # noqa: N802
        raise Missing(f"{self._name} has no such event")


@asynccontextmanager
async def dragon(mesh: SmallMesh, name: str, identity: NodeIdentity) -> AsyncGenerator[Membership]:
    lake = NamedLake(name)  # pyright: ignore[reportAbstractUsage]
    offers = ("lake", "assistant")
    async with open_member(identity, mesh.directory(name), offers) as membership:
        server, port = await open_server(
            "127.0.0.1",
            0,
            identity,
            lambda server: add_LakeServiceServicer_to_server(lake, server),
            membership.guard,
        )
        try:
            await membership.announce(f"127.0.0.1:{port}")
            yield membership
        finally:
            await server.stop(0)


async def resolved(laptop: Membership, task: str, dragons: int) -> tuple[Route, ...]:
    """Asks until that many are there: on a busy machine a lease may end and begin again."""
    async with asyncio.timeout(45):
        while True:
            try:
                routes = await laptop.resolve("lake", task=task, fresh=True)
            except Unavailable:
                routes = ()
            if len(routes) == dragons:
                return routes
            await asyncio.sleep(0.02)


async def refused(laptop: Membership) -> str:
    """Asks until there is no way for what is recorded; why."""
    async with asyncio.timeout(45):
        while True:
            try:
                await laptop.resolve("lake", task="ingest", fresh=True)
            except Unavailable as error:
                return error.message
            await asyncio.sleep(0.02)


async def test_both_are_asked_and_the_one_that_is_away_is_named(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        first, second = await mesh.join("dragon", "one"), await mesh.join("dragon", "two")
        node = await mesh.join("developer")
        async with (
            dragon(mesh, "one", first),
            open_member(node, mesh.directory("developer")) as laptop,
        ):
            lakes = open_several(laptop).lake
            await resolved(laptop, "", 1)
            alone = await lakes.search(SearchQuery("q"))
            assert [hit.path for hit in alone.hits] == ["one"]  # the control: one Dragon
            async with dragon(mesh, "two", second):
                await resolved(laptop, "", 2)
                both = await lakes.search(SearchQuery("q"))
                assert {hit.path for hit in both.hits} == {"one", "two"} and both.complete
                with pytest.raises(Missing, match="no such event"):
                    await lakes.event(EventId("e"))
            # its route is still remembered: it is dialled, and does not answer
            partial = await lakes.search(SearchQuery("q"))
            assert [hit.path for hit in partial.hits] == ["one"] and not partial.complete
            (said,) = partial.freshness.not_asked
            assert said.startswith(f"Dragon {second.identity.id[:8]} did not answer")


async def test_what_a_laptop_records_stays_with_its_dragon_when_others_join(
    tmp_path: Path,
) -> None:
    """Else an outbox would tell the second Dragon of a stream that begins in the middle."""
    async with SmallMesh.open(tmp_path) as mesh:
        first = await mesh.join("dragon", "one")
        more = [await mesh.join("dragon", name) for name in ("two", "three", "four")]
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as laptop:
            async with dragon(mesh, "one", first):
                (home,) = await resolved(laptop, "ingest", 1)
                assert home.identity == first.identity.uri
                async with (
                    dragon(mesh, "two", more[0]),
                    dragon(mesh, "three", more[1]),
                    dragon(mesh, "four", more[2]),
                ):
                    assert len(await resolved(laptop, "", 4)) == 4
                    (still,) = await resolved(laptop, "ingest", 1)
                    assert still.identity == first.identity.uri
            async with dragon(mesh, "two", more[0]):
                await resolved(laptop, "", 1)
                assert "what this laptop records is at Dragon" in await refused(laptop)
                await mesh.revoke(first.identity)
                (now,) = await resolved(laptop, "ingest", 1)
                assert now.identity == more[0].identity.uri


async def test_new_projects_are_spread_over_the_dragons_and_stay_where_they_were_placed(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        first, second = await mesh.join("dragon", "one"), await mesh.join("dragon", "two")
        node = await mesh.join("developer")
        async with (
            dragon(mesh, "one", first),
            dragon(mesh, "two", second),
            open_member(node, mesh.directory("developer")) as laptop,
        ):
            places = open_several(laptop).places
            await resolved(laptop, "", 2)

            async def ask(project: str) -> str:
                while True:
                    try:
                        return await places.ask(project)
                    except Unavailable:  # a lease may end and begin again
                        await asyncio.sleep(0.02)

            placed: dict[str, str] = {}
            async with asyncio.timeout(45):
                while len(set(placed.values())) < 2:
                    project = f"{len(placed):016x}"
                    placed[project] = await ask(project)
                home = await places.home()
                other = next(each for each in (first, second) if each.identity.id != home)
                assert set(placed.values()) == {"", other.identity.id}
                assert [await ask(each) for each in placed] == list(placed.values())
