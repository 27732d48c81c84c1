"""What sealing costs: the journal and copies of files, sealed against plain, interleaved."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from common.daemon.keys import SealingKey
from common.model.event import CommandFinished, Event, Output
from common.model.ids import (
    ContentHash,
    NodeId,
    Origin,
    ProjectId,
    WorkingCopyId,
    content_hash,
    new_event_id,
)
from common.sealed_sqlite import copied
from common.wire.nouns import event_to_bytes
from dragon_node.lake.database import Owned, Readers
from dragon_node.lake.journal import Draft, Journal, Written
from scripts.bench.report import Figure, median

RECORDS = 20_000
BATCH = 500
CONTENT_BYTES = 8_000
CONTENTS_A_BATCH = 20
ROUNDS = 5
COPY_BYTES = 100 << 20


@dataclass(frozen=True, slots=True)
class _Took:
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class _Round:
    append: _Took
    read: _Took


def measure(records: int = RECORDS, copy_bytes: int = COPY_BYTES) -> list[Figure]:
    """Appending to and reading of a journal, and a file's way to the SSD and back."""
    key = SealingKey(os.urandom(32))
    pairs = [
        (asyncio.run(_journal(records, None)), asyncio.run(_journal(records, key)))
        for _ in range(ROUNDS)
    ]
    return [*_journal_figures(records, pairs), *_copy_figures(copy_bytes, key), _import_figure()]


def _journal_figures(records: int, pairs: Sequence[tuple[_Round, _Round]]) -> list[Figure]:
    method = (
        f"median of {ROUNDS} interleaved pairs; {records:,} command events and "
        f"{records // BATCH * CONTENTS_A_BATCH:,} contents of {CONTENT_BYTES:,} bytes, {BATCH} "
        "records a commit, synchronous=FULL; CPU of the whole process"
    )
    appended = [(plain.append, sealed.append) for plain, sealed in pairs]
    read = [(plain.read, sealed.read) for plain, sealed in pairs]
    return [
        Figure(
            f"journal {name}, sealed",
            f"{records / median([sealed.wall_s for _, sealed in took]):,.0f} records/s, ratio "
            f"{median([plain.wall_s / sealed.wall_s for plain, sealed in took]):.2f}, CPU "
            f"{median([sealed.cpu_s / plain.cpu_s for plain, sealed in took]):.2f} times",
            "the same journal without a key",
            method,
        )
        for name, took in (("append", appended), ("read", read))
    ]


async def _journal(records: int, key: SealingKey | None) -> _Round:
    with TemporaryDirectory() as directory:
        batches = [_batch(n) for n in range(records // BATCH)]
        readers = Readers()
        journal = await Journal.open(Path(directory) / "journal.db", readers, _unheard, key)
        wall, cpu = time.perf_counter(), time.process_time()
        for drafts, blobs in batches:
            await journal.append(drafts, blobs)
        append = _Took(time.perf_counter() - wall, time.process_time() - cpu)
        await journal.close()
        journal = await Journal.open(Path(directory) / "journal.db", readers, _unheard, key)
        wall, cpu = time.perf_counter(), time.process_time()
        after = 0
        while rows := await journal.rows(after, BATCH):
            after = rows[-1].lsn
        for _, blobs in batches:
            await journal.contents(list(blobs))
        read = _Took(time.perf_counter() - wall, time.process_time() - cpu)
        await journal.close()
        await readers.close()
    return _Round(append, read)


def _batch(number: int) -> tuple[list[Draft], dict[ContentHash, bytes]]:
    drafts: list[Draft] = []
    for i in range(BATCH):
        body = CommandFinished("pytest -q", "/home/ada/thing", (0,), 10, Output("1 passed\n", 9, 0))
        event = Event(new_event_id(), 1_000 + i, WorkingCopyId("2" * 16), body)
        seq, project = number * BATCH + i + 1, ProjectId("3" * 16)
        drafts.append(
            Draft(
                Origin("a" * 32),
                seq,
                "event",
                NodeId("1" * 16),
                project,
                "thing",
                event.at_ms,
                event_to_bytes(event),
                event,
            )
        )
    contents = [
        random.randbytes(CONTENT_BYTES // 2).hex().encode() for _ in range(CONTENTS_A_BATCH)
    ]
    return drafts, {content_hash(raw): raw for raw in contents}


def _copy_figures(copy_bytes: int, key: SealingKey) -> list[Figure]:
    with TemporaryDirectory() as directory:
        source, shelf, back = (Path(directory) / name for name in ("x.db", "shelf.db", "back.db"))
        _fill(source, copy_bytes)
        ways = {
            "to the SSD, sealed": (source, None, shelf, key),
            "to the SSD, plain": (source, None, back, None),
            "back from the SSD, every page authenticated": (shelf, key, back, None),
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                wall = time.perf_counter()
                copied(*way)
                took[name].append(time.perf_counter() - wall)
    return [
        Figure(
            f"copy of a file, {name}",
            f"{copy_bytes / (1 << 20) / median(seconds):,.0f} MiB/s",
            "",
            f"median of {ROUNDS}, interleaved, {copy_bytes >> 20} MiB, fsync and rename included",
        )
        for name, seconds in took.items()
    ]


def _import_figure() -> Figure:
    """What the recorder loads for it, on a thread, while the command runs."""
    program = (
        "import time, developer_node.front.shell.snapshot, common.wire.stored\n"
        "began = time.thread_time()\n"
        "import common.sealed\n"
        "print(time.thread_time() - began)"
    )
    took = [
        float(
            subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout
        )
        for _ in range(2 * ROUNDS)
    ]
    return Figure(
        "what sealing adds to the start of `postdevai run`",
        f"{1e3 * median(took):.1f} ms CPU",
        "",
        f"median of {2 * ROUNDS} fresh processes: the import of cryptography and of ours, which "
        "happens beside the command",
    )


def _fill(path: Path, size: int) -> None:
    owned = Owned(path, synchronous="OFF")
    owned.connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB)")
    with owned.connection as db:
        for _ in range(size // CONTENT_BYTES):
            db.execute("INSERT INTO t(data) VALUES(?)", (os.urandom(CONTENT_BYTES),))
    owned.close()


def _unheard(_written: Written) -> None:
    pass
