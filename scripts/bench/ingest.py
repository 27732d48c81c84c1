"""Durable ingest through gRPC against bare SQLite under the same fsync policy, interleaved."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from common.clients.lake import Ack, LakeClient
from common.clients.membership import Membership
from common.model.event import CommandFinished, Event, Output
from common.model.ids import Origin, WorkingCopyId, new_event_id
from common.wire.nouns import event_to_pb
from scripts.bench.report import Figure, median
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

EVENTS = 5_000
BATCH = 500
ROUNDS = 5


def measure() -> list[Figure]:
    """Events a second that are durable and applied, and the ratio to bare SQLite."""
    with mesh() as made:
        made.up(wait="ready")
        ours, bare = asyncio.run(_rounds(made))
    ratio = median([a / b for a, b in zip(ours, bare, strict=True)])
    return [
        Figure(
            "durable ingest, one stream, events/s",
            f"{median(ours):,.0f} (bare SQLite {median(bare):,.0f}), ratio {ratio:.2f}",
            "aim >= 0.5 of bare SQLite",
            f"median of {ROUNDS} interleaved rounds of {EVENTS:,} command events of "
            f"{len(_bodies(1)[0])} bytes; ours: gRPC over mTLS, journal with synchronous=FULL, "
            f"applied, acknowledged; bare: apsw, WAL, FULL, {BATCH} rows a transaction",
        )
    ]


async def fill(membership: Membership, bodies: list[bytes]) -> float:
    """Seconds until all of it is acknowledged."""
    client = LakeClient(membership.routed("lake"))
    began = time.perf_counter()
    async with client.ingest(Origin(os.urandom(16).hex()), 1, len(bodies)) as stream:

        async def send() -> None:
            kept = list(enumerate(bodies, 1))
            for start in range(0, len(kept), BATCH):
                await stream.records(kept[start : start + BATCH])

        async def acknowledged() -> None:
            async for reply in stream.replies():
                if isinstance(reply, Ack) and reply.seq == len(bodies):
                    return

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(send())
            tasks.create_task(acknowledged())
    return time.perf_counter() - began


async def _rounds(made: Mesh) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    bare: list[float] = []
    async with second_laptop(made) as membership:
        await fill(membership, _bodies(BATCH))  # connections made, files opened
        for _ in range(ROUNDS):
            bodies = _bodies(EVENTS)
            ours.append(EVENTS / await fill(membership, bodies))
            bare.append(EVENTS / await asyncio.to_thread(_bare, made.home, bodies))
    return ours, bare


def _bare(near: Path, bodies: list[bytes]) -> float:
    with TemporaryDirectory(dir=near) as scratch:
        db = apsw.Connection(str(Path(scratch) / "bare.db"))
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "FULL")
        db.execute("CREATE TABLE rows (lsn INTEGER PRIMARY KEY, origin TEXT, seq INT, body BLOB)")
        began = time.perf_counter()
        for start in range(0, len(bodies), BATCH):
            with db:
                db.executemany(
                    "INSERT INTO rows (origin, seq, body) VALUES (?, ?, ?)",
                    (("o", start + i, b) for i, b in enumerate(bodies[start : start + BATCH])),
                )
        took = time.perf_counter() - began
        db.close()
        return took


def command(i: int) -> Event:
    """A command that said yes."""
    output = Output(f"line {i}\n" * 8, 8 * 9, 0)
    body = CommandFinished(f"make target-{i}", "/home/ada/thing", (0,), 40, output)
    return Event(new_event_id(), time.time_ns() // 1_000_000, WorkingCopyId(""), body)


def _bodies(count: int) -> list[bytes]:
    return [event_to_pb(command(i)).SerializeToString() for i in range(count)]
