"""SQLite files that are sealed page by page, and copies of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from common.daemon.keys import SealingKey
from common.errors import Corrupt
from common.sealed_sqlite import copied
from dragon_node.lake.database import Database, Owned, Readers, copy_from, copy_to

KEY = SealingKey(b"k" * 32)
OTHER = SealingKey(b"o" * 32)
NEEDLE = "a needle that nobody else may read"
SCHEMA = """
CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, x TEXT);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(
  x, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
"""


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    """Reader threads, closed afterwards."""
    made = Readers()
    yield made
    await made.close()


def _fill(db: apsw.Connection) -> None:
    for number in range(500):
        db.execute("INSERT INTO t VALUES(?,?)", (2 * number, f"{NEEDLE} {number}"))
        db.execute("INSERT INTO words(rowid, x) VALUES(?,?)", (2 * number, f"{NEEDLE} {number}"))
    db.execute("DELETE FROM t WHERE id<20")


def _found(db: apsw.Connection) -> list[int]:
    sql = 'SELECT id FROM t JOIN words ON words.rowid=t.id WHERE words MATCH \'"nee" "edl"\''
    return [row[0] for row in db.execute(f"{sql} ORDER BY id")]


def _plain_in(directory: Path) -> list[str]:
    shown = (NEEDLE.encode(), b"SQLite format 3", b"CREATE TABLE")
    return [
        path.name
        for path in directory.iterdir()
        if any(word in path.read_bytes() for word in shown)
    ]


async def test_no_plain_byte_is_on_disk_while_it_is_open_nor_after(
    tmp_path: Path, readers: Readers
) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA, key=KEY)
    await db.write(_fill)
    assert len(await db.read(_found)) == 490
    assert (tmp_path / "x.db-wal").stat().st_size > 0
    assert _plain_in(tmp_path) == []
    await db.close()
    assert _plain_in(tmp_path) == []


async def test_the_control_case_has_plain_bytes(tmp_path: Path, readers: Readers) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA)
    await db.write(_fill)
    assert "x.db-wal" in _plain_in(tmp_path)
    await db.close()


@pytest.mark.parametrize("key", [OTHER, None])
def test_another_key_opens_nothing_and_changes_nothing(
    tmp_path: Path, key: SealingKey | None
) -> None:
    path = tmp_path / "x.db"
    owned = Owned(path, synchronous="FULL", key=KEY)
    owned.connection.execute(SCHEMA)
    owned.close()
    before = path.read_bytes()
    with pytest.raises((Corrupt, apsw.NotADBError)) as refused:
        Owned(path, synchronous="FULL", key=key)
    if key is not None:
        assert str(path) in str(refused.value)
        assert key.id in str(refused.value)
    assert path.read_bytes() == before


async def test_every_page_with_a_changed_bit_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    owned = Owned(path, synchronous="OFF", key=KEY)
    owned.connection.execute(SCHEMA)
    _fill(owned.connection)
    owned.connection.execute("VACUUM")  # nobody reads a page that is free
    owned.close()
    whole = path.read_bytes()
    for page in range(len(whole) // 4096):
        changed = bytearray(whole)
        changed[page * 4096 + 2048] ^= 1
        (tmp_path / "y.db").write_bytes(changed)
        with pytest.raises(Corrupt, match=r"y\.db"):
            copied(tmp_path / "y.db", KEY, tmp_path / "z.db", None)
        assert not (tmp_path / "z.db").exists()


async def test_a_live_plain_file_is_copied_sealed_and_comes_back(
    tmp_path: Path, readers: Readers
) -> None:
    (tmp_path / "ram").mkdir()
    (tmp_path / "ssd").mkdir()
    db = await Database.open(tmp_path / "ram/x.db", readers, schema=SCHEMA)
    await db.write(_fill)
    await copy_to(db, tmp_path / "ssd/x", KEY)
    await db.write(lambda connection: connection.execute("DELETE FROM t").close())
    assert _plain_in(tmp_path / "ssd") == []
    assert (tmp_path / "ssd/x").stat().st_mode & 0o777 == 0o600
    await copy_from(tmp_path / "ssd/x", KEY, tmp_path / "ram/back.db")
    back = await Database.open(tmp_path / "ram/back.db", readers, schema=SCHEMA)
    assert await back.read(_found) == list(range(20, 1000, 2))
    assert [p.name for p in (tmp_path / "ssd").iterdir()] == ["x"]
    await db.close()
    await back.close()


async def test_a_sealed_file_is_copied_under_another_key(tmp_path: Path, readers: Readers) -> None:
    db = await Database.open(tmp_path / "x.db", readers, schema=SCHEMA, key=KEY)
    await db.write(_fill)
    await copy_to(db, tmp_path / "y.db", OTHER)
    await db.close()
    with pytest.raises(Corrupt):
        Owned(tmp_path / "y.db", synchronous="OFF", key=KEY)
    owned = Owned(tmp_path / "y.db", synchronous="OFF", key=OTHER)
    assert len(_found(owned.connection)) == 490
    owned.close()


def test_a_copy_that_cannot_be_made_says_nothing_of_the_key(tmp_path: Path) -> None:
    owned = Owned(tmp_path / "x.db", synchronous="OFF", key=KEY)
    owned.connection.execute(SCHEMA)
    owned.close()
    for to in (tmp_path / "none" / "y.db", tmp_path / "y?b#c%d.db"):
        try:
            copied(tmp_path / "x.db", KEY, to, KEY)
        except (OSError, Corrupt) as error:
            said = f"{error} {error.__cause__} {error.__context__}"
            assert KEY.derived("pdv sqlite 1").hex() not in said
    assert (tmp_path / "y?b#c%d.db").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".copying")]
