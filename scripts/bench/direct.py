"""A call through the routed channel against bare grpc.aio with mTLS, interleaved, in CPU time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from grpc.aio import Channel, Metadata
from grpc_health.v1 import health_pb2, health_pb2_grpc

from common.rpc.channel import open_channel
from common.rpc.intercept import BEARER, TICKET_METADATA
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

CALLS = 400
ROUNDS = 15


def measure() -> list[Figure]:
    """The caller's CPU for one call, and the ratio."""
    with mesh() as made:
        made.up(wait="ready")
        rounds = asyncio.run(_rounds(made))
    ours, bare = (median([each[i] for each in rounds]) for i in (0, 1))
    ratio = median([ours / bare for ours, bare in rounds])
    return [
        Figure(
            "one direct call, the caller's CPU",
            f"routed {1e6 * ours:.0f} us, bare {1e6 * bare:.0f} us, ratio {ratio:.3f}",
            "aim <= 1.1 after the first Resolve",
            f"median of {ROUNDS} interleaved rounds of {CALLS} calls in a row each: Health/Check "
            "at a Dragon, mTLS and ticket on both; the CPU of the calling process alone, gRPC's "
            "threads with it",
        )
    ]


async def _rounds(made: Mesh) -> list[tuple[float, float]]:
    async with second_laptop(made) as membership:
        (route,) = await membership.resolve("lake")
        routed = membership.routed("lake")
        own = membership._identity  # pyright: ignore[reportPrivateUsage]
        ticket = Metadata((TICKET_METADATA, BEARER + route.ticket))
        async with open_channel(route.endpoint, route.identity, own) as channel:

            async def ours() -> None:
                await routed.call(_asked)

            async def bare() -> None:
                await _asked(channel, ticket)

            await _cpu_s(ours)  # connections made
            await _cpu_s(bare)
            rounds: list[tuple[float, float]] = []
            for i in range(ROUNDS):  # who goes first takes turns
                first, second = (ours, bare) if i % 2 else (bare, ours)
                one, other = await _cpu_s(first), await _cpu_s(second)
                rounds.append((one, other) if i % 2 else (other, one))
            return rounds


async def _asked(channel: Channel, metadata: Metadata) -> None:
    stub: Any = health_pb2_grpc.HealthStub(channel)
    await stub.Check(health_pb2.HealthCheckRequest(), timeout=10, metadata=metadata)


async def _cpu_s(call: Callable[[], Awaitable[None]]) -> float:
    """For one."""
    began = time.process_time()
    for _ in range(CALLS):
        await call()
    return (time.process_time() - began) / CALLS
