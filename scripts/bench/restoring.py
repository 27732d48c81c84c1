"""A lost RAM disk: how long until the lake is open, answers, and has its indexes again."""

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

from common.model.lake import SearchQuery
from dragon_node.ingest.chunking import chunk
from dragon_node.lake import ramdisk
from dragon_node.lake.lake import Lake
from scripts.bench.report import Figure
from tests.support.lake import Laptop, event, ran, seen

EVENTS = 1_000_000
CHUNKS = 100_000
BUDGET = 24 << 30
BATCH = 500
FUNCTIONS_A_FILE = 40
LINES_A_FUNCTION = 14
FILES_A_SAVE = 20
EMBEDDER = "bench/384"
DIMENSION = 384
PROJECT = "thing"
LOOK_S = 0.05


@dataclass(slots=True)
class _Restored:
    """Seconds since the start; each includes what came before it."""

    opened: float = 0.0
    literal: float = 0.0
    words: float = 0.0
    vector: float = 0.0
    caught_up: float = 0.0
    cpu: float = 0.0
    cpu_opened: float = 0.0
    """CPU seconds until it was open."""


@dataclass(frozen=True, slots=True)
class _Held:
    events: int
    chunks: int
    vectors: int
    copies_bytes: int


def measure(events: int = EVENTS, chunks: int = CHUNKS) -> list[Figure]:
    """The RAM disk is lost and comes back from a generation, and from the journal's end."""
    with TemporaryDirectory(dir=Path.cwd()) as scratch:
        held, restored = asyncio.run(_restored(Path(scratch), events, chunks))
    share = 1 - restored.opened / restored.caught_up
    cpu_share = 1 - restored.cpu_opened / restored.cpu
    return [
        Figure(
            f"restore of {held.events:,} events and {held.chunks:,} chunks",
            f"open after {restored.opened:.1f} s, all indexes after {restored.caught_up:.1f} s: "
            f"rebuilding them is {share:.0%} of it ({cpu_share:.0%} of {restored.cpu:.1f} s CPU)",
            "reported",
            f"the RAM disk is freed, then the lake is opened on a new one; a generation of "
            f"{held.copies_bytes / (1 << 20):,.0f} MB, sealed, read back and verified by digest; "
            f"{held.vectors:,} vectors of {DIMENSION} dimensions; no replay beyond the generation",
        ),
        Figure(
            "first answers after a lost RAM disk",
            f"substring {restored.literal:.1f} s, words {restored.words:.1f} s, "
            f"vectors {restored.vector:.1f} s",
            "words and substring answer first",
            "the same run, seconds since the start, asked one after the other",
        ),
    ]


async def _restored(directory: Path, events: int, chunks: int) -> tuple[_Held, _Restored]:
    held = await _filled(directory, events, chunks)
    ramdisk.detach(directory)
    restored = _Restored()
    began, cpu = time.perf_counter(), time.process_time()
    async with _lake(directory) as lake:
        restored.opened = time.perf_counter() - began
        restored.cpu_opened = time.process_time() - cpu
        await _ask(lake, restored, began)
        while (await lake.freshness()).words_behind:  # noqa: ASYNC110 - as a person would look
            await asyncio.sleep(LOOK_S)
        restored.caught_up = time.perf_counter() - began
        restored.cpu = time.process_time() - cpu
        if (await lake.stats()).events < events:
            raise AssertionError("events were lost")
    ramdisk.detach(directory)
    return held, restored


async def _ask(lake: Lake, restored: _Restored, began: float) -> None:
    name = _function(0, 0)
    found = await lake.literal(SearchQuery(f"def {name}(", "literal", project=PROJECT))
    restored.literal = time.perf_counter() - began
    if not found.hits:
        raise AssertionError(f"{name} is not found by substring")
    if not await lake.by_words(name, 5, PROJECT):
        raise AssertionError(f"{name} is not found by words")
    restored.words = time.perf_counter() - began
    await lake.by_vector(np.eye(1, DIMENSION, dtype=np.float32)[0], 5, PROJECT)
    restored.vector = time.perf_counter() - began


async def _filled(directory: Path, events: int, chunks: int) -> _Held:
    async with _lake(directory) as lake:
        laptop, dice = Laptop(lake), random.Random(3)
        await laptop.send(seen())
        number = 0
        while (await lake.stats()).chunks < chunks:
            files = range(number, number + FILES_A_SAVE)
            await laptop.save({f"src/m{n}.py": _source(dice, n) for n in files})
            number += FILES_A_SAVE
        for start in range(0, events, BATCH):
            size = min(BATCH, events - start)
            await laptop.send(*(event(ran(f"make {start + i}", _line(dice))) for i in range(size)))
        vectors = await _embed(lake)
        async for _ in lake.snapshot():
            pass
        stats = await lake.stats()
        return _Held(stats.events, stats.chunks, vectors, stats.generations[0].bytes)


async def _embed(lake: Lake) -> int:
    dice, made = np.random.default_rng(3), 0
    while bare := await lake.unembedded(EMBEDDER, 2_000):
        rows = dice.standard_normal((len(bare), DIMENSION), dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        await lake.put_vectors(EMBEDDER, [(c, r) for (c, _), r in zip(bare, rows, strict=True)])
        made += len(bare)
    return made


@asynccontextmanager
async def _lake(directory: Path) -> AsyncGenerator[Lake]:
    disk = ramdisk.choose(directory, "auto", BUDGET)
    async with Lake.open(
        directory=directory, ram=disk, budget_bytes=BUDGET, appliers=(), chunker=chunk
    ) as lake:
        yield lake


def _function(number: int, place: int) -> str:
    return f"task_{number}_step_{place}"


def _source(dice: random.Random, number: int) -> str:
    functions = [
        f"def {_function(number, place)}(value):\n"
        + "".join(_line(dice) for _ in range(LINES_A_FUNCTION))
        for place in range(FUNCTIONS_A_FILE)
    ]
    return "\n\n".join(functions) + "\n"


def _line(dice: random.Random) -> str:
    return f"    item_{dice.randrange(999)} = read_{dice.randrange(99)}({dice.randrange(9_999)})\n"
