"""Durable append at the journal against bare SQLite in the same groups, interleaved."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from common.daemon.keys import KEY_BYTES, SealingKey
from common.model.event import Event
from common.model.ids import NodeId, Origin, ProjectId
from common.wire.nouns import event_to_bytes
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Draft, Journal
from dragon_node.lake.journal_file import SCHEMA
from dragon_node.lake.records import OUTSIDE
from scripts.bench.ingest import command
from scripts.bench.report import Figure, median, quantile

ROUNDS = 5
RECORDS = 20_000
MESSAGE = 500
"""Records that ingest takes in at a time."""
STREAMS = 4
IN_FLIGHT = (1, 16, 64)
WAITS = 2_000
"""Records of which each waits for its acknowledgement."""


@dataclass(frozen=True, slots=True)
class _Appended:
    per_s: float
    cpu_us: float
    """Of the whole process, a record."""
    group: float
    """Records a commit."""
    waits_ms: list[float]


@dataclass(frozen=True, slots=True)
class _Round:
    sealed: _Appended
    plain: _Appended
    bare: _Appended
    waits: dict[int, list[float]]


def measure(records: int = RECORDS, rounds: int = ROUNDS, waits: int = WAITS) -> list[Figure]:
    """Records a second that are durable, and the wait for one."""
    with TemporaryDirectory(dir=Path.cwd()) as scratch:
        taken = [_round(Path(scratch), records, waits) for _ in range(rounds)]
    ratio = median([r.sealed.per_s / r.bare.per_s for r in taken])
    plain = median([r.plain.per_s / r.bare.per_s for r in taken])
    size = len(_drafts(1)[0].body)
    group = median([r.sealed.group for r in taken])
    return [
        Figure(
            "durable append at the journal, records/s",
            f"{median([r.sealed.per_s for r in taken]):,.0f} "
            f"(bare SQLite {median([r.bare.per_s for r in taken]):,.0f}), ratio {ratio:.2f}; "
            f"CPU a record {median([r.sealed.cpu_us for r in taken]):.1f} us "
            f"({median([r.bare.cpu_us for r in taken]):.1f})",
            "bar >= 0.6 of bare SQLite with group commit",
            f"median of {rounds} interleaved rounds of {records:,} command events of {size} bytes; "
            f"ours: {STREAMS} streams, {MESSAGE} records at a time, sealed, synchronous=FULL; "
            f"bare: apsw, the same tables, plain, executemany of {group:,.0f} rows a transaction, "
            f"which is what ours committed together; ours without a seal: ratio {plain:.2f}",
        ),
        *(_waiting(n, [r.waits[n] for r in taken], rounds, waits) for n in IN_FLIGHT),
    ]


def _waiting(flight: int, rounds: Sequence[Sequence[float]], count: int, waits: int) -> Figure:
    found = [wait for each in rounds for wait in each]
    return Figure(
        f"one record durable, {flight} in flight",
        f"median {median(found):.1f} ms, p99 {quantile(found, 0.99):.1f} ms",
        "reported",
        f"{count} x {waits:,} records, each an append of its own, the next one when it is "
        "acknowledged; sealed, synchronous=FULL",
    )


def _round(near: Path, records: int, waits: int) -> _Round:
    drafts = _drafts(records)
    key = SealingKey(os.urandom(KEY_BYTES))
    sealed = asyncio.run(_append(near, drafts, MESSAGE, STREAMS, key))
    plain = asyncio.run(_append(near, drafts, MESSAGE, STREAMS, None))
    bare = _bare(near, drafts, round(sealed.group))
    each = {n: asyncio.run(_append(near, drafts[:waits], 1, n, key)).waits_ms for n in IN_FLIGHT}
    return _Round(sealed, plain, bare, each)


async def _append(
    near: Path, drafts: Sequence[Draft], message: int, flight: int, key: SealingKey | None
) -> _Appended:
    readers = Readers()
    with TemporaryDirectory(dir=near) as scratch:
        journal = await Journal.open(Path(scratch) / "journal.db", readers, lambda _: None, key)
        messages = iter([drafts[i : i + message] for i in range(0, len(drafts), message)])
        waits: list[float] = []

        async def stream() -> None:
            for each in messages:
                began = time.perf_counter()
                await journal.append(each, {})
                waits.append(1000 * (time.perf_counter() - began))

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(stream() for _ in range(flight)))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        group = len(drafts) / journal.commits
        await readers.close()
        await journal.close()
    return _Appended(len(drafts) / took, 1e6 * cpu / len(drafts), group, waits)


def _bare(near: Path, drafts: Sequence[Draft], group: int) -> _Appended:
    with TemporaryDirectory(dir=near) as scratch:
        db = apsw.Connection(str(Path(scratch) / "bare.db"))
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "FULL")
        db.execute(SCHEMA)
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(drafts), group):
            with db:
                db.executemany(
                    "INSERT INTO records VALUES(?,?,?,?,?,?,?,?,?)",
                    [
                        (
                            lsn,
                            d.origin,
                            d.seq,
                            d.kind,
                            d.node,
                            d.project,
                            d.project_name,
                            d.at_ms,
                            d.body,
                        )
                        for lsn, d in enumerate(drafts[start : start + group], start + 1)
                    ],
                )
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        db.close()
    return _Appended(len(drafts) / took, 1e6 * cpu / len(drafts), group, [])


def _drafts(count: int) -> list[Draft]:
    return [_draft(seq, command(seq)) for seq in range(1, count + 1)]


def _draft(seq: int, event: Event) -> Draft:
    return Draft(
        Origin("a" * 32),
        seq,
        "event",
        NodeId("1" * 16),
        ProjectId(OUTSIDE),
        "",
        event.at_ms,
        event_to_bytes(event),
        event,
    )
