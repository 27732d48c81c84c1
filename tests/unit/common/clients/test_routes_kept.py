"""Routes by project, model and task carry work while the Coordinator is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.clients import known_routes
from common.errors import Unavailable
from common.rpc.credentials import NodeIdentity
from tests.support.small_mesh import SmallMesh, open_dragon, open_member, stats


async def test_each_question_keeps_its_own_routes_without_a_coordinator(tmp_path: Path) -> None:
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh):
        node = await mesh.join("developer")
        directory = mesh.directory("developer")
        async with open_member(node, directory) as membership:
            assert await membership.routed("lake", "p1").call(stats)
            assert await membership.routed("lake", model="m").call(stats)
            assert await membership.routed("lake", task="ingest").call(stats)
        await mesh.stop()
        again = await NodeIdentity.open(directory)
        async with open_member(again, directory) as membership:
            assert not membership.connected
            assert await membership.routed("lake", "p1").call(stats)
            assert await membership.routed("lake", model="m").call(stats)
            assert await membership.routed("lake", task="ingest").call(stats)
            with pytest.raises(Unavailable):  # the control: nobody asked for this one
                await membership.routed("lake", "p2").call(stats)


async def test_routes_that_differ_in_their_tickets_alone_are_not_written_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_routes, "KEEP_ROUTES_S", 3600.0)
    async with SmallMesh.open(tmp_path) as mesh, open_dragon(mesh):
        node = await mesh.join("developer")
        directory = mesh.directory("developer")
        async with open_member(node, directory) as membership:
            (first,) = await membership.resolve("lake")
            written = _written(directory)
            (second,) = await membership.resolve("lake", fresh=True)
            assert second.endpoint == first.endpoint
            assert _written(directory) == written
            assert await membership.resolve("lake") == (second,)  # in memory they are the new ones
            await membership.resolve("lake", "p1")  # the control: another question is kept at once
            assert _written(directory) != written


def _written(directory: Path) -> bytes:
    return (directory.parent / "mesh" / "routes.json").read_bytes()
