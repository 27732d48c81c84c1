"""The laptop passes questions about routes on to a real Coordinator, and its refusals back."""

from __future__ import annotations

from pathlib import Path

import grpc.aio
import pytest

from common.errors import Missing
from common.rpc.server import open_local_server
from developer_node.front.local_routes import LocalRoutes
from developer_node.service_mesh import MeshDoor
from tests.support.small_mesh import SmallMesh, open_dragon, open_member
from tests.support.waiting import until

TOKEN = "t" * 16


async def test_reasons_and_pins_go_through_the_laptop(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh, "one") as one:
        node = await mesh.join("developer")
        dragon = one.identity.identity.id
        async with open_member(node, mesh.directory("developer")) as laptop:
            door = MeshDoor(laptop)  # pyright: ignore[reportAbstractUsage]
            socket = tmp_path / "d.sock"
            server = await open_local_server(socket, TOKEN, door.add)
            async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
                routes = LocalRoutes(channel, (("postdevai-token", TOKEN),))
                await routes.pin("p1", dragon)
                pinned = await routes.explain("lake", "p1")
                (said,) = [each for each in pinned.nodes if each.node.id == dragon]
                assert pinned.policy == "project_affinity"
                assert "pinned there" in said.reasons
                await routes.unpin("p1")
                free = await routes.explain("lake", "p1")
                (said,) = [each for each in free.nodes if each.node.id == dragon]
                assert "pinned there" not in said.reasons
                left = [each for each in free.nodes if each.node.role == "coordinator"]
                assert [each.reasons for each in left] == [("does not offer lake",)]
                with pytest.raises(Missing, match="no Dragon of this mesh"):
                    await routes.pin("p1", "nobody")
            await server.stop(0)


async def test_who_was_let_in_and_who_was_put_out_is_told(tmp_path: Path) -> None:
    """A tool is no node, and is named all the same; a laptop hears that it was put out."""
    async with SmallMesh.open(tmp_path) as mesh:
        node, lost = await mesh.join("developer"), await mesh.join("developer", "lost")
        tool = await mesh.join("tool")
        async with (
            open_member(node, mesh.directory("developer")) as laptop,
            open_member(lost, mesh.directory("lost")) as other,
        ):
            door = MeshDoor(laptop)  # pyright: ignore[reportAbstractUsage]
            socket = tmp_path / "d.sock"
            server = await open_local_server(socket, TOKEN, door.add)
            async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
                routes = LocalRoutes(channel, (("postdevai-token", TOKEN),))
                (said,) = await routes.members()
                assert (said.role, said.id, said.put_out) == ("tool", tool.identity.id, False)
                assert said.certificate_ends_ms > 0
                assert other.put_out == ""
                await mesh.revoke(tool.identity)
                await mesh.revoke(lost.identity)

                async def known() -> bool:
                    return (await routes.members())[0].put_out

                await until(known)
                await until(lambda: other.put_out)
                told = {each.id: each.put_out for each in await laptop.nodes()}
                assert told[lost.identity.id]
                assert not told[node.identity.id]
            await server.stop(0)
