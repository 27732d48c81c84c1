"""All that a Dragon writes to its SSD, and a search over its raw bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.support.lake import Laptop, contents, opened, plain, ran, saved, seen

NEEDLE = "quiet_needle"
TEXT = f"def {NEEDLE}():\n    return 'a word that is kept'\n"


def _with_needle(directory: Path) -> list[str]:
    found = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return [path.name for path in found if NEEDLE.encode() in path.read_bytes()]


async def test_nothing_that_was_recorded_can_be_read_on_the_ssd(tmp_path: Path) -> None:
    """Journal, vectors, a snapshot's copies, a project that sleeps and a backup of it all."""
    ssd, ram, backup = tmp_path / "ssd", tmp_path / "ram", tmp_path / "backup"
    ssd.mkdir()
    async with opened(ssd, ram=plain(ram)) as lake:
        laptop = Laptop(lake)
        await laptop.send(seen(), saved("a.py", TEXT), blobs=contents(TEXT))
        await laptop.send(ran(f"pytest -k {NEEDLE}", text=f"E {NEEDLE} failed\n"))
        bare = await lake.unembedded("drawn", 10)
        vector = np.eye(384, dtype=np.float32)[0]
        await lake.put_vectors("drawn", [(content, vector) for content, _ in bare])
        assert _with_needle(ram), "the control case: in memory it is plain"
        async for _ in lake.snapshot():
            assert _with_needle(ssd) == []
        async for _ in lake.backup(backup, tmp_path / "key-of-the-backup"):
            assert _with_needle(backup) == []
        await lake.sleep("thing")
        assert _with_needle(ram) == []
        assert _with_needle(ssd) == []
        assert list((ssd / "shelf").iterdir())
    assert _with_needle(ssd) + _with_needle(backup) == []
    assert not [p for p in (*ssd.rglob("*.db"),) if p.read_bytes()[:6] == b"SQLite"]
