"""kill -9 at every named step of going to sleep, waking and being remade: nothing acknowledged is
lost, and who sleeps is asleep once or awake once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from common.model.lake import HistoryQuery, SearchQuery
from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.lake import Lake
from tests.support.lake import NODE, ORIGIN, opened, plain
from tests.support.lake_sleeper import PROJECTS, project_of
from tests.support.residency import name_of

ROOT = Path(__file__).parents[2]
STEPS = [name for name in FAILPOINTS if name.partition(".")[0] == "residency"]
ALL_STEPS = [
    name
    for name in FAILPOINTS
    if name.partition(".")[0]
    in ("residency", "shelf", "asleep", "snapshot", "generation", "current", "journal")
    and not name.startswith("journal.overw")
]


def _live(directory: Path, chosen: str) -> tuple[bool, int]:
    """Whether the step was reached, and the last sequence that was acknowledged; -1 when it had
    not opened yet."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.lake_sleeper", str(directory)],
        cwd=ROOT,
        env=os.environ | {VARIABLE: chosen},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.returncode in (0, -9), chosen
    said = [int(line.split()[1]) for line in done.stdout.splitlines()]
    return done.returncode != 0, max(said, default=-1)


async def _check(directory: Path, acknowledged: int) -> int:
    """Every acknowledged event is there, once, in its project; the applied sequence."""
    async with opened(directory) as lake:
        applied = (await lake.open_origin(ORIGIN, NODE, 1, 1 << 40)).applied
        assert applied >= acknowledged
        for number in range(1, PROJECTS + 1):
            own = [seq for seq in range(1, applied + 1) if project_of(seq) == number]
            if not own:
                continue
            page = await lake.history(HistoryQuery(limit=1_000, project=name_of(number)))
            assert [int(e.event.id, 16) for e in page.entries] == own[::-1]
            await _check_newest(lake, number, [seq for seq in own if seq % 2 and seq > PROJECTS])
        return applied


async def _check_newest(lake: Lake, number: int, saves: list[int]) -> None:
    """The file is the newest version, and no older one is found."""
    q = SearchQuery("def only_in_", mode="literal", project=name_of(number), k=10)
    texts = [hit.text for hit in (await lake.literal(q)).hits]
    assert texts == [f"def only_in_{number}_{seq}():" for seq in saves[-1:]]


async def _rounds(directory: Path, steps: list[str], seed: int, counts: int) -> set[str]:
    """The steps at which a process was killed."""
    dice = random.Random(seed)
    acknowledged, reached = 0, set[str]()
    for step in steps:
        killed, said = _live(directory, f"{step}:{dice.randint(1, counts)}")
        reached |= {step} if killed else set()
        assert said < 0 or said >= acknowledged, "a restart forgot what was acknowledged"
        if dice.random() < 0.3:
            plain(directory).detach()
        acknowledged = await _check(directory, max(said, acknowledged))
    return reached


async def test_a_kill_at_each_step_of_sleep_and_wake_loses_nothing(tmp_path: Path) -> None:
    assert await _rounds(tmp_path, STEPS, seed=1, counts=2) == set(STEPS)


@pytest.mark.crash
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(4))
async def test_kills_at_every_step_lose_nothing(tmp_path: Path, seed: int) -> None:
    steps = ALL_STEPS * 2
    random.Random(seed).shuffle(steps)
    assert len(await _rounds(tmp_path, steps, seed=seed, counts=6)) > len(ALL_STEPS) // 2
