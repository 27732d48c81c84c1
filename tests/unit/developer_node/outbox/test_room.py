"""A full disk: the oldest outputs go, every fact stays and arrives, and the person is told."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import OverLimit
from common.model.event import CommandFinished, Event, FileChanged, Output
from common.model.ids import WorkingCopyId, content_hash, new_event_id
from common.wire.stored import event_from_bytes
from developer_node.outbox import room
from developer_node.outbox.outbox import Entry, Outbox

COPY = WorkingCopyId("c" * 16)
DISK_MIB = 40
RESERVE = room.RESERVE_BYTES
OUTPUT = 200 << 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, small enough to be filled."""
    place = tmp_path / "disk"
    place.mkdir()
    asked = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(place)]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode != 0:
        pytest.skip(f"a small file system may not be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def ran(number: int, size: int = OUTPUT) -> Entry:
    output = f"{number} ".ljust(size, "x")
    body = CommandFinished(f"make {number}", "/w", (1,), 5, Output(output, len(output)))
    return Event(new_event_id(), 1, COPY, body), {}


def saved(number: int) -> Entry:
    data = f"{number}".ljust(20_000, "y").encode()
    body = FileChanged(f"f{number}.py", content=content_hash(data), git_blob=f"{number}")
    return Event(new_event_id(), 1, COPY, body), {content_hash(data): data}


async def commands(outbox: Outbox) -> list[tuple[str, bool]]:
    """What waits, in order, and whether its output is still there."""
    held = await outbox.batch(0, records_max=10_000, bytes_max=1 << 30)
    bodies = [event_from_bytes(h.body).body for h in held]
    return [(b.command, bool(b.output.text)) for b in bodies if isinstance(b, CommandFinished)]


async def test_a_disk_that_fills_loses_the_oldest_outputs_and_no_command(disk: Path) -> None:
    many = 300  # 60 MiB of output on a disk of 40
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as outbox:
        for number in range(many):
            assert await outbox.append([ran(number)]) == number + 1
        kept = await commands(outbox)
        status = await outbox.status()
    assert [command for command, _ in kept] == [f"make {n}" for n in range(many)]
    whole = [there for _, there in kept]
    assert whole == sorted(whole), "the oldest went first"
    assert whole[-20:] == [True] * 20
    assert status.bodies_dropped == whole.count(False) > 100
    assert "is full" in status.sentence
    assert str(disk) in status.sentence


async def test_many_at_once_on_a_full_disk_are_kept_each_once(disk: Path) -> None:
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as outbox:
        for start in range(0, 300, 20):
            await asyncio.gather(*(outbox.append([ran(start + n)]) for n in range(20)))
        names = [command for command, _ in await commands(outbox)]
    assert sorted(names) == sorted(f"make {n}" for n in range(300))


async def test_a_disk_that_others_fill_to_the_last_byte_still_takes_facts(disk: Path) -> None:
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as outbox:
        for number in range(20):
            await outbox.append([ran(number)])
        _fill(disk / "others")
        for number in range(20, 60):
            await outbox.append([ran(number)])
        kept = await commands(outbox)
        assert [command for command, _ in kept] == [f"make {n}" for n in range(60)]
        await outbox.acknowledge(60)
        assert (await outbox.status()).waiting == 0
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as again:
        assert await again.append([ran(60)]) == 61, "also after a restart"


async def test_contents_go_after_outputs_and_their_files_are_found_again(disk: Path) -> None:
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as outbox:
        for number in range(1_500):
            await outbox.append([saved(number)])
        held = await outbox.batch(0, records_max=10_000, bytes_max=1 << 30)
        assert len(held) == 1_500
        known = await outbox.sent_files(COPY)
        assert 0 < len(known) < 1_500, "what lost its content is not remembered as told"


async def test_space_that_comes_back_ends_the_sentence_and_the_reserve_is_taken_again(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FREE_BYTES", 1 << 20)
    monkeypatch.setattr(room, "LOOK_S", 0.0)
    reserve = disk / "outbox.reserve"
    async with Outbox.open(disk / "outbox.db", reserve_bytes=RESERVE) as outbox:
        assert reserve.stat().st_size == RESERVE
        _fill(disk / "others")
        for number in range(20):
            await outbox.append([ran(number)])
        assert not reserve.exists()
        assert (await outbox.status()).sentence
        (disk / "others").unlink()
        assert (await outbox.status()).sentence == ""
        assert reserve.stat().st_size == RESERVE


async def test_a_disk_without_room_for_a_single_fact_is_said(disk: Path) -> None:
    """Nothing can be dropped and nothing was reserved."""
    async with Outbox.open(disk / "outbox.db", reserve_bytes=0) as outbox:
        _fill(disk / "others")
        with pytest.raises(OverLimit, match="is full"):
            for number in range(1_000):
                await outbox.append([ran(number, 100)])
        last = (await outbox.position()).last
        assert [c for c, _ in await commands(outbox)] == [f"make {n}" for n in range(last)]
        (disk / "others").unlink()
        assert await outbox.append([ran(0, 100)]) == last + 1


def _fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
