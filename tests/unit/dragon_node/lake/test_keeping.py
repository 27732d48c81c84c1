"""What is kept, where and how old it is."""

from __future__ import annotations

from pathlib import Path

from common.model.lake import KeptItem
from dragon_node.failures.memory import FailureMemory
from tests.support.forgetting import failing
from tests.support.lake import Laptop, contents, event, opened, saved, seen


async def test_everything_that_lies_on_a_disk_is_told_with_its_age_and_its_end(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, appliers=(FailureMemory(),)) as lake:
        laptop = Laptop(lake)
        await laptop.send(
            event(seen(), at_ms=10),
            event(saved("a.py", "x = 1\n"), at_ms=20),
            event(failing("boom"), at_ms=30),
            blobs=contents("x = 1\n"),
        )
        async for _ in lake.snapshot():
            pass
        kept = {item.what: item for item in await lake.kept()}
        await lake.sleep("thing")
        later = {item.what: item for item in await lake.kept()}
    records = kept["records as they came"]
    assert (records.items, records.newest_ms, records.encrypted) == (4, 30, True)
    assert records.bytes == (tmp_path / "journal.db").stat().st_size or records.bytes > 0
    assert (kept["events"].items, kept["events"].oldest_ms, kept["events"].newest_ms) == (3, 10, 30)
    assert kept["versions of files"].items == 1
    assert (kept["failures and what made them pass"].items, kept["generations"].items) == (1, 1)
    assert all(item.where.startswith(str(tmp_path)) and item.until for item in kept.values())
    assert _sealed(kept) == {
        "records as they came",
        "vectors of code",
        "generations",
        "projects that sleep",
    }
    assert (kept["projects that sleep"].items, later["projects that sleep"].items) == (0, 1)
    assert later["events"].items == 0


def _sealed(kept: dict[str, KeptItem]) -> set[str]:
    return {what for what, item in kept.items() if item.encrypted}
