"""kill -9 of a real process while it journals and applies: nothing acknowledged is lost."""

from __future__ import annotations

import random
import select
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.database import Readers
from dragon_node.lake.journal import Journal, Written
from dragon_node.lake.lake import Lake
from tests.support.lake import NODE, ORIGIN, Laptop, opened, plain, ran
from tests.support.lake_writer import numbered, text_of

ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Killed:
    """What the child had said when it was killed."""

    resumed_at: int
    acknowledged: int


def _kill_while_writing(directory: Path, dice: random.Random) -> Killed:
    """At a moment that the dice choose, between or within acknowledgements."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.lake_writer", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    try:
        word, number = child.stdout.readline().split()
        assert word == "applied"
        found = Killed(int(number), int(number))
        for _ in range(dice.randrange(12)):
            found.acknowledged = int(child.stdout.readline().split()[1])
        select.select([child.stdout], [], [], dice.random() * 0.01)
    finally:
        child.kill()
        rest = child.stdout.read()
        child.wait()
    for line in rest.splitlines(keepends=True):
        if line.endswith("\n"):
            found.acknowledged = int(line.split()[1])
    return found


async def _check(directory: Path, acknowledged: int) -> int:
    """Every acknowledged event is there, once, in order; the applied sequence."""
    async with opened(directory) as lake:
        applied = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied
        assert applied >= acknowledged
        seqs = [int(e, 16) for e in await _event_ids(lake)]
        assert seqs == list(range(1, applied + 1))
        if applied > 1:
            newest = max(seq for seq in range(1, applied + 1) if seq % 2 and seq > 1)
            wanted = text_of(newest).splitlines()[0]
            found = await lake.literal(SearchQuery(wanted, mode="literal"))
            assert [hit.path for hit in found.hits] == [f"f{newest % 50}.py"]
        return applied


async def _event_ids(lake: Lake) -> list[str]:
    ids: list[str] = []
    cursor = 0
    while True:
        page = await lake.history(HistoryQuery(limit=1000, before_cursor=cursor))
        if not page.entries:
            return ids[::-1]
        ids += [entry.event.id for entry in page.entries]
        cursor = page.entries[-1].cursor


async def _rounds(directory: Path, rounds: int, seed: int) -> None:
    dice = random.Random(seed)
    acknowledged = 0
    for number in range(rounds):
        killed = _kill_while_writing(directory, dice)
        assert killed.resumed_at >= acknowledged, "a restart forgot what was acknowledged"
        acknowledged = killed.acknowledged
        if number % 3 == 2:
            plain(directory).detach()
        acknowledged = await _check(directory, acknowledged)


async def test_five_kills_lose_nothing_with_the_ram_disk_kept_and_lost(tmp_path: Path) -> None:
    await _rounds(tmp_path, 5, seed=1)


@pytest.mark.crash
@pytest.mark.timeout(900)
async def test_fifty_kills_lose_nothing(tmp_path: Path) -> None:
    await _rounds(tmp_path, 50, seed=2)


async def test_events_are_the_ones_that_were_sent(tmp_path: Path) -> None:
    """The control: the check above would pass on numbered shells."""
    killed = _kill_while_writing(tmp_path, random.Random(3))
    while killed.acknowledged < 5:
        killed = _kill_while_writing(tmp_path, random.Random(killed.acknowledged))
    async with opened(tmp_path) as lake:
        for seq in range(1, 6):
            event, _ = numbered(seq)
            assert (await lake.event(event.id))[0] == event


def _wal(directory: Path) -> Path:
    return directory / "journal.db-wal"


async def _crashed_copy(source: Path, target: Path) -> Path:
    """Files as a crash leaves them: the journal is open and its log not folded back."""
    async with opened(source) as lake:
        laptop = Laptop(lake)
        for number in range(5):
            await laptop.send(ran(f"command {number}"))
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("not-ram", "*-shm"))
    return target


async def _commands(directory: Path) -> list[int]:
    async with opened(directory) as lake:
        (origin,) = (await lake.stats()).origins or (None,)
        events = (await lake.stats()).events
        assert (origin.applied if origin else 0) == events
        return list(range(events))


@pytest.mark.parametrize(
    "garbage", [b"\x00" * 100, b"\xff" * 5_000, b"half"], ids=["zeros", "ones", "half a frame"]
)
async def test_a_torn_tail_of_the_log_costs_nothing_that_was_acknowledged(
    tmp_path: Path, garbage: bytes
) -> None:
    """Power failed while the next commit was being written."""
    copy = await _crashed_copy(tmp_path / "source", tmp_path / "copy")
    with _wal(copy).open("ab") as log:
        log.write(garbage)
    assert await _commands(copy) == [0, 1, 2, 3, 4]


async def test_a_log_cut_anywhere_gives_a_prefix_and_goes_on(tmp_path: Path) -> None:
    """Cut before what was synced: no disk should, and even then it is whole records in order."""
    copy = await _crashed_copy(tmp_path / "source", tmp_path / "copy")
    whole = _wal(copy).read_bytes()
    told: list[Written] = []
    lengths: set[int] = set()
    for cut in range(32, len(whole), 1_500):
        place = tmp_path / f"cut{cut}"
        place.mkdir()
        shutil.copy(copy / "journal.db", place / "journal.db")
        _wal(place).write_bytes(whole[:cut])
        readers = Readers()
        key = sealing_key(tmp_path / "source")
        journal = await Journal.open(place / "journal.db", readers, told.append, key)
        rows = await journal.rows(0, 100)
        assert [row.lsn for row in rows] == list(range(1, journal.last_lsn + 1))
        lengths.add(journal.last_lsn)
        await readers.close()
        await journal.close()
    assert len(lengths) > 2, "the cuts fell into different commits"
