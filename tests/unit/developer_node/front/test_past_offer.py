"""The offer of a first start: made once in a HOME, and not counted when nobody could look."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from common.daemon.home import Home
from common.errors import Unavailable
from common.model.remedy import MinedFix, MineEnd, MineProgress, MineStep
from developer_node.front.past_offer import Offered, PastOffer, look

FIX = MinedFix("/c", "a" * 40, "mends it", 1, ("t.py",), ("a.py",), "small")


async def walk(*steps: MineStep, error: Unavailable | None = None) -> AsyncGenerator[MineStep]:
    for step in steps:
        yield step
    if error is not None:
        raise error


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env(str(tmp_path / "home"))


def test_it_is_due_until_it_was_made(home: Home) -> None:
    assert PastOffer(home).due
    PastOffer(home).made()
    assert not PastOffer(home).due


async def test_the_first_fix_is_offered_and_the_walk_goes_no_further() -> None:
    steps = walk(MineStep(MineProgress(1, 9)), MineStep(FIX), error=Unavailable("too far"))
    assert await look(steps) == Offered(FIX, "")


async def test_why_there_is_none_is_said() -> None:
    assert await look(walk(MineStep(MineEnd(9, 0, "None of 9.")))) == Offered(None, "None of 9.")


async def test_a_log_that_cannot_be_read_now_is_no_answer() -> None:
    assert await look(walk(error=Unavailable("starting"))) is None
