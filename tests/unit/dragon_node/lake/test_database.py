"""One SQLite file and its threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import psutil
import pytest

from common.errors import Corrupt, OverLimit
from dragon_node.lake import database as database_room
from dragon_node.lake.database import Database, Owned, Readers

SCHEMA = "CREATE TABLE IF NOT EXISTS t(x INTEGER);"


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    """Reader threads, closed afterwards."""
    made = Readers()
    yield made
    await made.close()


def _put(value: int, db: apsw.Connection) -> None:
    db.execute("INSERT INTO t VALUES(?)", (value,))


def _all(db: apsw.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT x FROM t ORDER BY rowid")]


async def test_a_connection_is_refused_to_other_threads(tmp_path: Path) -> None:
    owned = Owned(tmp_path / "x.db", synchronous="OFF")
    said: list[BaseException] = []

    def elsewhere() -> None:
        try:
            owned.connection.execute("SELECT 1")
        except AssertionError as error:
            said.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert len(said) == 1
    owned.close()


async def test_writes_are_in_the_order_of_asking_and_on_one_thread(
    tmp_path: Path, readers: Readers
) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)
    threads: set[int] = set()

    def put(value: int) -> None:
        def write(connection: apsw.Connection) -> None:
            threads.add(threading.get_ident())
            _put(value, connection)

        group.create_task(db.write(write))

    async with asyncio.TaskGroup() as group:
        for value in range(50):
            put(value)
    assert await db.read(_all) == list(range(50))
    assert len(threads) == 1
    assert threading.get_ident() not in threads
    await db.close()


async def test_what_fails_leaves_nothing(tmp_path: Path, readers: Readers) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)

    def half(connection: apsw.Connection) -> None:
        _put(1, connection)
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        await db.write(half)
    await db.write(lambda connection: _put(2, connection))
    assert await db.read(_all) == [2]
    await db.close()


async def test_a_reader_cannot_write(tmp_path: Path, readers: Readers) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)
    with pytest.raises(apsw.ReadOnlyError):
        await db.read(lambda connection: _put(1, connection))
    await db.close()


async def test_full_is_over_limit_and_damaged_is_corrupt(tmp_path: Path, readers: Readers) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)
    await db.write(lambda connection: connection.pragma("max_page_count", 1))
    with pytest.raises(OverLimit):
        await db.write(
            lambda connection: connection.execute(
                "INSERT INTO t SELECT value FROM json_each(?)", (str(list(range(5_000))),)
            )
        )
    await db.close()
    (tmp_path / "y.db").write_bytes(b"not SQLite at all" * 500)
    with pytest.raises(Corrupt):
        await Database.open(tmp_path / "y.db", readers, schema=SCHEMA)


async def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path, readers: Readers) -> None:
    for value in (1, 2):
        db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)
        await db.write(lambda connection, value=value: _put(value, connection))
        assert await db.read(_all) == [value]
        await db.close()
        (tmp_path / "x.db").unlink()


async def test_a_reader_keeps_a_limited_number_of_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_room, "CONNECTIONS_A_READER", 2)
    readers = Readers(threads=1)
    files = [await Database.open(tmp_path / f"{i}.db", readers, schema=SCHEMA) for i in range(5)]
    for _ in range(2):
        for db in files:
            assert await db.read(_all) == []
    assert len(readers._threads[0]._held) == 2
    for db in files:
        await db.close()
    await readers.close()


async def test_a_released_file_is_open_nowhere(tmp_path: Path) -> None:
    """A removed file of a tmpfs takes memory for as long as somebody has it open."""
    readers = Readers()
    path = tmp_path / "a.db"
    db = await Database.open(path, readers, schema="CREATE TABLE IF NOT EXISTS t(x);")
    await asyncio.gather(*(db.read(lambda c: c.execute("SELECT * FROM t").get) for _ in range(9)))
    await readers.release(path)
    await db.close()
    assert str(path) not in [each.path for each in psutil.Process().open_files()]
    assert not path.with_name("a.db-wal").exists(), "who closes last folds the log back"
    await readers.close()
