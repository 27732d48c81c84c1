"""Nearest: what was just kept is found, what has gone is not, whatever happens at the same time."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest

from common.errors import Corrupt, Unavailable
from dragon_node.lake import nearest as room
from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.scope import Scope
from dragon_node.lake.vectors import kept
from dragon_node.lake.vectors.fastscan import FastScanIndex
from dragon_node.lake.vectors.kept import Block, packed
from tests.support.vectors import PROJECT, Vectors, clustered, files, keys, opened, scattered

KEYS = keys(3_000)
ROWS = clustered(3_000)


class Gate:
    """Holds the second read of a file back until it is told to go on."""

    def __init__(self, read: Callable[[apsw.Connection, str, int], Block | None]) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._read = read

    def __call__(self, db: apsw.Connection, embedder: str, after: int) -> Block | None:
        block = self._read(db, embedder, after)
        if after:
            self.reached.set()
            self.go_on.wait(30)
        return block


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Files are read ten vectors at a time, and slowly."""
    made = Gate(room._block)
    monkeypatch.setattr(room, "LOADED_AT_ONCE", 10)
    monkeypatch.setattr(room, "_block", made)
    return made


async def test_a_vector_is_found_when_putting_it_returns(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:30])
        assert await vectors.found(ROWS[0]) == []
        await vectors.put(KEYS[:30], ROWS[:30])
        assert (await vectors.found(ROWS[7], 3))[0] == await vectors.chunk(KEYS[7])
        await vectors.lose(KEYS[7])
        assert await vectors.chunk(KEYS[7]) is None
        assert len(await vectors.found(ROWS[7], 100)) == 29
        await vectors.cut(KEYS[7])
        await vectors.put(KEYS[7:8], ROWS[7:8])
        assert (await vectors.found(ROWS[7], 3))[0] == await vectors.chunk(KEYS[7])


async def test_vectors_of_other_projects_write_nothing_here(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(KEYS[0])
        before = vectors.shard.database.writes
        await vectors.put(KEYS[1:30], ROWS[1:30])
        assert vectors.shard.database.writes == before
        await vectors.put(KEYS[:30], ROWS[:30])
        assert vectors.shard.database.writes == before + 1


async def test_a_project_that_was_dropped_is_read_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:100])
        await vectors.put(KEYS[:100], ROWS[:100])
        before = await vectors.found(ROWS[0], 10)
        held = vectors.nearest.bytes(PROJECT)
        assert held >= 100 * ROWS.shape[1] * 2
        assert vectors.nearest.sizes() == {PROJECT: held}
        await vectors.nearest.drop(PROJECT)
        assert (vectors.nearest.bytes(PROJECT), vectors.nearest.sizes()) == (0, {})
        await vectors.nearest.drop(PROJECT)
        assert await vectors.found(ROWS[0], 10) == before


async def test_vectors_of_others_do_not_have_a_project_read(tmp_path: Path) -> None:
    """Every vector is offered to every project that is awake."""
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:10])
        await vectors.put(KEYS[:10], ROWS[:10])
        await vectors.nearest.drop(PROJECT)
        await vectors.put(KEYS[20:30], ROWS[20:30])
        assert vectors.nearest.sizes() == {}
        await vectors.cut(KEYS[20])
        await vectors.put(KEYS[20:30], ROWS[20:30])
        assert len(await vectors.found(ROWS[0], 50)) == 11


async def test_what_comes_and_goes_while_a_file_is_read_is_right_in_the_end(
    tmp_path: Path, gate: Gate
) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:40])
        await vectors.put(KEYS[:20], ROWS[:20])
        await vectors.nearest.drop(PROJECT)
        asked = asyncio.ensure_future(vectors.found(ROWS[0], 100))
        await asyncio.to_thread(gate.reached.wait, 30)
        # The last ten have been read and are not in the index yet.
        await vectors.lose(KEYS[12], KEYS[19])
        await vectors.cut(KEYS[19])
        await vectors.put(KEYS[19:20], ROWS[19:20])
        await vectors.put(KEYS[30:40], ROWS[30:40])
        await vectors.lose(KEYS[2], KEYS[33])
        gate.go_on.set()
        left = [i for i in range(40) if not 20 <= i < 30 and i not in (2, 12, 33)]
        expected = {await vectors.chunk(KEYS[i]) for i in left}
        assert {*await asked} == expected
        (held,) = vectors.nearest._held[PROJECT].values()
        assert len(held) == len(left)


async def test_a_chunk_that_dies_between_file_and_index_does_not_stay_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:4])
        written, go_on = asyncio.Event(), asyncio.Event()
        write = vectors.shard.database.write

        async def slowly(fn: Callable[[apsw.Connection], object]) -> object:
            result = await write(fn)
            written.set()
            await go_on.wait()
            return result

        with monkeypatch.context() as patched:
            patched.setattr(vectors.shard.database, "write", slowly)
            putting = asyncio.ensure_future(vectors.put(KEYS[:4], ROWS[:4]))
            await written.wait()
        await vectors.lose(KEYS[3])
        go_on.set()
        await putting
        (held,) = vectors.nearest._held[PROJECT].values()
        assert len(held) == 3


async def test_one_who_waits_for_a_file_survives_that_it_is_dropped(
    tmp_path: Path, gate: Gate
) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:30])
        await vectors.put(KEYS[:30], ROWS[:30])
        await vectors.nearest.drop(PROJECT)
        asked = asyncio.ensure_future(vectors.found(ROWS[0], 100))
        await asyncio.to_thread(gate.reached.wait, 30)
        await vectors.nearest.drop(PROJECT)
        gate.go_on.set()
        assert len(await asked) == 30


async def test_a_file_that_cannot_be_read_is_an_error_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(db: apsw.Connection, embedder: str, after: int) -> Block | None:
        raise Corrupt("it is damaged")

    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:3])
        await vectors.put(KEYS[:3], ROWS[:3])
        await vectors.nearest.drop(PROJECT)
        with monkeypatch.context() as patched:
            patched.setattr(room, "_block", damaged)
            for _ in range(2):
                with pytest.raises(Corrupt):
                    await vectors.found(ROWS[0])
        assert len(await vectors.found(ROWS[0])) == 3


async def test_hashes_whose_chunk_has_just_gone_take_no_place_of_others(tmp_path: Path) -> None:
    """The file says first that they went, the index a moment later."""
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:60])
        await vectors.put(KEYS[:60], ROWS[:60])
        gone = (await vectors.nearest._asked(PROJECT, vectors.shard, "one")).index.search(  # type: ignore[union-attr]
            ROWS[0], 40
        )
        await vectors.shard.database.write(
            lambda db: db.executemany(
                "DELETE FROM chunks WHERE hash=?", [(bytes.fromhex(key),) for key, _ in gone]
            )
        )
        assert len(await vectors.found(ROWS[0], 10)) == 10


async def test_a_question_is_answered_by_vectors_of_its_own_embedder(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:4])
        with_old, with_new = scattered(4), scattered(4, seed=2)
        assert await vectors.found(with_new[0], embedder="two") == []
        await vectors.put(KEYS[:4], with_old, "one")
        with pytest.raises(Unavailable, match="made by one, and the question's by two"):
            await vectors.found(with_new[0], embedder="two")
        assert len(await vectors.found(with_old[0], embedder="one")) == 4
        # From the first new vector on each embedder answers from what it has.
        await vectors.put(KEYS[:3], with_new[:3], "two")
        assert len(await vectors.found(with_new[0], embedder="two")) == 3
        assert await vectors.found(with_old[0], embedder="one") == [await vectors.chunk(KEYS[3])]
        assert await vectors.shard.database.read(kept.count) == 3
        await vectors.put(KEYS[3:4], with_new[3:], "two")
        with pytest.raises(Unavailable, match="made by two, and the question's by one"):
            await vectors.found(with_old[0], embedder="one")
        assert len(await vectors.found(with_new[0], embedder="")) == 4


async def test_within_a_scope_the_nearest_is_exact_and_stands_inside(tmp_path: Path) -> None:
    async with opened(tmp_path, lambda d: FastScanIndex(d, exact_below=500)) as vectors:
        await vectors.cut(*KEYS[:1_000], doc=1)
        await vectors.cut(*KEYS[500:510], doc=2)
        await vectors.cut(KEYS[505], doc=3)
        await vectors.put(KEYS[:1_000], ROWS[:1_000])
        await vectors.nearest.idle()
        inside = await vectors.found(ROWS[505], 5, scope=Scope(path="2.py"))
        sql = "SELECT id FROM chunks WHERE doc=2"
        of_doc = await vectors.shard.database.read(lambda db: db.execute(sql).fetchall())
        assert {*inside} <= {chunk for (chunk,) in of_doc}
        assert inside[0] == of_doc[5][0]
        best = np.argsort(-(ROWS[500:510] @ ROWS[505]))[:5]
        assert inside == [of_doc[int(i)][0] for i in best]
        assert await vectors.found(ROWS[505], 5, scope=Scope(path="4.py")) == []


async def test_a_large_project_is_answered_by_codes_once_they_are_learned(tmp_path: Path) -> None:
    async with opened(tmp_path, lambda d: FastScanIndex(d, exact_below=2_000)) as vectors:
        await vectors.cut(*KEYS)
        await vectors.put(KEYS, ROWS)
        await vectors.nearest.idle()
        (held,) = vectors.nearest._held[PROJECT].values()
        assert isinstance(held.index, FastScanIndex)
        assert held.index.by_codes
        await vectors.lose(*KEYS[:600])
        await vectors.nearest.idle()
        assert held.index.dead_share == 0.0
        assert (await vectors.found(ROWS[700], 1))[0] == await vectors.chunk(KEYS[700])


async def test_a_rebuild_that_fails_is_said_and_the_answers_stay_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, lambda d: FastScanIndex(d, exact_below=1_000)) as vectors:
        await vectors.cut(*KEYS)
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, "faiss", None)
            await vectors.put(KEYS[:1_500], ROWS[:1_500])
            await vectors.nearest.idle()
        (trouble,) = vectors.nearest.troubles()
        assert "faiss cannot be imported" in trouble
        assert vectors.nearest.troubles([]) == ()
        assert "an index of vectors was not rebuilt" in caplog.text
        assert (await vectors.found(ROWS[70], 1))[0] == await vectors.chunk(KEYS[70])
        await vectors.put(KEYS[1_500:], ROWS[1_500:])  # not tried again at once
        assert vectors.nearest.troubles() == (trouble,)
        (held,) = vectors.nearest._held[PROJECT].values()
        held.retry_at_s = 0.0
        await vectors.put(KEYS[:1], ROWS[:1])
        await vectors.nearest.idle()
        assert vectors.nearest.troubles() == ()


async def test_what_is_purged_is_in_no_index_and_in_no_file_on_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:20])
        await vectors.put(KEYS[:20], ROWS[:20])
        made = list(zip(KEYS[:20], ROWS[:20], strict=True))
        await vectors.nearest.keep("one", made)
        await vectors.nearest.keep("two", made)
        await vectors.nearest.purge(PROJECT, vectors.shard, KEYS[3:5])
        assert not any(packed(ROWS[3]) in data for data in files(tmp_path, "embeddings.db*"))
        assert len(await vectors.found(ROWS[3], 50)) == 18
        assert await vectors.shard.database.read(kept.count) == 18


async def test_vectors_on_disk_are_taken_back_many_at_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.nearest.keep("one", list(zip(KEYS, ROWS, strict=True)))
        await vectors.cut(*KEYS)
        writes = vectors.shard.database.writes
        assert await vectors.nearest.lacking(vectors.shard, PROJECT, "one", 1) == []
        assert await vectors.shard.database.read(kept.count) == len(KEYS)
        assert vectors.shard.database.writes - writes == 3
        assert len(await vectors.found(ROWS[0], 5_000)) == len(KEYS)


async def test_a_lake_that_closes_waits_for_no_file_and_no_rebuild(
    tmp_path: Path, gate: Gate
) -> None:
    async with opened(tmp_path) as vectors:
        await vectors.cut(*KEYS[:30])
        await vectors.put(KEYS[:30], ROWS[:30])
        await vectors.nearest.drop(PROJECT)
        asked = asyncio.ensure_future(vectors.found(ROWS[0]))
        await asyncio.to_thread(gate.reached.wait, 30)
        asked.cancel()
        stopping = asyncio.ensure_future(vectors.nearest.stop())
        await asyncio.sleep(0)
        gate.go_on.set()
        await stopping
        assert vectors.nearest.sizes() == {}


_PROGRAM = """
import asyncio, sys
from pathlib import Path
from dragon_node.lake.vectors.fastscan import FastScanIndex
from tests.support.vectors import PROJECT, clustered, keys, opened
KEYS, ROWS = keys(1_200), clustered(3_000)[:1_200]

async def main(place):
    async with opened(place, lambda d: FastScanIndex(d, exact_below=1_000)) as vectors:
        await vectors.cut(*KEYS)
        made = list(zip(KEYS, ROWS, strict=True))
        await vectors.nearest.keep("one", made)
        await vectors.put(KEYS, ROWS)
        await vectors.nearest.idle()
        await vectors.nearest.purge(PROJECT, vectors.shard, KEYS[:5])

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("name", [name for name in FAILPOINTS if name.startswith("vectors.")])
async def test_after_a_kill_at_any_step_everything_is_found_or_purged(
    tmp_path: Path, name: str
) -> None:
    program = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    run = await asyncio.create_subprocess_exec(*program, env=os.environ | {VARIABLE: name})
    assert await run.wait() == -signal.SIGKILL
    async with opened(tmp_path) as vectors:
        await _purge_is_ended(vectors)


async def _purge_is_ended(vectors: Vectors) -> None:
    await vectors.nearest.purge(PROJECT, vectors.shard, KEYS[:5])
    assert len(await vectors.found(ROWS[50], 2_000)) == 1_195
    assert (await vectors.found(ROWS[50], 1))[0] == await vectors.chunk(KEYS[50])
    left = await vectors.nearest._disk.read(lambda db: kept.from_disk(db, "one", KEYS[:1_200]))
    assert len(left) == 1_195
