"""A file knows how far it has come, and is not trusted when it comes from elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from common.errors import Corrupt, OverLimit
from common.model.ids import Origin, ProjectId
from dragon_node.lake.database import Readers
from dragon_node.lake.records import Note
from dragon_node.lake.shards import FORMAT_VERSION, LOG_PAGES, META, Shard, Step

SCHEMA = META + "CREATE TABLE IF NOT EXISTS t(lsn INTEGER);"


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    """Reader threads, closed afterwards."""
    made = Readers()
    yield made
    await made.close()


def _steps(*lsns: int) -> list[Step]:
    return [Step(lsn, Origin(""), lsn, ProjectId("p"), "", 0, b"", Note("test")) for lsn in lsns]


def _put(db: apsw.Connection, steps: Sequence[Step]) -> None:
    db.executemany("INSERT INTO t VALUES(?)", [(step.lsn,) for step in steps])


async def _lsns(shard: Shard) -> list[int]:
    return await shard.database.read(
        lambda db: [row[0] for row in db.execute("SELECT lsn FROM t ORDER BY rowid")]
    )


async def _open(path: Path, readers: Readers, journal: str = "j", last_lsn: int = 100) -> Shard:
    return await Shard.open(path, readers, schema=SCHEMA, journal=journal, last_lsn=last_lsn)


async def test_a_record_is_applied_once_however_often_it_is_offered(
    tmp_path: Path, readers: Readers
) -> None:
    shard = await _open(tmp_path / "s.db", readers)
    await shard.apply(_steps(1, 2), _put)
    await shard.apply(_steps(1, 2, 5), _put)
    assert await shard.apply(_steps(5), _put) is None
    assert await _lsns(shard) == [1, 2, 5]
    await shard.database.close()


async def test_how_far_it_has_come_is_written_with_what_it_says(
    tmp_path: Path, readers: Readers
) -> None:
    shard = await _open(tmp_path / "s.db", readers)
    await shard.apply(_steps(1), _put)

    def half(db: apsw.Connection, steps: Sequence[Step]) -> None:
        _put(db, steps)
        raise OverLimit("full")

    with pytest.raises(OverLimit):
        await shard.apply(_steps(2), half)
    assert shard.applied == 1
    await shard.database.close()
    again = await _open(tmp_path / "s.db", readers)
    assert (again.applied, again.generation) == (1, shard.generation)
    assert await _lsns(again) == [1]
    await again.database.close()


@pytest.mark.parametrize(
    ("journal", "last_lsn"), [("another", 100), ("j", 0)], ids=["another journal", "ahead of it"]
)
async def test_a_file_that_disagrees_with_the_journal_is_not_opened(
    tmp_path: Path, readers: Readers, journal: str, last_lsn: int
) -> None:
    shard = await _open(tmp_path / "s.db", readers)
    await shard.apply(_steps(1), _put)
    await shard.database.close()
    with pytest.raises(Corrupt, match=r"s\.db"):
        await _open(tmp_path / "s.db", readers, journal, last_lsn)


async def _of_format(path: Path, readers: Readers, version: int) -> None:
    shard = await _open(path, readers)
    stamp = f"j {version}"
    await shard.database.write(
        lambda db: db.execute("UPDATE meta SET value=? WHERE name='stamp'", (stamp,))
    )
    await shard.database.close()


async def test_a_file_of_an_older_format_is_migrated_while_it_is_closed(
    tmp_path: Path, readers: Readers
) -> None:
    path = tmp_path / "s.db"
    await _of_format(path, readers, FORMAT_VERSION - 1)
    asked: list[int] = []

    def migrate(path: Path, version: int) -> None:
        asked.append(version)
        with closing(apsw.Connection(str(path))) as db:
            db.execute("INSERT INTO t VALUES(7)")

    shard = await Shard.open(
        path, readers, schema=SCHEMA, journal="j", last_lsn=100, migrate=migrate
    )
    assert (asked, await _lsns(shard)) == ([FORMAT_VERSION - 1], [7])
    await shard.database.close()
    await (await _open(path, readers)).database.close()  # it says its new format now


@pytest.mark.parametrize("version", [FORMAT_VERSION - 1, FORMAT_VERSION + 1])
async def test_another_format_is_said_with_both_numbers(
    tmp_path: Path, readers: Readers, version: int
) -> None:
    await _of_format(tmp_path / "s.db", readers, version)
    with pytest.raises(Corrupt, match=f"has format {version} and .* makes {FORMAT_VERSION}"):
        await _open(tmp_path / "s.db", readers)


async def test_a_large_write_leaves_no_log_behind(tmp_path: Path, readers: Readers) -> None:
    """It would take as much memory as the file itself, in every project."""
    shard = await _open(tmp_path / "s.db", readers)

    def put(db: apsw.Connection, steps: Sequence[Step]) -> None:
        db.executemany("INSERT INTO t VALUES(?)", [(i,) for i in range(200_000)])

    await shard.apply(_steps(1), put)
    assert (tmp_path / "s.db").stat().st_size > 1 << 20
    assert (tmp_path / "s.db-wal").stat().st_size <= (LOG_PAGES + 1) * 4_120
    await shard.database.close()


async def test_a_reader_does_not_hold_up_who_writes(tmp_path: Path, readers: Readers) -> None:
    shard = await _open(tmp_path / "s.db", readers)
    await shard.apply(_steps(1), _put)
    reading, go_on = threading.Event(), threading.Event()

    def read(db: apsw.Connection) -> int:
        seen: int = db.execute("SELECT count(*) FROM t").get
        reading.set()
        go_on.wait(30)
        return seen

    def put(db: apsw.Connection, steps: Sequence[Step]) -> None:
        db.executemany("INSERT INTO t VALUES(?)", [(i,) for i in range(200_000)])

    slow = asyncio.create_task(shard.database.read(read))
    await asyncio.to_thread(reading.wait)
    await shard.apply(_steps(2), put)
    assert not slow.done()
    go_on.set()
    assert await slow == 1
    await shard.database.close()
