"""kill -9 at every step of forgetting: the next start ends it, and what had to stay is there."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.keys import sealing_key
from common.model.ids import EventId
from common.model.lake import HistoryQuery
from dragon_node.failures.memory import FailureMemory
from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.forgetting import in_memory
from dragon_node.lake.lake import Lake
from tests.support.forgetting import SECRET, places_of
from tests.support.lake import opened

ROOT = Path(__file__).parents[2]
NAMES = [
    *(name for name in FAILPOINTS if name.startswith("forget.")),
    "journal.overwriting",
    "journal.overwritten",
    "generation.renamed",
    "shelf.swept",
]


def _run(directory: Path, what: str, chosen: str = "") -> tuple[int, str]:
    environment = {k: v for k, v in os.environ.items() if k != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.forgetter", str(directory), what],
        cwd=ROOT,
        env=environment | ({VARIABLE: chosen} if chosen else {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A lake with the secret in it, and what has to stay."""
    directory = tmp_path_factory.mktemp("planted") / "dragon"
    directory.mkdir()
    code, said = _run(directory, "plant")
    assert code == 0
    assert places_of(SECRET, directory, key=sealing_key(directory))
    return directory, said.split()


async def _ended(lake: Lake) -> None:
    """Returns once nothing is being forgotten any more."""
    while await lake.memory.read(in_memory.pending):
        await lake.wait_applied(lake.applied)


@pytest.mark.parametrize("name", NAMES)
async def test_killed_at(name: str, planted: tuple[Path, list[str]], tmp_path: Path) -> None:
    await _killed(name, planted, tmp_path, loses_ram=NAMES.index(name) % 2 == 0)


@pytest.mark.crash
@pytest.mark.parametrize("name", NAMES)
async def test_killed_with_the_other_ram_disk(
    name: str, planted: tuple[Path, list[str]], tmp_path: Path
) -> None:
    await _killed(name, planted, tmp_path, loses_ram=NAMES.index(name) % 2 == 1)


async def _killed(
    name: str, planted: tuple[Path, list[str]], tmp_path: Path, *, loses_ram: bool
) -> None:
    directory = tmp_path / "dragon"
    # The RAM disk belongs to the home that it was made for: it is made anew.
    shutil.copytree(planted[0], directory, ignore=lambda *_: {"not-ram"})
    code, _ = _run(directory, "forget", name)
    assert code == -9, f"{name} was not reached"
    if loses_ram:
        shutil.rmtree(directory / "not-ram")
    async with opened(directory, appliers=(FailureMemory(),)) as lake:
        async with asyncio.timeout(60):
            await _ended(lake)
        assert not (await lake.history(HistoryQuery(text=SECRET))).entries
        for kept in planted[1]:
            await lake.event(EventId(kept))
        assert places_of(SECRET, directory, key=sealing_key(directory)) == []
    assert places_of(SECRET, directory, key=sealing_key(directory)) == []
