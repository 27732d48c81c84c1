"""Nearest vectors: the index against bare faiss, a filter, a saved file, and its file on disk.

`python -m scripts.bench.nearest [VECTORS]` for other sizes.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import faiss
import numpy as np
import numpy.typing as npt

from common.model.ids import ContentHash, ProjectId
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.nearest import Nearest
from dragon_node.lake.project import SCHEMA
from dragon_node.lake.shards import Shard
from dragon_node.lake.vectors.fastscan import RESCORED, FastScanIndex
from scripts.bench.report import Figure, median, table

DIMENSION = 384
VECTORS = 1_000_000
QUERIES = 100
CHUNKS_A_FILE = 20
SAVES = 100
PROJECT = ProjectId("b" * 32)
EMBEDDER = "drawn"
BLOCK = 65_536

T = TypeVar("T")
Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]


def measure(vectors: int = VECTORS) -> list[Figure]:
    """Everything on one thread, so CPU seconds compare."""
    rows, queries, keys = clustered(vectors, 1), clustered(QUERIES, 2), hashes(vectors)
    queries = queries.astype(np.float32)
    index, built = _built(rows, keys)
    bare, bare_s = _bare(rows)
    return [
        *_single(index, bare, rows, queries, keys),
        *_filtered(index, rows, queries, keys),
        _replaced(index, vectors),
        Figure(
            f"index of {vectors:,} vectors, built",
            f"{built:.1f} s CPU",
            f"bare faiss, same codes: {bare_s:.1f} s",
            "learned and coded; half the cores",
        ),
        Figure(
            "memory a vector",
            f"{index.bytes / vectors:,.0f} bytes",
            f"{DIMENSION * 2} the original, {DIMENSION // 4} the code",
            "keys, codes and reserve included",
        ),
        *asyncio.run(_with_a_file(rows, keys)),
    ]


def clustered(count: int, seed: int) -> Halves:
    """Unit vectors as embeddings lie: in clusters, in few directions more than in others, all on
    one side of the origin."""
    same, draw = np.random.default_rng(0), np.random.default_rng(seed)
    weights = np.arange(1, DIMENSION + 1) ** -0.4
    turned = np.linalg.qr(same.normal(size=(DIMENSION, DIMENSION)))[0]
    centres, side = same.normal(size=(2_000, DIMENSION)), same.normal(size=DIMENSION)
    rows = np.empty((count, DIMENSION), dtype=np.float16)
    for begin in range(0, count, BLOCK):
        size = min(BLOCK, count - begin)
        drawn = (
            draw.normal(size=(size, DIMENSION)) * 0.6
            + 0.8 * centres[draw.integers(0, len(centres), size)]
        )
        placed = (drawn * weights) @ turned + side * weights.mean()
        rows[begin : begin + size] = placed / np.linalg.norm(placed, axis=1, keepdims=True)
    return rows


def hashes(count: int, seed: int = 3) -> list[ContentHash]:
    """As chunks have them."""
    drawn = np.random.default_rng(seed).bytes(16 * count).hex()
    return [ContentHash(drawn[i : i + 32]) for i in range(0, len(drawn), 32)]


def _built(rows: Halves, keys: list[ContentHash]) -> tuple[FastScanIndex, float]:
    index = FastScanIndex(DIMENSION, exact_below=0)
    for begin in range(0, len(rows), BLOCK):
        index.add(keys[begin : begin + BLOCK], rows[begin : begin + BLOCK])
    return index, _cpu_s(index.rebuild)[0]


def _bare(rows: Halves) -> tuple[Any, float]:
    index: Any = faiss.IndexPQFastScan(DIMENSION, DIMENSION // 2, 4, faiss.METRIC_INNER_PRODUCT)

    def build() -> None:
        index.train(rows[:: max(1, len(rows) // 16_384)].astype(np.float32))
        for begin in range(0, len(rows), BLOCK):
            index.add(rows[begin : begin + BLOCK].astype(np.float32))

    spent, _ = _cpu_s(build)
    faiss.omp_set_num_threads(1)
    return index, spent


def _plainly(bare: Any, rows: Halves, query: Floats) -> list[int]:
    _, near = bare.search(query[None], RESCORED)
    scores = rows[near[0]].astype(np.float32) @ query
    return [int(near[0][i]) for i in np.argsort(-scores)[:10]]


def _single(
    index: FastScanIndex, bare: Any, rows: Halves, queries: Floats, keys: list[ContentHash]
) -> list[Figure]:
    ours, theirs = list[float](), list[float]()
    hits, their_hits = 0, 0
    exact = _exact(rows, queries)
    for query, best in zip(queries, exact, strict=True):
        their_s, near = _cpu_s(partial(_plainly, bare, rows, query))
        our_s, found = _cpu_s(partial(index.search, query, 10))
        theirs.append(their_s)
        ours.append(our_s)
        hits += len({keys[i] for i in best} & {key for key, _ in found})
        their_hits += len({*best} & {*near})
    wanted = 10 * len(queries)
    return [
        Figure(
            f"recall@10 over {len(rows):,} vectors",
            f"{hits / wanted:.3f}",
            f">= 0.99; bare faiss {their_hits / wanted:.3f}",
            f"{len(queries)} questions against exact search",
        ),
        Figure(
            "one question",
            f"{median(ours) * 1e3:.2f} ms CPU, {median(ours) / median(theirs):.2f} x",
            f"<= 1.2 x bare faiss and {RESCORED} rescored: {median(theirs) * 1e3:.2f} ms",
            "medians, in turns, one thread",
        ),
    ]


def _filtered(
    index: FastScanIndex, rows: Halves, queries: Floats, keys: list[ContentHash]
) -> list[Figure]:
    inside = np.random.default_rng(4).choice(len(rows), len(rows) // 100, replace=False)
    # New strings, as they come from the project's file.
    allow = [ContentHash(bytes.fromhex(keys[int(i)]).hex()) for i in inside]
    exact = _exact(rows[inside], queries)
    whole, part, hits = list[float](), list[float](), 0
    for query, best in zip(queries, exact, strict=True):
        whole_s, _ = _cpu_s(partial(index.search, query, 10))
        part_s, found = _cpu_s(partial(index.search, query, 10, allow))
        whole.append(whole_s)
        part.append(part_s)
        hits += len({allow[i] for i in best} & {key for key, _ in found})
    return [
        Figure(
            "recall@10 under a 1 % filter",
            f"{hits / (10 * len(queries)):.3f}",
            "1.000",
            f"{len(allow):,} of {len(rows):,} allowed",
        ),
        Figure(
            "one question under a 1 % filter",
            f"{median(part) * 1e3:.2f} ms CPU",
            f"faster than without: {median(whole) * 1e3:.2f} ms",
            "medians, in turns; the list of the allowed is there",
        ),
    ]


def _replaced(index: FastScanIndex, vectors: int) -> Figure:
    new = clustered(SAVES * CHUNKS_A_FILE, 5)
    names = hashes(len(new), 6)

    def save_all() -> None:
        for begin in range(0, len(new), CHUNKS_A_FILE):
            index.add(names[begin : begin + CHUNKS_A_FILE], new[begin : begin + CHUNKS_A_FILE])
            index.tombstone(names[max(0, begin - CHUNKS_A_FILE) : begin])

    return Figure(
        f"{CHUNKS_A_FILE} chunks of a saved file replaced, in memory",
        f"{_cpu_s(save_all)[0] / SAVES * 1e3:.2f} ms CPU",
        "<= 5 ms",
        f"over {SAVES} saves among {vectors:,} vectors, coding included",
    )


async def _with_a_file(rows: Halves, keys: list[ContentHash]) -> list[Figure]:
    """The same through SQLite, and what it takes to read all vectors back."""
    with tempfile.TemporaryDirectory(dir=_memory()) as place:
        readers = Readers()
        path = Path(place) / "project.db"
        database = await Database.open(path, readers, schema=SCHEMA)
        shard = Shard(database, 0, "")
        await database.write(lambda db: _fill(db, rows, keys))
        nearest = await Nearest.open(Path(place) / "embeddings.db", readers)
        loaded_s, longest_s = await _reading(nearest, shard, rows[0].astype(np.float32))
        saved_s = await _saving(nearest, shard, rows, keys)
        size = path.stat().st_size
        await nearest.close()
        await database.close()
        await readers.close()
    return [
        Figure(
            f"{len(rows):,} vectors read from the project's file",
            f"{loaded_s:.1f} s",
            "",
            f"the longest that anything else waited meanwhile: {longest_s * 1e3:.0f} ms",
        ),
        Figure(
            f"{CHUNKS_A_FILE} chunks of a saved file replaced, in file and memory",
            f"{saved_s * 1e3:.2f} ms CPU",
            "<= 5 ms",
            f"over {SAVES} saves, each a transaction of its own and a look at every index",
        ),
        Figure("file a vector", f"{size / len(rows):,.0f} bytes", "", "with its chunk's row"),
    ]


async def _reading(nearest: Nearest, shard: Shard, query: Floats) -> tuple[float, float]:
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before - 0.001)

    ticking = asyncio.ensure_future(tick())
    begun = time.perf_counter()
    await nearest.search(PROJECT, shard, query, 10, embedder=EMBEDDER)
    spent = time.perf_counter() - begun
    ticking.cancel()
    await nearest.idle()
    return spent, longest


async def _saving(nearest: Nearest, shard: Shard, rows: Halves, keys: list[ContentHash]) -> float:
    """CPU seconds a save: everything in this process, on whichever thread."""
    made = [(key, row.astype(np.float32)) for key, row in zip(keys, rows[:2_000], strict=False)]
    begun = time.process_time()
    for save in range(SAVES):
        batch = made[(save * CHUNKS_A_FILE) % len(made) :][:CHUNKS_A_FILE]
        await nearest.forget(PROJECT, [key for key, _ in batch])
        await nearest.put(shard, PROJECT, EMBEDDER, batch)
    return (time.process_time() - begun) / SAVES


def _fill(db: apsw.Connection, rows: Halves, keys: list[ContentHash]) -> None:
    names = [bytes.fromhex(key) for key in keys]
    db.execute("INSERT INTO embedders VALUES(1, ?, 1, 0)", (EMBEDDER,))
    db.executemany(
        "INSERT INTO embeddings(hash, embedder, vector) VALUES(?,1,?)",
        ((name, row.tobytes()) for name, row in zip(names, rows, strict=True)),
    )
    db.executemany(
        """INSERT INTO chunks(doc, start_line, end_line, start, stop, symbol, hash, lsn)
           VALUES(?,1,2,0,9,'',?,1)""",
        ((i // CHUNKS_A_FILE + 1, name) for i, name in enumerate(names)),
    )
    db.executemany(
        "INSERT INTO docs(path, content, language) VALUES(?,x'00','')",
        ((f"{i}.py",) for i in range(len(names) // CHUNKS_A_FILE + 1)),
    )


def _exact(rows: Halves, queries: Floats) -> list[list[int]]:
    scores = np.empty((len(queries), len(rows)), dtype=np.float32)
    for begin in range(0, len(rows), BLOCK):
        scores[:, begin : begin + BLOCK] = queries @ rows[begin : begin + BLOCK].T.astype(
            np.float32
        )
    return [np.argpartition(-each, 10)[:10].tolist() for each in scores]


def _cpu_s(work: Callable[[], T]) -> tuple[float, T]:
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    print(table(measure(int(sys.argv[1]) if sys.argv[1:] else VECTORS)))
