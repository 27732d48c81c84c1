"""A call through the Coordinator, sealed, against the same call made directly."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from grpc.aio import Channel

from common.pb.postdevai.v1 import lake_service_pb2 as lake
from common.pb.postdevai.v1.lake_service_pb2_grpc import LakeServiceStub
from common.rpc.channel import open_channel
from scripts.bench.report import Figure, median
from tests.support.relayed import LAKE, Relayed, open_relayed

ROUNDS = 7
CALLS = 400
CHUNK_BYTES = 256 << 10
CHUNKS = 200
CALL_S = 60.0


@dataclass(frozen=True, slots=True)
class _Side:
    call_us: float
    """CPU of all three nodes together, a call."""
    wait_ms: float
    """Until the answer, one after the other."""
    stream_mb_s: float
    chunk_us: float
    """CPU of all three nodes together, a chunk."""


def measure(rounds: int = ROUNDS, calls: int = CALLS, chunks: int = CHUNKS) -> list[Figure]:
    """CPU a call and throughput of a stream, relayed and direct."""
    return asyncio.run(_measure(rounds, calls, chunks))


async def _measure(rounds: int, calls: int, chunks: int) -> list[Figure]:
    direct: list[_Side] = []
    relayed: list[_Side] = []
    with TemporaryDirectory() as scratch:
        async with open_relayed(Path(scratch)) as there:
            there.kinds.chunk, there.kinds.chunk_count = bytes(CHUNK_BYTES), chunks
            node = there.dragon.identity.uri
            async with open_channel(there.dragon_address, node, there.laptop) as straight:
                sealed = there.channel()
                for channel in (straight, sealed):
                    await _side(there, channel, 20, warm=True)
                for _ in range(rounds):
                    direct.append(await _side(there, straight, calls))
                    relayed.append(await _side(there, sealed, calls))
    return _figures(direct, relayed, calls, chunks)


async def _side(there: Relayed, channel: Channel, calls: int, *, warm: bool = False) -> _Side:
    stub: Any = LakeServiceStub(channel)
    began, cpu = time.perf_counter(), time.process_time()
    for _ in range(calls):
        await stub.Stats(lake.StatsRequest(), timeout=CALL_S)
    took, used = time.perf_counter() - began, time.process_time() - cpu
    if warm:
        return _Side(0, 0, 0, 0)
    verify: Any = channel.unary_stream(
        LAKE + "Verify",
        request_serializer=lake.VerifyRequest.SerializeToString,
        response_deserializer=lake.GetBlobResponse.FromString,
    )
    began, cpu = time.perf_counter(), time.process_time()
    size = sum([len(each.data) async for each in verify(lake.VerifyRequest(), timeout=CALL_S)])
    stream_s, stream_cpu = time.perf_counter() - began, time.process_time() - cpu
    assert size == there.kinds.chunk_count * CHUNK_BYTES
    return _Side(
        1e6 * used / calls,
        1e3 * took / calls,
        size / stream_s / (1 << 20),
        1e6 * stream_cpu / there.kinds.chunk_count,
    )


def _figures(direct: list[_Side], relayed: list[_Side], calls: int, chunks: int) -> list[Figure]:
    pairs = list(zip(relayed, direct, strict=True))
    cpu = median([r.call_us / d.call_us for r, d in pairs])
    speed = median([r.stream_mb_s / d.stream_mb_s for r, d in pairs])
    work = median([r.chunk_us / d.chunk_us for r, d in pairs])
    return [
        Figure(
            "a call by the relay, sealed, CPU of all nodes",
            f"{cpu:.2f} times a direct one ({median([r.call_us for r in relayed]):.0f} us against "
            f"{median([d.call_us for d in direct]):.0f} us; the wait "
            f"{median([r.wait_ms for r in relayed]):.2f} ms against "
            f"{median([d.wait_ms for d in direct]):.2f} ms)",
            "bar <= 3 times",
            f"median of {len(direct)} interleaved rounds of {calls} Stats calls, one after the "
            "other; caller, Coordinator and Dragon in one process over loopback with mutual TLS, "
            "guards and rules; sealed with AES-256-GCM in a session that is open",
        ),
        Figure(
            "a stream by the relay, sealed, throughput",
            f"{speed:.2f} of a direct one ({median([r.stream_mb_s for r in relayed]):.0f} MB/s "
            f"against {median([d.stream_mb_s for d in direct]):.0f} MB/s; CPU a chunk {work:.2f} "
            "times)",
            "bar >= 0.4",
            f"{len(direct)} interleaved rounds of {chunks} chunks of {CHUNK_BYTES >> 10} KB from "
            "the Dragon; all three nodes share this process and its one event loop",
        ),
    ]
