"""A search that finds the text wherever it can be, so that not finding it says something."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import apsw
import pytest
import zstandard

from common.daemon.keys import SealingKey
from common.sealed_sqlite import unlock
from dragon_node.lake.forgetting import proof
from dragon_node.lake.forgetting.proof import Search

TEXT = 'a "secret" to find'
KEY = SealingKey(b"k" * 32)
FRAMES = b"".join(
    zstandard.ZstdCompressor().compress(part) for part in (b"x" * 50, b'a "sec', b'ret" to find')
)


def _found(directory: Path) -> list[str]:
    searched = Search(TEXT, KEY).through([directory])
    assert not searched.unread
    return [Path(each).name for each in searched.found]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_in_the_bytes_of_any_file(encoding: str, tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "some.bin").write_bytes(b"\x00" * 99 + TEXT.encode(encoding) + b"\xff")
    (deep / "innocent.bin").write_bytes(b"a secret to find")
    assert _found(tmp_path) == ["some.bin"]


def test_across_the_pieces_that_a_large_file_is_read_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "PIECE_BYTES", 64)
    for shift in range(70):
        (tmp_path / f"{shift:02}").write_bytes(b"." * shift + TEXT.encode() + b"." * 90)
    assert len(_found(tmp_path)) == 70


@pytest.mark.parametrize(
    "value",
    [
        TEXT,
        TEXT.encode("utf-16-le"),
        zstandard.ZstdCompressor().compress(TEXT.encode()),
        FRAMES,
        zlib.compress(TEXT.encode()),
        json.dumps({"message": TEXT}),
    ],
    ids=["text", "bytes", "zstd", "zstd frames", "zlib", "json"],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_in_a_value_of_a_table(value: str | bytes, sealed: bool, tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    db = apsw.Connection(str(path))
    if sealed:
        unlock(db, path, KEY)
    db.execute('CREATE TABLE "odd name"(a, b)')
    db.execute('INSERT INTO "odd name" VALUES(1, ?)', (value,))
    db.close()
    assert _found(tmp_path) == ["some.db"]


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"sealed with another key" * 300)
    searched = Search(TEXT, KEY).through([tmp_path])
    assert not searched.found
    assert len(searched.unread) == 1
    assert "other.db" in searched.unread[0]
