"""A full tmpfs is an error that can be caught: SIGBUS would end the Dragon without a word.

Each claim is tried in a process of its own, because the counter-example kills it.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dragon_node.lake.ramdisk import mounts
from tests.support.ramdisks import mounted_or_skipped

TMPFS_BYTES = 4 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 4 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted_or_skipped(place, TMPFS_BYTES)
    yield place
    mounts.unmount(place)


def test_control_a_sparse_file_mapped_beyond_a_full_tmpfs_ends_the_process(small: Path) -> None:
    ended = _run(
        small,
        """
        import mmap
        with open(place / "sparse", "w+b") as file:
            file.truncate(8 << 20)
            mapped = mmap.mmap(file.fileno(), 0)
            for at in range(0, 8 << 20, 4096):
                mapped[at] = 1
        """,
    )
    assert ended.returncode == -signal.SIGBUS


def test_a_file_that_is_set_aside_before_it_is_mapped_is_refused_with_numbers(small: Path) -> None:
    ended = _run(
        small,
        """
        from common.errors import OverLimit
        from dragon_node.lake.ramdisk import set_aside
        try:
            set_aside(place / "whole", 8 << 20)
        except OverLimit as error:
            print(error.message)
        print((place / "whole").exists())
        """,
    )
    assert "has no 8,388,608 bytes left" in ended.stdout
    assert ended.stdout.endswith("False\n")
    assert ended.returncode == 0


def test_sqlite_with_its_wal_and_shared_memory_survives_a_full_tmpfs(small: Path) -> None:
    """The -shm file is mapped and grows with the WAL: SQLite writes each page of it first."""
    ended = _run(
        small,
        """
        import apsw
        refused = 0
        db = apsw.Connection(str(place / "memory.db"))
        db.execute("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x)").get
        reader = apsw.Connection(str(place / "memory.db"))
        for size in (1 << 16, 1 << 12, 1):
            for _ in range(20_000):
                try:
                    db.execute("INSERT INTO t VALUES(randomblob(?))", (size,))
                except (apsw.FullError, apsw.IOError):
                    refused += 1
                    break
        rows = reader.execute("SELECT count(*) FROM t").get
        print("refused", refused, "kept", rows > 0)
        """,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "refused 3 kept True\n"


def test_sqlite_opened_on_a_tmpfs_without_a_page_left_says_so(small: Path) -> None:
    """Not even the first page of -shm: no mapping is made of what is not there."""
    ended = _run(
        small,
        """
        import apsw
        db = apsw.Connection(str(place / "memory.db"))
        db.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1)").get
        db.close()
        with open(place / "others", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        from common.errors import OverLimit
        from dragon_node.lake.database import said_plainly
        try:
            with said_plainly(place / "memory.db"):
                apsw.Connection(str(place / "memory.db")).execute("INSERT INTO t VALUES(2)")
        except OverLimit as error:
            print("refused as full, not as damaged")
        """,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("refused as full"), ended.stdout


def test_tantivy_survives_a_full_tmpfs_and_what_was_committed_is_found(small: Path) -> None:
    ended = _run(
        small,
        """
        import os, tantivy
        schema = tantivy.SchemaBuilder().add_text_field("body", stored=True).build()
        index = tantivy.Index(schema, path=str(place))
        writer = index.writer(heap_size=15_000_000, num_threads=1)
        writer.add_document(tantivy.Document(body="needle"))
        writer.commit()
        index.reload()
        refused = False
        try:
            for _ in range(200):
                for _ in range(50):
                    writer.add_document(tantivy.Document(body=os.urandom(2_000).hex()))
                writer.commit()
        except ValueError:
            refused = True
        found = index.searcher().search(index.parse_query("needle", ["body"]), 1).hits
        print("refused", refused, "found", len(found))
        """,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "refused True found 1\n"


def _run(place: Path, script: str) -> subprocess.CompletedProcess[str]:
    lines = ["from pathlib import Path", f"place = Path({str(place)!r})"]
    lines += [line.removeprefix("        ") for line in script.splitlines()]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[5],
    )
