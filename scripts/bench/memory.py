"""What a chunk, an event and a vector take, and a feed that is larger than the lake's budget."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from common.errors import OverLimit
from common.model.event import Event
from common.model.ids import (
    ContentHash,
    NodeId,
    Origin,
    WorkingCopyId,
    content_hash,
    short_hash,
)
from common.model.lake import LakeStats
from common.wire.nouns import event_to_bytes
from dragon_node.ingest.chunking import chunk
from dragon_node.lake import ramdisk
from dragon_node.lake.lake import Lake
from scripts.bench.report import Figure
from tests.support.lake import event, ran, saved, seen

MIB = 1 << 20
FEED_BYTES = 2 << 30
FEED_BUDGET = 256 << 20
PROJECT_BYTES = 24 << 20
"""Of raw content that goes into one project of the feed before the next one begins."""
FILE_BYTES = 256 << 10
EMBEDDER = "bench/384"
DIMENSION = 384
SIZED_FILES, SIZED_EVENTS = 400, 20_000
NODE, ORIGIN = NodeId("1" * 16), Origin("b" * 32)


def measure(feed_bytes: int = FEED_BYTES) -> list[Figure]:
    """Bytes of each thing, then the feed."""
    sizes = asyncio.run(_sizes())
    fed = asyncio.run(_feed(feed_bytes))
    return [
        Figure(
            "bytes in memory of a chunk, an event, a vector",
            f"{sizes.chunk:,.0f} · {sizes.event:,.0f} · {sizes.vector:,.0f}",
            f"raw: {sizes.raw_chunk:,.0f} of text a chunk, {sizes.raw_event:,.0f} an event, "
            f"{DIMENSION * 2} a vector in half precision",
            f"growth of the lake's own count over {sizes.chunks:,} chunks of source-like text in "
            f"{SIZED_FILES} files (content, trigrams, symbols, words), over {SIZED_EVENTS:,} "
            f"commands, and over {sizes.chunks:,} vectors (kept and indexed)",
        ),
        Figure(
            f"{feed_bytes / (1 << 30):g} GB of files fed into {FEED_BUDGET // MIB} MB",
            f"most in use {fed.most / MIB:.0f} MB of {FEED_BUDGET / MIB:.0f} "
            f"({fed.most / FEED_BUDGET:.0%}), {fed.asleep} of {fed.projects} projects asleep, "
            f"{fed.refused} batches refused, {fed.rate / MIB:.1f} MB/s",
            "stays inside the budget; nothing that was acknowledged is lost",
            f"projects of {PROJECT_BYTES // MIB} MB one after the other on a tmpfs of our own; "
            f"the disk is looked at after every batch; {fed.checked} files of the oldest projects "
            "were read back afterwards and were what had been sent",
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Sizes:
    chunk: float
    event: float
    vector: float
    raw_chunk: float
    raw_event: float
    chunks: int


@dataclass(slots=True)
class _Fed:
    most: int = 0
    projects: int = 0
    asleep: int = 0
    refused: int = 0
    checked: int = 0
    rate: float = 0.0


@dataclass(slots=True)
class _Laptop:
    """Sends to a lake in the same process."""

    lake: Lake
    seq: int = 0

    async def send(self, events: list[Event], blobs: dict[ContentHash, bytes]) -> None:
        """Durable and applied."""
        records = [(self.seq + i, event_to_bytes(e)) for i, e in enumerate(events, 1)]
        await self.lake.accept(ORIGIN, NODE, records, blobs)
        self.seq += len(events)


@asynccontextmanager
async def _lake(directory: Path, budget_bytes: int) -> AsyncGenerator[Lake]:
    disk = ramdisk.choose(directory, "auto", budget_bytes)
    try:
        async with Lake.open(
            directory=directory, ram=disk, budget_bytes=budget_bytes, appliers=(), chunker=chunk
        ) as lake:
            yield lake
    finally:
        ramdisk.detach(directory)


async def _sizes() -> _Sizes:
    with TemporaryDirectory() as scratch:
        async with _lake(Path(scratch), 2 << 30) as lake:
            laptop, dice = _Laptop(lake), random.Random(7)
            copy = await _copy(laptop, 0)
            empty = await lake.stats()
            texts = [_source(dice, 8 << 10) for _ in range(SIZED_FILES)]
            await _save(laptop, copy, "f", texts)
            await lake.by_words("anything", 1)
            filled = await lake.stats()
            outputs = [event(ran(text=_line(dice) * 3), copy) for _ in range(SIZED_EVENTS)]
            for start in range(0, SIZED_EVENTS, 500):
                await laptop.send(outputs[start : start + 500], {})
            told = await lake.stats()
            await _embed(lake)
            embedded = await lake.stats()
    raw_event = sum(len(event_to_bytes(e)) for e in outputs) / SIZED_EVENTS
    return _Sizes(
        chunk=(filled.bytes - empty.bytes) / filled.chunks,
        event=(told.bytes - filled.bytes) / SIZED_EVENTS,
        vector=(embedded.bytes - told.bytes) / max(1, embedded.vectors),
        raw_chunk=sum(map(len, texts)) / filled.chunks,
        raw_event=raw_event,
        chunks=filled.chunks,
    )


async def _embed(lake: Lake) -> None:
    dice = np.random.default_rng(7)
    while bare := await lake.unembedded(EMBEDDER, 2_000):
        rows = dice.standard_normal((len(bare), DIMENSION), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        await lake.put_vectors(EMBEDDER, [(c, r) for (c, _), r in zip(bare, rows, strict=True)])
    await lake.by_vector(np.eye(1, DIMENSION, dtype=np.float32)[0], 1)


async def _feed(feed_bytes: int) -> _Fed:
    fed = _Fed()
    dice = random.Random(11)
    with TemporaryDirectory() as scratch:
        async with _lake(Path(scratch), FEED_BUDGET) as lake:
            laptop = _Laptop(lake)
            began = time.perf_counter()
            sent = 0
            kept: dict[tuple[int, str], ContentHash] = {}
            while sent < feed_bytes:
                sent += await _feed_project(laptop, fed, dice, kept)
            fed.rate = sent / (time.perf_counter() - began)
            stats: LakeStats = await lake.stats()
            fed.asleep = sum(p.state == "asleep" for p in stats.kept)
            fed.checked = await _read_back(lake, kept)
            fed.most = max(fed.most, (await lake.stats()).bytes)
    return fed


async def _feed_project(
    laptop: _Laptop, fed: _Fed, dice: random.Random, kept: dict[tuple[int, str], ContentHash]
) -> int:
    number = fed.projects
    copy = await _copy(laptop, number)
    fed.projects += 1
    sent = 0
    while sent < PROJECT_BYTES:
        text = _source(dice, FILE_BYTES)
        path = f"src/part_{sent // FILE_BYTES}.py"
        try:
            await _save(laptop, copy, path, [text])
            kept[number, path] = content_hash(text.encode())
        except OverLimit:
            fed.refused += 1
        fed.most = max(fed.most, (await laptop.lake.stats()).bytes)
        sent += len(text)
    return sent


async def _read_back(lake: Lake, kept: dict[tuple[int, str], ContentHash]) -> int:
    """The first files of the first projects: those that have slept longest."""
    oldest = sorted(kept.items())[:50]
    for _, content in oldest:
        data = await lake.blob(content)
        if data is None or content_hash(data) != content:
            raise AssertionError(f"content {content} was acknowledged and is lost")
    return len(oldest)


async def _copy(laptop: _Laptop, number: int) -> WorkingCopyId:
    copy = WorkingCopyId(short_hash("bench", str(number)))
    remote = f"github.com/bench/project-{number}"
    await laptop.send([event(seen(f"/bench/{number}", (remote,), (remote,)), copy)], {})
    return copy


async def _save(laptop: _Laptop, copy: WorkingCopyId, name: str, texts: list[str]) -> None:
    blobs = {content_hash(t.encode()): t.encode() for t in texts}
    paths = [name if len(texts) == 1 else f"{name}_{i}.py" for i in range(len(texts))]
    events = [event(saved(p, t), copy) for p, t in zip(paths, texts, strict=True)]
    for start in range(0, len(events), 50):
        part = texts[start : start + 50]
        some = {h: blobs[h] for t in part if (h := content_hash(t.encode()))}
        await laptop.send(events[start : start + 50], some)


_VERBS = ("read", "write", "open", "close", "merge", "split")
_NOUNS = ("page", "record", "index", "journal", "cursor", "token", "chunk", "vector", "lease")
_WORDS = [f"{verb}_{noun}" for verb in _VERBS for noun in _NOUNS]


def _line(dice: random.Random) -> str:
    """Like code: few words, often again, with names and numbers of its own."""
    words = dice.choices(_WORDS, k=5)
    call = f"{words[1]}({words[2]}, {dice.randrange(9_999)})"
    return f"    {words[0]} = {call}.{words[3]}_{words[4]}\n"


def _source(dice: random.Random, size: int) -> str:
    lines: list[str] = []
    length = 0
    while length < size:
        name = f"{dice.choice(_WORDS)}_{dice.randrange(99_999)}"
        body = [f"def {name}(value):\n", *(_line(dice) for _ in range(12)), "\n\n"]
        lines += body
        length += sum(map(len, body))
    return "".join(lines)
