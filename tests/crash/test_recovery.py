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

from common.errors import Corrupt
from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.recovery.shelf import MEMORY
from tests.support.recovery import ONE, TWO, lose_ram, toy

ROOT = Path(__file__).parents[2]
ROOMS = ("shelf", "asleep", "generation", "current", "snapshot", "journal")
AFTERWARDS = ("journal.overwriting", "journal.overwritten")
"""Only forgetting reaches them."""
NAMES = [n for n in FAILPOINTS if n.partition(".")[0] in ROOMS and n not in AFTERWARDS]


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


def _run(directory: Path, chosen: str, seed: int) -> tuple[bool, str]:
    """Whether the failpoint was reached, and what the process had said."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.snapshotter", str(directory), str(seed)],
        cwd=ROOT,
        env=os.environ | {VARIABLE: chosen},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode in (0, -9), chosen
    return done.returncode != 0, done.stdout


async def _check(directory: Path, model: Model) -> None:
    async with toy(directory) as lake:
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
        async with toy(copy) as lake:
            for name, wanted in ((MEMORY, model.everything), *model.said.items()):
                try:
                    assert not wanted or await lake.things(name) == wanted
                except Corrupt as error:
                    assert name in error.message and str(spoiled) in error.message
    shutil.rmtree(copy)


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
