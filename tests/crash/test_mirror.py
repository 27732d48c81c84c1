"""The laptop's mirror is filled by a process that is killed again and again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.model.event import Event
from common.model.lake import HistoryQuery
from developer_node.near.mirror import Mirror
from dragon_node.failures.following_shown import recalled
from dragon_node.failures.recall import Recaller
from tests.support.failures import failure
from tests.support.followed import FollowedStory, Teller, telling_at

SYMPTOMS = 400
ROUNDS = 6


@pytest.mark.timeout(300)
async def test_killed_while_it_fills_it_is_usable_and_in_the_end_whole(tmp_path: Path) -> None:
    story = FollowedStory()
    copy = story.copy()
    rng = random.Random(6)
    for number in range(SYMPTOMS):
        copy.fails(failure(f"f{number}", test=f"tests/test_cart.py::test_{number}"))
    path = tmp_path / "near.db"
    held = 0
    async with telling_at(Teller(story)) as address:
        for _ in range(ROUNDS):
            async with _filling(path, address) as filler:
                for _ in range(rng.randint(1, 5)):
                    if await _cursor(filler) >= len(story.records):
                        break  # all is told: nothing more is said
                filler.kill()
            held = max(held, await _usable(path, story, held))
            copy.fails(failure(f"f{rng.randrange(SYMPTOMS)}"))
        async with _filling(path, address) as filler:
            while await _cursor(filler) < len(story.records):
                pass
            filler.kill()
    async with Mirror.open(path) as mirror:
        for number in range(SYMPTOMS):
            theirs = recalled(await Recaller(story).by_fingerprint(f"f{number}"))
            assert await mirror.recall(fingerprint=f"f{number}") == theirs
        page = await mirror.history(HistoryQuery(limit=1_000))
        recorded = [r.body.id for r in story.records if isinstance(r.body, Event)]
        assert [e.event.id for e in page.entries] == recorded[::-1]


async def _usable(path: Path, story: FollowedStory, before: int) -> int:
    """Whatever is held is what the Dragon said, and nothing that was held is lost; how much."""
    async with Mirror.open(path) as mirror:
        now = mirror.status()
        assert "set aside" not in now.sentence
        assert now.symptoms >= before
        _, request = await mirror.request()
        for held in request.held[::40]:
            found = await mirror.recall(fingerprint=held.fingerprint)
            assert found.failure is not None
            assert found.failure.fingerprint == held.fingerprint
        return now.symptoms


@asynccontextmanager
async def _filling(path: Path, address: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    """A process that fills the mirror; killed at the end at the latest."""
    filler = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.mirror_filler", os.fspath(path), address),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield filler
    finally:
        if filler.returncode is None:
            filler.kill()
        await filler.wait()


async def _cursor(filler: asyncio.subprocess.Process) -> int:
    """Up to where it was told, as it says next."""
    assert filler.stdout is not None
    async with asyncio.timeout(60):
        line = await filler.stdout.readline()
    assert line, "it ended by itself"
    return int(line.split()[2])
