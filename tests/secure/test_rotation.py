"""Certificates and ticket keys are renewed under a loop of calls, and none of them fails."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import jwt
import pytest
from grpc.aio import AioRpcError, Metadata

from common.errors import PostDevAIError
from common.pb.postdevai.v1.lake_service_pb2 import IngestRequest
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.rpc.certificates import Leaf
from coordinator_node.gateway.ticket_keys import KEY, ROTATED_MS, TOLD_MS
from coordinator_node.node import open_gateway
from tests.support.small_mesh import (
    ShiftedClock,
    SmallDragon,
    SmallMesh,
    open_dragon,
    open_member,
    stats,
)

WAIT_S = 100
HOUR_MS = 3_600_000


async def test_leaves_of_both_sides_are_renewed_and_no_call_fails(tmp_path: Path) -> None:
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh) as dragon,
    ):
        node = await mesh.join("developer")
        shown = {node.credential.leaf_pem, dragon.identity.credential.leaf_pem}
        async with open_member(node, mesh.directory("developer")) as membership:
            (route,) = await membership.resolve("lake")
            refused = refusals_of(dragon)
            channel, metadata = await membership.routed("lake").channel()
            long = cast(Any, LakeServiceStub(channel)).Ingest(metadata=metadata, timeout=WAIT_S)
            stop = asyncio.Event()

            async def call() -> int:
                done = 0
                while not stop.is_set():
                    await membership.routed("lake").call(stats, idempotent=False)
                    done += 1
                return done

            calling = asyncio.create_task(call())
            for _ in range(5):
                for each in (node, dragon.identity):
                    before = dragon.lake.calls
                    await each.renew()
                    shown.add(each.credential.leaf_pem)
                    await long.write(IngestRequest())  # the stream of before runs on
                    await long.read()
                    while dragon.lake.calls < before + 5 and not calling.done():  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
            stop.set()
            made = await calling  # raises what any call raised: none of them is tried again
            assert made >= 40
            assert dragon.lake.calls == made + 10
            assert refused == []
            assert len(shown) == 12
            assert route.identity == dragon.identity.identity.uri


async def test_ticket_keys_rotate_and_no_call_fails(tmp_path: Path) -> None:
    """Tickets of the old key are good until they end, those of the new one from the first."""
    async with (
        asyncio.timeout(WAIT_S),
        SmallMesh.open(tmp_path) as mesh,
        open_dragon(mesh) as dragon,
    ):
        node = await mesh.join("developer")
        async with open_member(node, mesh.directory("developer")) as membership:
            (before,) = await membership.resolve("lake")
            refused, made = refusals_of(dragon), 0
            await _age_ticket_key(mesh)
            heard = membership._word.said
            while len(heard.ticket_keys) < 2:
                await membership.routed("lake").call(stats, idempotent=False)
                made += 1
                heard = membership._word.said
            kid = _kid((await membership.resolve("lake", fresh=True))[0].ticket)
            assert kid == _kid(before.ticket)  # every node has to hear of the new one first
            mesh.clock.shift_ms += TOLD_MS
            (after,) = await membership.resolve("lake", fresh=True)
            assert _kid(after.ticket) != kid
            while len(dragon.membership._word.said.ticket_keys) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            channel, _ = await membership.routed("lake").channel()
            for route in (before, after):
                await stats(channel, Metadata(("authorization", f"Bearer {route.ticket}")))
            assert dragon.lake.calls == made + 2
            assert refused == []
            with pytest.raises(AioRpcError):  # the control
                await stats(channel, Metadata(("authorization", "Bearer none")))
            assert len(refused) == 1


async def test_a_clock_that_jumps_an_hour_either_way_stops_no_work(tmp_path: Path) -> None:
    for jump_ms in (HOUR_MS, -HOUR_MS):
        clock = ShiftedClock()
        root = tmp_path / str(jump_ms)
        async with (
            asyncio.timeout(WAIT_S),
            SmallMesh.open(root) as mesh,
            open_dragon(mesh, clock=clock) as dragon,
        ):
            node = await mesh.join("developer")
            async with open_member(node, mesh.directory("developer"), clock=clock) as membership:
                await membership.routed("lake").call(stats)
                clock.shift_ms = mesh.clock.shift_ms = jump_ms
                for _ in range(3):
                    await membership.routed("lake").call(stats)
                assert dragon.lake.calls == 4
                assert membership.connected


def refusals_of(dragon: SmallDragon) -> list[str]:
    """What it will refuse from now on, also where the caller comes back with a fresh ticket."""
    found: list[str] = []

    def note(method: str, leaf: Leaf | None, peer: str, error: PostDevAIError) -> None:
        found.append(f"{method}: {error.message}")

    dragon.membership.guard.refused = note
    return found


async def _age_ticket_key(mesh: SmallMesh) -> None:
    """Makes the only key as old as one that is replaced."""
    async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
        kv = gateway.engine.kv
        entry = await kv.get(KEY)
        assert entry is not None
        (key,) = json.loads(entry.value)
        key["made_ms"] -= ROTATED_MS
        await kv.put(KEY, json.dumps([key]).encode(), expected=entry.revision)


def _kid(ticket: str) -> str:
    return str(jwt.get_unverified_header(ticket)["kid"])
