"""What the relay refuses is written down like any other refusal, with the call that was within."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from grpc.aio import AioRpcError, Channel, Metadata

from common.errors import Denied
from common.rpc.channel import open_channel
from common.rpc.sealed.door import METHOD_METADATA, TARGET_METADATA
from common.rpc.status import error_from_rpc
from coordinator_node.node import open_gateway
from tests.support.small_mesh import SmallMesh
from tests.support.waiting import until


async def carry(channel: Channel, target: str, method: str) -> None:
    """One frame that nobody could open: the relay says no before it looks for the node."""
    call = cast(Any, channel.unary_unary("/postdevai.v1.RelayService/Call"))
    metadata = Metadata((TARGET_METADATA, target), (METHOD_METADATA, method))
    try:
        await call(b"frame", timeout=30, metadata=metadata)
    except AioRpcError as error:
        raise error_from_rpc(error) from None


async def refusals(mesh: SmallMesh) -> list[tuple[str, str, str]]:
    """Who was refused what, and why."""
    async with open_gateway(mesh.home, mesh.clock) as (gateway, _):
        lines = await gateway.audit.lines()
    return [(line.who, line.subject, line.reason) for line in lines if line.outcome == "refused"]


async def test_a_call_that_the_rules_forbid_is_written_down_where_it_was_to_be_carried(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        tool = await mesh.join("tool")
        dragon = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, tool) as channel:
            with pytest.raises(Denied, match="tool may not call LakeService/Ingest"):
                await carry(channel, dragon.identity.uri, "/postdevai.v1.LakeService/Ingest")
        await until(lambda: refusals(mesh))
        said = "tool may not call LakeService/Ingest"
        assert await refusals(mesh) == [(tool.identity.uri, "RelayService/Call", said)]


async def test_invented_methods_leave_one_line_and_none_of_the_callers_words(
    tmp_path: Path,
) -> None:
    async with SmallMesh.open(tmp_path) as mesh:
        tool = await mesh.join("tool")
        dragon = await mesh.join("dragon")
        async with open_channel(mesh.address, mesh.identity_uri, tool) as channel:
            for i in range(30):
                with pytest.raises(Denied, match="carries no method of that name"):
                    await carry(channel, dragon.identity.uri, f"/postdevai.v1.X/invented{i}")
            await until(lambda: refusals(mesh))
            pin = cast(Any, channel.unary_unary("/postdevai.v1.RegistryService/PinProject"))
            with pytest.raises(AioRpcError):
                await pin(b"", timeout=30)

        async def both() -> bool:
            return len(await refusals(mesh)) >= 2

        await until(both)
        said = "the relay carries no method of that name"
        assert (await refusals(mesh))[0] == (tool.identity.uri, "RelayService/Call", said)
        assert [subject for _, subject, _ in await refusals(mesh)] == [
            "RelayService/Call",
            "RegistryService/PinProject",
        ]
