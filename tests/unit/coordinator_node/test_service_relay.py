"""Calls between two nodes through a Coordinator: real certificates, real sockets, sealed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grpc.aio import AioRpcError

from common.errors import Denied, Missing, OverLimit, PostDevAIError, Unavailable
from common.model.node import Node
from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.rpc.channel import open_channel
from common.rpc.limits import Allowance
from common.rpc.sealed.channel import SealedChannel
from common.rpc.status import error_from_rpc
from coordinator_node.relay.turns import Most
from tests.support.relayed import LAKE, Relayed, open_relayed
from tests.support.small_mesh import forged

SOON_S = 30.0


def stats(channel: SealedChannel) -> Any:
    return channel.unary_unary(
        LAKE + "Stats", lake.StatsRequest.SerializeToString, lake.StatsResponse.FromString
    )


def blobs(channel: SealedChannel, method: str) -> Any:
    opened = channel.stream_unary if method == "Kept" else channel.stream_stream
    return opened(
        LAKE + method,
        lake.GetBlobResponse.SerializeToString,
        lake.GetBlobResponse.FromString,
    )


async def words() -> AsyncIterator[lake.GetBlobResponse]:
    for word in (b"a", b"b", b"c"):
        yield lake.GetBlobResponse(data=word)


async def ask(there: Relayed, own: Any = None) -> int:
    answer = await stats(there.channel(own))(lake.StatsRequest(), timeout=SOON_S)
    return answer.lsn


async def test_all_four_kinds_of_call_are_carried(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        channel = there.channel()
        assert (await stats(channel)(lake.StatsRequest(), timeout=SOON_S)).lsn == 1
        history = channel.unary_stream(
            LAKE + "History", lake.HistoryRequest.SerializeToString, lake.HistoryResponse.FromString
        )
        assert len([each async for each in history(lake.HistoryRequest())]) == 3
        assert (await blobs(channel, "Kept")(words())).data == b"abc"
        answers = [each.data async for each in blobs(channel, "Ingest")(words())]
        assert answers == [b"A", b"B", b"C"]


async def test_the_node_sees_who_sealed_and_not_who_carried(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        await ask(there)
        assert there.kinds.callers == [there.laptop.identity.uri]


async def test_a_deadline_is_handed_on_less_a_margin(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        await ask(there)
        (left_s,) = there.kinds.left_s
        assert left_s is not None and 0 < left_s < SOON_S


async def test_a_refusal_of_the_node_comes_whole(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        get = there.channel().unary_unary(
            LAKE + "GetBlob", lake.GetBlobRequest.SerializeToString, lake.GetBlobResponse.FromString
        )
        with pytest.raises(AioRpcError) as raised:
            await get(lake.GetBlobRequest(hash="f00"), timeout=SOON_S)
        error = error_from_rpc(raised.value)
        assert isinstance(error, Missing)
        assert (error.message, error.hint, error.field) == (
            "no content f00",
            "look elsewhere",
            "hash",
        )


async def test_a_stream_is_read_and_written_as_any_other(tmp_path: Path) -> None:
    """As the outbox does it: a message, an answer, a message, an answer, the end."""
    async with open_relayed(tmp_path) as there:
        call = blobs(there.channel(), "Ingest")()
        for word in (b"x", b"y"):
            await call.write(lake.GetBlobResponse(data=word))
            assert (await call.read()).data == word.upper()
        await call.done_writing()
        assert not isinstance(await call.read(), lake.GetBlobResponse)
        assert (await call.code()).name == "OK"


@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_a_caller_that_goes_away_ends_the_call_at_the_node(tmp_path: Path, how: str) -> None:
    async with open_relayed(tmp_path) as there:
        watch = there.channel().unary_stream(
            LAKE + "Snapshot",
            lake.SnapshotRequest.SerializeToString,
            lake.SnapshotResponse.FromString,
        )
        call = watch(lake.SnapshotRequest())
        assert isinstance(await call.read(), lake.SnapshotResponse)
        if how == "closed":
            await there.carrier.close()
        else:
            call.cancel()
        async with asyncio.timeout(SOON_S):
            await there.kinds.cancelled.wait()


async def test_a_caller_that_was_denied_meanwhile_is_ended_at_the_node(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        call = blobs(there.channel(), "Ingest")()
        await call.write(lake.GetBlobResponse(data=b"x"))
        assert (await call.read()).data == b"X"
        there.denied.add(there.laptop.identity.id)
        with pytest.raises(AioRpcError) as raised:
            async with asyncio.timeout(SOON_S):
                await call.read()
        assert "no longer welcome" in error_from_rpc(raised.value).message


async def test_the_rules_are_asked_about_the_call_within(tmp_path: Path) -> None:
    """A tool may be carried, and may ask for Stats, but not send records."""
    async with open_relayed(tmp_path) as there:
        tool = forged(there.authority, "tool")
        async with open_channel(there.address, there.coordinator.identity.uri, tool) as carrier:
            channel = there.channel(tool, carrier)
            assert (await stats(channel)(lake.StatsRequest(), timeout=SOON_S)).lsn == 1
            with pytest.raises(Denied, match="tool"):
                call = blobs(channel, "Ingest")(words())
                await call.read()


async def test_nobody_is_carried_to_a_node_without_a_lease(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        there.nodes[0] = replace(there.nodes[0], state="gone")
        with pytest.raises(Unavailable, match="no lease now"):
            await ask(there)
        assert not there.kinds.callers


async def test_a_node_that_the_coordinator_cannot_reach_either_is_said_to_be_so(
    tmp_path: Path,
) -> None:
    async with open_relayed(tmp_path) as there:
        dead = Node("dragon", there.dragon.identity.id, "127.0.0.1:9", "serving", 3.0)
        there.nodes[0] = dead
        with pytest.raises(Unavailable, match=r"does not reach dragon .* either"):
            await ask(there)


async def test_more_calls_at_a_time_than_allowed_are_refused_with_the_number(
    tmp_path: Path,
) -> None:
    async with open_relayed(tmp_path, most=Most(of_caller=1)) as there:
        call = blobs(there.channel(), "Ingest")()
        await call.write(lake.GetBlobResponse(data=b"x"))
        await call.read()
        with pytest.raises(OverLimit, match="1 calls of this caller"):
            await ask(there)
        call.cancel()
        async with asyncio.timeout(SOON_S):
            while True:
                try:
                    await ask(there)
                    return
                except OverLimit:
                    await asyncio.sleep(0.05)


async def test_a_caller_that_sends_too_much_is_refused_with_the_number_and_others_are_not(
    tmp_path: Path,
) -> None:
    few = Allowance(0.001, 3, 1e9, 1e9)
    async with open_relayed(tmp_path, allowed={"developer": few}) as there:
        other = forged(there.authority, "developer")
        with pytest.raises(OverLimit, match=r"sends more than 0.001 messages"):
            for _ in range(5):
                await ask(there)
        carrier = open_channel(there.address, there.coordinator.identity.uri, other)
        async with carrier:
            channel = there.channel(other, carrier)
            assert (await stats(channel)(lake.StatsRequest(), timeout=SOON_S)).lsn >= 1


async def test_what_comes_back_is_counted_for_the_caller_in_every_kind_of_call(
    tmp_path: Path,
) -> None:
    wide = Allowance(1e9, 1e9, 0.001, 1e9)
    async with open_relayed(tmp_path, allowed={"developer": wide}) as there:
        there.kinds.chunk, there.kinds.chunk_count = b"x" * 1_000, 3
        channel, last = there.channel(), 1e9

        def spent() -> float:
            nonlocal last
            buckets = there.relay._limits._buckets  # pyright: ignore[reportPrivateUsage]
            left = buckets[there.laptop.identity.id].bytes
            last, before = left, last
            return before - left

        await stats(channel)(lake.StatsRequest(), timeout=SOON_S)  # opens the session
        spent()
        await stats(channel)(lake.StatsRequest(), timeout=SOON_S)
        assert spent() > 0
        verify = channel.unary_stream(
            LAKE + "Verify", lake.VerifyRequest.SerializeToString, lake.GetBlobResponse.FromString
        )
        assert len([each async for each in verify(lake.VerifyRequest(), timeout=SOON_S)]) == 3
        assert spent() > 3_000
        await blobs(channel, "Kept")(words(), timeout=SOON_S)
        assert spent() > 3
        talk = blobs(channel, "Ingest")(words(), timeout=SOON_S)
        assert len([each async for each in talk]) == 3
        assert spent() > 3


async def test_who_is_handed_more_than_allowed_waits_for_it(tmp_path: Path) -> None:
    few = Allowance(1e9, 1e9, 2_000, 1_000)
    async with open_relayed(tmp_path, allowed={"developer": few}) as there:
        there.kinds.chunk, there.kinds.chunk_count = b"x" * 1_000, 3
        verify = there.channel().unary_stream(
            LAKE + "Verify", lake.VerifyRequest.SerializeToString, lake.GetBlobResponse.FromString
        )
        began = asyncio.get_running_loop().time()
        assert len([each async for each in verify(lake.VerifyRequest(), timeout=SOON_S)]) == 3
        took_s = asyncio.get_running_loop().time() - began
        assert took_s > 0.5  # never shorter, however fast the machine is


async def test_more_calls_to_one_node_than_allowed_are_refused_whoever_makes_them(
    tmp_path: Path,
) -> None:
    async with open_relayed(tmp_path, most=Most(to_target=1)) as there:
        call = blobs(there.channel(), "Ingest")()
        await call.write(lake.GetBlobResponse(data=b"x"))
        await call.read()
        other = forged(there.authority, "developer")
        carrier = open_channel(there.address, there.coordinator.identity.uri, other)
        async with carrier:
            with pytest.raises(OverLimit, match="1 calls are relayed to that node"):
                await stats(there.channel(other, carrier))(lake.StatsRequest(), timeout=SOON_S)
        call.cancel()


async def test_a_node_that_was_started_anew_is_asked_in_a_new_session(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        channel = there.channel()
        await stats(channel)(lake.StatsRequest(), timeout=SOON_S)
        there.sessions._held.clear()  # pyright: ignore[reportPrivateUsage]
        await stats(channel)(lake.StatsRequest(), timeout=SOON_S)
        assert len(there.kinds.callers) == 2


async def test_an_expired_leaf_opens_no_session(tmp_path: Path) -> None:
    async with open_relayed(tmp_path) as there:
        there.clock.shift_ms = 25 * 3_600_000
        with pytest.raises(PostDevAIError, match="expired"):
            await ask(there)
