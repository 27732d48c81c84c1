"""A Dragon's home outlives our versions: what any of them acknowledged is there, and sealed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.keys import SealingKey, sealing_key
from common.errors import Corrupt, Denied
from common.model.ids import ContentHash
from dragon_node.lake import journal_file
from dragon_node.lake.database import Owned
from dragon_node.lake.failpoints import VARIABLE
from dragon_node.lake.formats import JOURNAL, made_ready
from dragon_node.lake.vectors import kept
from tests.support.golden import FORMATS, digest, expected, home_of, plain_in
from tests.support.lake import opened, plain

STEPS = ("migration.settled", "migration.copied", "migration.stepped", "migration.renamed")


def _bytes_in(directory: Path) -> dict[str, bytes]:
    """What says something: a reader may leave SQLite's index of a WAL, and an empty WAL."""
    files = [path for path in directory.iterdir() if path.is_file()]
    held = {path.name: path.read_bytes() for path in files if not path.name.endswith("-shm")}
    return {name: data for name, data in held.items() if data}


def _held(dragon: Path, number: int) -> None:
    """Everything that was acknowledged is in the files."""
    said, key = expected(number), sealing_key(dragon)
    owned = Owned(dragon / "journal.db", synchronous="FULL", key=key)
    rows = owned.connection.execute(
        """SELECT lsn, origin, seq, kind, node, project, project_name, at_ms, body
           FROM records ORDER BY lsn"""
    )
    assert [[*row[:8], digest(row[8])] for row in rows] == said["records"]
    blobs = owned.connection.execute("SELECT hash FROM blobs ORDER BY hash")
    assert [row[0].hex() for row in blobs] == said["blobs"]
    assert ("id", said["id"]) in owned.connection.execute("SELECT * FROM meta").fetchall()
    owned.close()
    owned = Owned(dragon / "embeddings.db", synchronous="FULL", key=key)
    vectors = owned.connection.execute(
        "SELECT embedder, hash, vector FROM embeddings ORDER BY hash"
    )
    assert [[row[0], row[1].hex(), digest(row[2])] for row in vectors] == said["vectors"]
    owned.close()


@pytest.mark.parametrize("number", FORMATS)
async def test_everything_acknowledged_is_there_and_nothing_is_plain(
    tmp_path: Path, number: int
) -> None:
    dragon = home_of(number, tmp_path / "home") / "dragon"
    said = expected(number)
    async with opened(dragon, ram=plain(tmp_path / "ram")) as lake:
        assert lake.applied == len(said["records"])
        for content in said["blobs"]:
            assert b"golden needle" in (await lake.blob(ContentHash(content)) or b"")
        assert plain_in(dragon) == []
    assert plain_in(dragon) == []
    _held(dragon, number)


def test_the_control_case_is_plain(tmp_path: Path) -> None:
    dragon = home_of(1, tmp_path / "home") / "dragon"
    assert "journal.db-wal: golden needle" in plain_in(dragon)
    assert "journal.db: SQLite format 3" in plain_in(dragon)


@pytest.mark.parametrize("number", FORMATS)
async def test_a_home_that_was_brought_up_is_not_touched_again(tmp_path: Path, number: int) -> None:
    dragon = home_of(number, tmp_path / "home") / "dragon"
    await made_ready(dragon)
    before = _bytes_in(dragon)
    await made_ready(dragon)
    assert _bytes_in(dragon) == before


async def test_a_file_that_was_brought_up_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    old = home_of(1, tmp_path / "home") / "dragon"
    key = await made_ready(old)
    (tmp_path / "new").mkdir()
    await made_ready(tmp_path / "new", key)
    for name, schema in (("journal.db", journal_file.SCHEMA), ("embeddings.db", kept.DISK_SCHEMA)):
        old_tables, new_tables = (
            _tables(directory / name, key, schema) for directory in (old, tmp_path / "new")
        )
        assert old_tables == new_tables


def _tables(path: Path, key: SealingKey, schema: str) -> list[object]:
    owned = Owned(path, synchronous="FULL", key=key)
    brought = [row[0] for row in owned.connection.execute("SELECT name FROM sqlite_schema")]
    owned.connection.execute(schema)
    rows = owned.connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    settings = [owned.connection.pragma(name) for name in ("user_version", "auto_vacuum")]
    owned.close()
    assert not brought or len(brought) == len(rows), "the migration left tables to the schema"
    return [*settings, *((name, "".join((sql or "").split())) for name, sql in rows)]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_nothing_is_lost(tmp_path: Path, step: str, count: int) -> None:
    """Twice: the journal is the first file that is brought up, the embeddings are the second."""
    dragon = home_of(1, tmp_path / "home") / "dragon"
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from dragon_node.lake.formats import made_ready\n"
        "asyncio.run(made_ready(Path(sys.argv[1])))"
    )
    died = subprocess.run(
        [sys.executable, "-c", program, str(dragon)],
        env={**os.environ, VARIABLE: f"{step}:{count}"},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    asyncio.run(made_ready(dragon))
    _held(dragon, 1)
    assert plain_in(dragon) == []
    assert not [path for path in dragon.iterdir() if path.name.endswith(".copying")]


def test_a_file_killed_inside_a_transaction_is_brought_up_as_it_was_before(tmp_path: Path) -> None:
    """As when it was killed on its way out of WAL mode: a rollback journal has to be undone."""
    dragon = home_of(1, tmp_path / "home") / "dragon"
    program = (
        "import apsw, os, signal, sys\n"
        "db = apsw.Connection(sys.argv[1])\n"
        "db.pragma('journal_mode', 'delete')\n"
        "db.pragma('cache_size', 1)\n"
        "db.execute('BEGIN; UPDATE records SET body=zeroblob(9000)')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, str(dragon / "journal.db")], check=False)
    assert (dragon / "journal.db-journal").stat().st_size
    assert b"\0" * 4000 in (dragon / "journal.db").read_bytes()
    asyncio.run(made_ready(dragon))
    _held(dragon, 1)


async def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    dragon = home_of(1, tmp_path / "home") / "dragon"
    key = await made_ready(dragon)
    owned = Owned(dragon / "journal.db", synchronous="FULL", key=key)
    owned.connection.pragma("user_version", JOURNAL.version + 1)
    owned.close()
    before = _bytes_in(dragon)
    with pytest.raises(Corrupt, match=r"journal\.db was made by a newer version") as refused:
        await made_ready(dragon)
    assert "Update" in refused.value.hint
    assert _bytes_in(dragon) == before


async def test_a_newer_plain_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    dragon = tmp_path / "dragon"
    dragon.mkdir()
    owned = Owned(dragon / "journal.db", synchronous="FULL")
    owned.connection.execute("CREATE TABLE t(x)")
    owned.connection.pragma("user_version", JOURNAL.version + 1)
    owned.close()
    sealing_key(dragon)
    before = (dragon / "journal.db").read_bytes()
    with pytest.raises(Corrupt, match="newer"):
        await made_ready(dragon)
    assert (dragon / "journal.db").read_bytes() == before


async def test_without_its_key_nothing_is_opened_and_nothing_changed(tmp_path: Path) -> None:
    dragon = home_of(1, tmp_path / "home") / "dragon"
    await made_ready(dragon)
    (dragon / "key").unlink()
    before = _bytes_in(dragon)
    with pytest.raises(Denied, match="key"):
        async with opened(dragon, ram=plain(tmp_path / "ram")):
            pass
    assert _bytes_in(dragon) == before


async def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path) -> None:
    dragon = home_of(1, tmp_path / "home") / "dragon"
    await made_ready(dragon)
    data = bytearray((dragon / "journal.db").read_bytes())
    data[100] ^= 1
    (dragon / "journal.db").write_bytes(data)
    before = _bytes_in(dragon)
    with pytest.raises(Corrupt, match=r"journal\.db"):
        await made_ready(dragon)
    assert _bytes_in(dragon) == before
