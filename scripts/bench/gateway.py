"""What the gateway costs a server: deadline, term, denials, limits, rules, ticket and statuses
before each call, against a server with none of them. CPU of the server's process alone."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import grpc
import psutil
from grpc.aio import Channel, Metadata

from common.clock import SystemClock
from common.pb.postdevai.v1.lake_service_pb2_grpc import add_LakeServiceServicer_to_server
from common.rpc import tickets
from common.rpc.certificates import new_key, public_to_pem
from common.rpc.channel import open_channel
from common.rpc.guard import Guard
from common.rpc.intercept import BEARER, TICKET_METADATA
from common.rpc.server import AGES, OPTIONS, _credentials, open_server
from common.rpc.tickets import SigningKey, TicketCheck, TicketKey
from coordinator_node.gateway.authority import Authority
from scripts.bench.report import Figure, median
from tests.support.small_mesh import CountingLake, Own, forged, stats

CALLS = 600
ROUNDS = 15
AIM = 1.4
ISSUER = "spiffe://mesh/coordinator/0"


def measure() -> list[Figure]:
    """The server's CPU for one unary call with the gateway and without."""
    with tempfile.TemporaryDirectory(prefix="postdevai-bench-") as root:
        rounds = asyncio.run(_measured(Path(root)))
    ours, bare = (median([each[i] for each in rounds]) for i in (0, 1))
    ratio = median([ours / bare for ours, bare in rounds])
    return [
        Figure(
            "the gateway before one call, the server's CPU",
            f"with {1e6 * ours:.0f} us, without {1e6 * bare:.0f} us, ratio {ratio:.2f}",
            f"aim <= {AIM}",
            f"median of {ROUNDS} interleaved rounds of {CALLS} calls in a row each: Stats of a "
            "lake that only counts, mTLS on both, in a process of its own; the ticket is verified "
            "once, the rules are asked once",
        )
    ]


async def _measured(root: Path) -> list[tuple[float, float]]:
    authority = Authority.make(root / "authority", SystemClock())
    own, caller = forged(authority, "dragon"), forged(authority, "developer")
    key = SigningKey("k", new_key(), 0)
    known = TicketKey("k", public_to_pem(key.key.public_key()).decode())
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(far, own, known))
    process.start()
    try:
        ports: tuple[int, int] = await asyncio.to_thread(near.recv)
        signed = tickets.sign(
            key,
            issuer=ISSUER,
            caller=caller.identity.uri,
            target=own.identity.uri,
            now_ms=SystemClock().now_ms(),
        )
        metadata = Metadata((TICKET_METADATA, BEARER + signed))
        server = psutil.Process(process.pid)
        to = [f"127.0.0.1:{port}" for port in ports]
        async with (
            open_channel(to[0], own.identity.uri, caller) as ours,
            open_channel(to[1], own.identity.uri, caller) as bare,
        ):
            for channel in (ours, bare):
                await _cpu_s(server, channel, metadata)
            return [
                (
                    await _cpu_s(server, ours, metadata),
                    await _cpu_s(server, bare, metadata),
                )
                for _ in range(ROUNDS)
            ]
    finally:
        near.send("stop")
        await asyncio.to_thread(process.join)


async def _cpu_s(server: psutil.Process, channel: Channel, metadata: Metadata) -> float:
    before = sum(server.cpu_times()[:2])
    for _ in range(CALLS):
        await stats(channel, metadata)
    return (sum(server.cpu_times()[:2]) - before) / CALLS


def _serve(told: Connection, own: Own, known: TicketKey) -> None:
    asyncio.run(_serving(told, own, known))


async def _serving(told: Connection, own: Own, known: TicketKey) -> None:
    clock = SystemClock()
    lake = CountingLake()  # pyright: ignore[reportAbstractUsage]
    guard = Guard(
        mesh=own.identity.mesh,
        tickets=TicketCheck(
            target=own.identity.uri,
            issuer=ISSUER,
            clock=clock,
            keys=lambda: (known,),
            away_since_ms=lambda: None,
        ),
        clock=clock,
    )
    server, port = await open_server(
        "127.0.0.1", 0, own, lambda added: add_LakeServiceServicer_to_server(lake, added), guard
    )
    bare = grpc.aio.server(options=(*OPTIONS, *AGES))
    add_LakeServiceServicer_to_server(lake, bare)
    bare_port = bare.add_secure_port("127.0.0.1:0", _credentials(own))
    await bare.start()
    told.send((port, bare_port))
    await asyncio.to_thread(told.recv)
    await server.stop(0)
    await bare.stop(0)


if __name__ == "__main__":
    for figure in measure():
        print(figure.what, "|", figure.value, "|", figure.against)
