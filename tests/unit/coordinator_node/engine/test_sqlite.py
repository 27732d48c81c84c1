"""The engine in a SQLite file: the suite, and what only a file can promise."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from common.errors import Conflict, Corrupt
from coordinator_node.engine.ports import Engine, Job
from coordinator_node.engine.sqlite_engine import open_sqlite
from tests.support.coordinator_engine_suite import Bench, CoordinatorEngineSuite

OLDER = """
CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE TABLE last (revision INTEGER NOT NULL);
INSERT INTO last VALUES (7);
INSERT INTO kv VALUES ('member/a', x'01', 3), ('code/b', x'02', 7);
"""


class HandClock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


class FileBench(Bench):
    """Clients with a connection each, as of several processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = HandClock()

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Engine]:
        async with open_sqlite(self.path, self.clock) as engine:
            yield engine

    def lapse(self, seconds: float) -> None:
        self.clock.ms += round(seconds * 1000)


class TestSqlite(CoordinatorEngineSuite):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> FileBench:
        return FileBench(tmp_path / "state.db")


async def test_a_file_of_the_older_layout_opens_as_it_is(tmp_path: Path) -> None:
    """And the older program can still use it: what it knows has not changed."""
    path = tmp_path / "state.db"
    with apsw.Connection(str(path)) as old:
        old.execute(OLDER).fetchall()
    async with open_sqlite(path) as engine:
        entry = await engine.kv.get("member/a")
        assert entry is not None
        assert (entry.value, entry.revision) == (b"\x01", 3)
        assert await engine.kv.put("code/c", b"\x03", expected=0) == 8
        assert await engine.queue.submit("q", Job("j", b""))
    rows = apsw.Connection(str(path)).execute("SELECT key, value, revision FROM kv").fetchall()
    assert rows == [("code/b", b"\x02", 7), ("code/c", b"\x03", 8), ("member/a", b"\x01", 3)]


async def test_a_file_that_is_no_state_is_said_to_be_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(Corrupt):
        async with open_sqlite(path):
            pass


async def test_two_that_open_a_new_file_at_once_both_have_it(tmp_path: Path) -> None:
    async def opened(path: Path, who: str) -> None:
        async with open_sqlite(path) as engine:
            await engine.kv.put(who, b"")

    for number in range(30):
        path = tmp_path / f"{number}.db"
        await asyncio.gather(opened(path, "a"), opened(path, "b"))
        async with open_sqlite(path) as engine:
            assert [each.key for each in await engine.kv.entries("")] == ["a", "b"]


async def test_the_state_is_for_its_owner_only(tmp_path: Path) -> None:
    """It holds the keys that sign tickets."""
    path = tmp_path / "state.db"
    async with open_sqlite(path) as engine:
        await engine.kv.put("a", b"")
        assert path.stat().st_mode & 0o077 == 0


async def test_a_clock_that_was_set_back_makes_nothing_longer_than_its_term(
    tmp_path: Path,
) -> None:
    """A lease, a claim and a delay are at most their term away, an hour's jump or not."""
    bench = FileBench(tmp_path / "state.db")
    async with bench.client() as engine:
        await engine.leases.acquire("n", "a", 3)
        await engine.queue.submit("q", Job("claimed", b"", 9))
        await engine.queue.claim("q", "w", (), 3)
        await engine.queue.submit("q", Job("delayed", b""), delay_s=3)
        bench.lapse(-3600)
        with pytest.raises(Conflict):
            await engine.leases.acquire("n", "b", 3)
        assert await engine.queue.claim("q", "w", (), 3) == ()
        bench.lapse(3)
        assert await engine.leases.held("n") is None
        claimed = await engine.queue.claim("q", "w", (), 3, limit=5)
        assert [each.job.id for each in claimed] == ["claimed", "delayed"]


async def test_a_job_that_was_done_is_remembered_for_ten_minutes_at_least(
    tmp_path: Path,
) -> None:
    bench = FileBench(tmp_path / "state.db")
    async with bench.client() as engine:
        await engine.queue.submit("q", Job("j", b""))
        (claimed,) = await engine.queue.claim("q", "w", (), 60)
        await engine.queue.ack("q", claimed.token)
        bench.lapse(600)
        assert not await engine.queue.submit("q", Job("j", b""))
        bench.lapse(3600)
        assert await engine.queue.submit("q", Job("j", b""))
