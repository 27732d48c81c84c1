"""Embeddings in SQLite: what is counted and what is queued is right after any order of events."""

from __future__ import annotations

import random
from pathlib import Path

import apsw
import numpy as np
import pytest

from common.daemon.keys import SealingKey
from common.model.ids import ContentHash
from dragon_node.lake.database import Database, Readers
from dragon_node.lake.project import SCHEMA
from dragon_node.lake.vectors import kept
from dragon_node.lake.vectors.kept import packed, unpacked
from tests.support.vectors import files, keys, scattered

KEYS = keys(40)
ROWS = scattered(40)


@pytest.fixture
def db() -> apsw.Connection:
    """A project's tables."""
    connection = apsw.Connection(":memory:")
    connection.execute(SCHEMA)
    return connection


def _cut(db: apsw.Connection, *hashes: ContentHash) -> None:
    for content in hashes:
        db.execute(
            """INSERT INTO chunks(doc, start_line, end_line, start, stop, symbol, hash, lsn)
               VALUES(1,1,1,0,0,'',?,1)""",
            (bytes.fromhex(content),),
        )


def _lose(db: apsw.Connection, *hashes: ContentHash) -> None:
    for content in hashes:
        db.execute("DELETE FROM chunks WHERE hash=?", (bytes.fromhex(content),))
        db.execute("DELETE FROM embeddings WHERE hash=?", (bytes.fromhex(content),))


def _made(*which: int) -> list[tuple[ContentHash, np.ndarray]]:
    return [(KEYS[i], ROWS[i]) for i in which]


def test_half_precision_keeps_the_cosine() -> None:
    for row in ROWS:
        assert float(unpacked(packed(row)) @ row) == pytest.approx(1.0, abs=1e-3)


def test_chunks_with_a_vector_are_counted_and_those_without_are_queued(
    db: apsw.Connection,
) -> None:
    _cut(db, *KEYS[:4], KEYS[0])
    assert kept.count(db) == 0
    assert [key for key, _ in kept.lacking(db, "one", 10)] == [KEYS[0], *KEYS[3:0:-1]]
    assert [key for key, _ in kept.lacking(db, "one", 2)] == [KEYS[0], KEYS[3]]
    kept.put(db, "one", _made(0, 1))
    assert (kept.count(db), kept.embedders(db)) == (3, ["one"])
    assert [key for key, _ in kept.lacking(db, "one", 10)] == [KEYS[3], KEYS[2]]
    _cut(db, KEYS[1])
    assert kept.count(db) == 4
    _lose(db, KEYS[0])
    assert kept.count(db) == 2


def test_a_vector_whose_chunk_has_gone_is_not_kept(db: apsw.Connection) -> None:
    _cut(db, KEYS[0])
    assert [key for key, _ in kept.put(db, "one", _made(0, 1))] == [KEYS[0]]
    assert kept.put(db, "one", _made(2)) == []


def test_another_embedders_vectors_are_replaced_one_by_one(db: apsw.Connection) -> None:
    _cut(db, *KEYS[:3])
    kept.put(db, "one", _made(0, 1, 2))
    assert len(kept.lacking(db, "two", 10)) == 3
    kept.put(db, "two", _made(1))
    assert (kept.count(db), kept.embedders(db)) == (1, ["two", "one"])
    assert [key for key, _ in kept.lacking(db, "two", 10)] == [KEYS[2], KEYS[0]]
    kept.put(db, "two", _made(0, 2))
    assert (kept.count(db), kept.embedders(db), kept.lacking(db, "two", 10)) == (3, ["two"], [])


def test_blocks_are_the_vectors_of_one_embedder_in_order(db: apsw.Connection) -> None:
    _cut(db, *KEYS[:9])
    kept.put(db, "one", _made(*range(9)))
    kept.put(db, "two", _made(4))
    found: list[ContentHash] = []
    after = 0
    while (block := kept.block(db, "one", after, 3)) is not None:
        found += block.keys
        after = block.last
        assert block.rows() == pytest.approx(
            np.stack([ROWS[KEYS.index(key)] for key in block.keys]), abs=1e-3
        )
    assert found == [key for key in KEYS[:9] if key != KEYS[4]]
    assert kept.block(db, "three", 0, 3) is None


@pytest.mark.parametrize("seed", range(5))
def test_counts_and_queue_are_what_a_whole_look_would_find(db: apsw.Connection, seed: int) -> None:
    draw, newest = random.Random(seed), ""
    for _ in range(200):
        some = draw.sample(range(40), draw.randrange(1, 8))
        match draw.choice(["cut", "lose", "put", "remove"]):
            case "cut":
                _cut(db, *(KEYS[i] for i in some))
            case "lose":
                _lose(db, *(KEYS[i] for i in some))
            case "put":
                embedder = draw.choice(["one", "one", "one", "two"])
                newest = embedder if kept.put(db, embedder, _made(*some)) else newest
            case _:
                kept.remove(db, [KEYS[i] for i in some])
        of_newest = "hash IN (SELECT hash FROM embeddings JOIN embedders e ON e.id=embedder"
        whole = f"SELECT count(*) FROM chunks WHERE {of_newest} WHERE name=?)"
        assert kept.count(db) == db.execute(whole, (newest,)).get
        bare = f"SELECT DISTINCT hash FROM chunks WHERE NOT {of_newest} WHERE name=?)"
        lacking = {key for key, _ in kept.lacking(db, newest or "one", 1_000)}
        assert lacking == {row[0].hex() for row in db.execute(bare, (newest,))}


@pytest.mark.parametrize("key", [None, SealingKey(b"k" * 32)])
async def test_what_is_erased_on_disk_leaves_no_byte(
    tmp_path: Path, key: SealingKey | None
) -> None:
    path, readers = tmp_path / "embeddings.db", Readers()
    disk = await Database.open(path, readers, schema=kept.DISK_SCHEMA, key=key)
    secret = packed(ROWS[3])
    await disk.write(lambda db: kept.put_on_disk(db, "one", _made(*range(40))))
    await disk.write(lambda db: kept.put_on_disk(db, "two", _made(3)))
    if key is None:
        assert any(secret in data for data in files(tmp_path))
    kept.erase_on_disk(path, key, [KEYS[3]])
    assert not any(secret in data for data in files(tmp_path))
    left = await disk.read(lambda db: kept.from_disk(db, "one", KEYS))
    assert [content for content, _ in left] == [k for k in KEYS if k != KEYS[3]]
    assert await disk.read(lambda db: kept.from_disk(db, "two", KEYS)) == []
    await disk.close()
    await readers.close()
