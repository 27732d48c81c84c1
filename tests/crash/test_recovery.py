"""kill -9 at every named step of snapshot, sleep, restore and cut; then damage: what was
acknowledged is there, in order, or the damaged thing is named. Never another answer."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.errors import Corrupt, Missing
from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.recovery.backup import restore_backup
from dragon_node.lake.recovery.shelf import MEMORY
from tests.support.lake import NODE, ORIGIN, opened, plain
from tests.support.lake_keeper import PROJECT
from tests.support.lake_writer import text_of
from tests.support.recovery import KEY, ONE, TWO, lose_ram, toy

ROOT = Path(__file__).parents[2]
ROOMS = ("shelf", "asleep", "generation", "current", "snapshot", "journal", "backup")
AFTERWARDS = ("journal.overwriting", "journal.overwritten", "journal.begun")
"""Only forgetting, or a journal that was lost, reaches them."""
NAMES = [n for n in FAILPOINTS if n.partition(".")[0] in ROOMS and n not in AFTERWARDS]

WHOLE = [*NAMES, *(n for n in FAILPOINTS if n.startswith("residency."))]


@dataclass(slots=True)
class Model:
    """What has been acknowledged, as a plain dictionary says it."""

    said: dict[str, list[str]] = field(default_factory=lambda: {ONE: [], TWO: []})
    everything: list[str] = field(default_factory=list[str])
    trying: tuple[str, str] | None = None

    def hear(self, output: str) -> None:
        """Lines of a process that has ended."""
        for line in output.splitlines():
            word, project, what = line.split()
            if word == "try":
                self.trying = (project, what)
            else:
                self._add(project, what)
                self.trying = None

    def settle(self, found: list[str]) -> None:
        """The one that was on its way when the process was killed is durable, or it never was."""
        if self.trying is not None and self.trying[1] in found:
            self._add(*self.trying)
        self.trying = None

    def _add(self, project: str, what: str) -> None:
        self.said[project].append(what)
        self.everything.append(what)


def _run(directory: Path, chosen: str, seed: int, who: str = "snapshotter") -> tuple[bool, str]:
    """Whether the failpoint was reached, and what the process had said."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.support.{who}", str(directory), str(seed)],
        cwd=ROOT,
        env=os.environ | {VARIABLE: chosen},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode in (0, -9), chosen
    return done.returncode != 0, done.stdout


async def _check(directory: Path, model: Model) -> None:
    async with toy(directory, KEY) as lake:
        model.settle(await lake.things(MEMORY))
        assert await lake.things(MEMORY) == model.everything
        for project in (ONE, TWO):
            if project in lake.known or model.said[project]:
                assert await lake.things(project) == model.said[project]


async def _check_damaged(directory: Path, model: Model, dice: random.Random) -> None:
    """On a copy of everything: the truth, or Corrupt with the name of what was damaged."""
    copy = directory.with_name("damaged")
    shutil.copytree(directory, copy)
    lose_ram(copy)
    kept = [p for room in ("shelf", "generations") for p in (copy / room).iterdir()]
    kept += [p for p in [copy / "asleep.json"] if p.exists()]
    if kept:
        spoiled = dice.choice(sorted(kept))
        raw = bytearray(spoiled.read_bytes())
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        spoiled.write_bytes(raw)
        async with toy(copy, KEY) as lake:
            for name, wanted in ((MEMORY, model.everything), *model.said.items()):
                try:
                    assert not wanted or await lake.things(name) == wanted
                except Corrupt as error:
                    assert name in error.message and str(spoiled) in error.message
    shutil.rmtree(copy)


async def _restored(backup: Path, key: Path, home: Path) -> None:
    async for _ in restore_backup(backup, key, home):
        pass


async def _check_backups(directory: Path, model: Model) -> None:
    """One that has its manifest is a lake as it was; any other is none."""
    backups = directory.with_name("backups")
    for key in sorted(backups.glob("*.key")) if backups.exists() else ():
        backup, there = key.with_suffix(""), directory.with_name("there")
        if not (backup / "MANIFEST.json").exists():
            with pytest.raises(Missing):
                await _restored(backup, key, there)
            continue
        await _restored(backup, key, there)
        async with toy(there, sealing_key(there)) as lake:
            said = await lake.things(MEMORY)
            assert said == model.everything[: len(said)]
        shutil.rmtree(there)
    shutil.rmtree(backups, ignore_errors=True)


async def _rounds(directory: Path, chosen: list[str], seed: int) -> set[str]:
    """Names that were reached."""
    dice = random.Random(seed)
    model, reached = Model(), set[str]()
    directory.mkdir()  # noqa: ASYNC240 - nothing else runs
    for number, name in enumerate(chosen):
        count = dice.choice([1, 1, 2, 5])
        killed, output = _run(directory, f"{name}:{count}", seed * 1_000 + number)
        if killed:
            reached.add(name)
        model.hear(output)
        if dice.random() < 0.5 and (directory / "ram").exists():
            lose_ram(directory)
        await _check(directory, model)
        await _check_backups(directory, model)
        if dice.random() < 0.3:
            await _check_damaged(directory, model, dice)
    return reached


@pytest.mark.timeout(300)
async def test_a_few_kills_in_recovery_lose_nothing_and_answer_nothing_false(
    tmp_path: Path,
) -> None:
    chosen = random.Random(4).sample(NAMES, 6)
    assert await _rounds(tmp_path / "lake", chosen, seed=4)


@pytest.mark.crash
@pytest.mark.timeout(3_600)
async def test_two_hundred_kills_in_recovery_lose_nothing_and_answer_nothing_false(
    tmp_path: Path,
) -> None:
    chosen = (NAMES * (200 // len(NAMES) + 1))[:200]
    random.Random(5).shuffle(chosen)
    assert await _rounds(tmp_path / "lake", chosen, seed=5) == set(NAMES)


def _of_project(cursor: int) -> HistoryQuery:
    """By its name: one that sleeps wakes."""
    return HistoryQuery(1_000, project=PROJECT, before_cursor=cursor)


async def _check_lake(directory: Path, acknowledged: int) -> int:
    """A whole lake has every event once, in order, and of each file the newest text alone."""
    async with opened(directory) as lake:
        applied = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied
        assert applied >= acknowledged
        ids: list[int] = []
        cursor = 0
        while page := (await lake.history(_of_project(cursor))).entries:
            ids += [int(entry.event.id, 16) for entry in page]
            cursor = page[-1].cursor
        assert ids[::-1] == list(range(1, applied + 1))
        for seq in range(max(3, applied - 60), applied + 1):
            if seq % 2:
                wanted = text_of(seq).splitlines()[0]
                found = await lake.literal(SearchQuery(wanted, "literal", project=PROJECT))
                is_newest = seq + 50 > applied
                assert [hit.path for hit in found.hits] == [f"f{seq % 50}.py"] * is_newest
        return applied


async def _lake_rounds(directory: Path, chosen: list[str], seed: int) -> set[str]:
    dice = random.Random(seed)
    acknowledged, reached = 0, set[str]()
    directory.mkdir()  # noqa: ASYNC240 - nothing else runs
    for number, name in enumerate(chosen):
        one_of = f"{name}:{dice.choice([1, 2, 4])}"
        killed, output = _run(directory, one_of, seed * 1_000 + number, "lake_keeper")
        reached |= {name} if killed else set()
        heard = [int(line.split()[1]) for line in output.splitlines() if line.startswith("ack ")]
        if heard:
            assert heard[0] >= acknowledged, "a restart forgot what was acknowledged"
            acknowledged = heard[-1]
        if dice.random() < 0.5:
            plain(directory).detach()
        acknowledged = await _check_lake(directory, acknowledged)
    return reached


@pytest.mark.timeout(300)
async def test_a_whole_lake_is_killed_while_it_is_kept(tmp_path: Path) -> None:
    chosen = random.Random(6).sample(WHOLE, 3)
    assert await _lake_rounds(tmp_path / "lake", chosen, seed=6)


@pytest.mark.crash
@pytest.mark.timeout(3_600)
async def test_a_whole_lake_is_killed_sixty_times_while_it_is_kept(tmp_path: Path) -> None:
    chosen = (WHOLE * (60 // len(WHOLE) + 1))[:60]
    random.Random(7).shuffle(chosen)
    assert await _lake_rounds(tmp_path / "lake", chosen, seed=7)
