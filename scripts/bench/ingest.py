"""Durable ingest through gRPC against bare SQLite under the same fsync policy, interleaved."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from common.clients.lake import Ack, LakeClient
from common.clients.membership import Membership
from common.model.event import CommandFinished, Event, Output
from common.model.ids import Origin, WorkingCopyId, new_event_id
from common.wire.nouns import event_to_pb
from scripts.bench.report import Figure, median, quantile
from scripts.bench.stage import mesh, second_laptop
from tests.support.mesh import Mesh

EVENTS = 5_000
BATCH = 500
ROUNDS = 5
SINGLE = 500
"""Events of a round that are committed, or acknowledged, one by one."""


@dataclass(frozen=True, slots=True)
class _Round:
    ours: float
    grouped: float
    """Bare SQLite in groups of our size."""
    single: float
    """Bare SQLite, a transaction for each event."""
    waits_ms: list[float]
    """For each acknowledgement, with one record on its way."""


def measure() -> list[Figure]:
    """Events a second that are durable and applied, both peers, and the wait for one."""
    with mesh() as made:
        made.up(wait="ready")
        rounds = asyncio.run(_rounds(made))
    ours, grouped, single = (
        median([getattr(each, name) for each in rounds]) for name in ("ours", "grouped", "single")
    )
    ratio = median([each.ours / each.grouped for each in rounds])
    to_single = median([each.ours / each.single for each in rounds])
    waits = [wait for each in rounds for wait in each.waits_ms]
    size = len(_bodies(1)[0])
    return [
        Figure(
            "durable ingest, one stream, events/s",
            f"{ours:,.0f} (bare SQLite {grouped:,.0f}), ratio {ratio:.2f}",
            "aim >= 0.5 of bare SQLite",
            f"median of {ROUNDS} interleaved rounds of {EVENTS:,} command events of {size} bytes; "
            f"ours: gRPC over mTLS, {BATCH} records a message, journal with synchronous=FULL, "
            f"applied, acknowledged; bare: apsw, WAL, FULL, {BATCH} rows a transaction, no event "
            "read and nothing applied",
        ),
        Figure(
            "the same against a commit for each event",
            f"{ours:,.0f} (bare SQLite {single:,.0f}), ratio {to_single:.1f}",
            "no aim: what a program does that commits as it goes",
            f"the same rounds; bare: {SINGLE} rows, each in a transaction of its own",
        ),
        Figure(
            "one event to its acknowledgement",
            f"median {median(waits):.1f} ms, p99 {quantile(waits, 0.99):.1f} ms",
            f"bare commit {1000 / single:.1f} ms",
            f"{ROUNDS} x {SINGLE} events, one at a time on one stream: sent, journalled, "
            "synced, applied, acknowledged",
        ),
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


async def waits_ms(membership: Membership, bodies: list[bytes]) -> list[float]:
    """Milliseconds to each acknowledgement when the next is sent only after it."""
    client = LakeClient(membership.routed("lake"))
    waits: list[float] = []
    async with (
        client.ingest(Origin(os.urandom(16).hex()), 1, len(bodies)) as stream,
        aclosing(stream.replies()) as replies,
    ):
        for seq, body in enumerate(bodies, 1):
            began = time.perf_counter()
            await stream.records([(seq, body)])
            reply = await anext(replies)
            waits.append(1000 * (time.perf_counter() - began))
            if reply != Ack(seq):
                raise AssertionError(f"the Dragon answered {reply} to {seq}")
    return waits


async def _rounds(made: Mesh) -> list[_Round]:
    rounds: list[_Round] = []
    async with second_laptop(made) as membership:
        await fill(membership, _bodies(BATCH))  # connections made, files opened
        for _ in range(ROUNDS):
            bodies = _bodies(EVENTS)
            ours = EVENTS / await fill(membership, bodies)
            grouped = EVENTS / await asyncio.to_thread(_bare, made.home, bodies, BATCH)
            single = SINGLE / await asyncio.to_thread(_bare, made.home, bodies[:SINGLE], 1)
            waits = await waits_ms(membership, _bodies(SINGLE))
            rounds.append(_Round(ours, grouped, single, waits))
    return rounds


def _bare(near: Path, bodies: list[bytes], group: int) -> float:
    """Seconds, with so many rows a transaction."""
    with TemporaryDirectory(dir=near) as scratch:
        db = apsw.Connection(str(Path(scratch) / "bare.db"))
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "FULL")
        db.execute("CREATE TABLE rows (lsn INTEGER PRIMARY KEY, origin TEXT, seq INT, body BLOB)")
        began = time.perf_counter()
        for start in range(0, len(bodies), group):
            with db:
                db.executemany(
                    "INSERT INTO rows (origin, seq, body) VALUES (?, ?, ?)",
                    (("o", start + i, b) for i, b in enumerate(bodies[start : start + group])),
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
