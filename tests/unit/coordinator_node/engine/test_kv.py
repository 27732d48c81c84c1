"""What every engine behind Kv promises; a fake would have to pass it too."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from common.errors import Conflict, Corrupt
from coordinator_node.engine.ports import Kv
from coordinator_node.engine.sqlite_engine import open_sqlite


@pytest.fixture(params=["sqlite"])
def path(tmp_path: Path) -> Path:
    """Where the engine under test keeps its state."""
    return tmp_path / "state.db"


async def test_what_was_put_is_there_after_a_restart(path: Path) -> None:
    async with open_sqlite(path) as engine:
        kv = engine.kv
        revision = await kv.put("a", b"\x00one")
    async with open_sqlite(path) as engine:
        kv = engine.kv
        entry = await kv.get("a")
        assert entry is not None
        assert (entry.value, entry.revision) == (b"\x00one", revision)
        assert await kv.get("b") is None


async def test_a_revision_rises_with_every_write_of_any_key(path: Path) -> None:
    async with open_sqlite(path) as engine:
        kv = engine.kv
        revisions = [await kv.put(key, b"") for key in ("a", "b", "a")]
    async with open_sqlite(path) as engine:
        kv = engine.kv
        revisions.append(await kv.put("b", b""))
    assert revisions == sorted(set(revisions))


async def test_a_put_with_a_wrong_revision_changes_nothing(path: Path) -> None:
    async with open_sqlite(path) as engine:
        kv = engine.kv
        first = await kv.put("a", b"1", expected=0)
        with pytest.raises(Conflict):
            await kv.put("a", b"2", expected=0)
        with pytest.raises(Conflict):
            await kv.put("b", b"2", expected=first)
        assert await kv.put("a", b"2", expected=first) > first
        with pytest.raises(Conflict):
            await kv.put("a", b"3", expected=first)
        entry = await kv.get("a")
        assert entry is not None
        assert entry.value == b"2"


async def test_entries_are_those_of_the_prefix_by_key(path: Path) -> None:
    async with open_sqlite(path) as engine:
        kv = engine.kv
        for key in ("code/b", "code/a", "codes", "cod", "member/x", "code/c"):
            await kv.put(key, key.encode())
        assert [entry.key for entry in await kv.entries("code/")] == ["code/a", "code/b", "code/c"]
        assert await kv.entries("x") == ()


async def test_of_two_who_expect_the_same_revision_one_wins(path: Path) -> None:
    """Also across processes, which is how an owner's command and the daemon share the file."""
    async with open_sqlite(path) as one, open_sqlite(path) as other:

        async def attempt(kv: Kv) -> int:
            return await kv.put("a", b"", expected=0)

        tries = (attempt(kv) for kv in (one.kv, other.kv) * 4)
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(result, int) for result in results) == 1
        assert sum(isinstance(result, Conflict) for result in results) == 7


async def test_a_file_that_is_no_state_is_said_to_be_corrupt(path: Path) -> None:
    path.write_bytes(b"not a database" * 100)  # noqa: ASYNC240
    with pytest.raises(Corrupt):
        async with open_sqlite(path):
            pass


async def test_the_state_is_for_its_owner_only(path: Path) -> None:
    """It holds the keys that sign tickets."""
    async with open_sqlite(path) as engine:
        kv = engine.kv
        await kv.put("a", b"")
        assert path.stat().st_mode & 0o077 == 0  # noqa: ASYNC240
