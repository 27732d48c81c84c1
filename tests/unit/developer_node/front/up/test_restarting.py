"""When a node that died is started again: later each time, and never where that is of no use."""

from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.daemon.home import Home
from common.model.node import Role
from developer_node.front.output_page import Page
from developer_node.front.up.daemons import Child
from developer_node.front.up.restarting import MOST_S, OF_NO_USE, STEADY_S, Restarting, wait_s


@given(st.integers(-15, 140), st.floats(0, STEADY_S, exclude_max=True), st.integers(0, 10_000))
def test_waits_grow_to_their_limit_and_never_shrink(code: int, lived_s: float, deaths: int) -> None:
    now, later = wait_s(code, lived_s, deaths), wait_s(code, lived_s, deaths + 1)
    if code in OF_NO_USE:
        assert now is None and later is None
    else:
        assert now is not None and later is not None
        assert 1 <= now <= later <= MOST_S


def test_one_that_lived_long_begins_anew_with_the_shortest_wait() -> None:
    assert wait_s(-9, STEADY_S, 9) == 1 < (wait_s(-9, STEADY_S - 1, 9) or 0)


def _ending(code: int) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-Sc", f"raise SystemExit({code})"])
    process.wait(60)
    return process


@pytest.mark.parametrize(("code", "starts"), [(3, 3), (2, 0), (4, 0), (5, 0), (0, 0)])
def test_a_node_that_never_comes_up_is_tried_ever_more_seldom(
    tmp_path: Path, code: int, starts: int
) -> None:
    """Sixteen seconds of a driven clock: after 1, 2 and 4 s, seldomer than it is looked at."""
    begun: list[float] = []
    now = 0.0

    def start(role: Role, home: Home) -> Child:
        begun.append(now)
        return Child(role, _ending(code))

    said = io.StringIO()
    children = [Child("dragon", _ending(code))]
    watched = Restarting(Home.from_env(str(tmp_path)), children, Page(said), start)
    while now < 16:
        watched.look(now)
        now += 0.5
    assert len(begun) == starts
    gaps = [b - a for a, b in pairwise(begun)]
    assert gaps == sorted(gaps) and all(gap >= 2 for gap in gaps)
    assert watched.some_left == bool(starts)
    if code and not starts:
        assert "To start it: postdevai up" in said.getvalue()
