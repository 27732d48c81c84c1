"""Failpoints: a chosen name ends the process, and no other does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE, reach

_PROGRAM = """
from dragon_node.lake.failpoints import reach
reach("shelf.copied"); print("once", flush=True)
reach("shelf.copied"); print("twice", flush=True)
"""


def _run(chosen: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env=os.environ | {VARIABLE: chosen},
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("chosen", "code", "said"),
    [
        ("", 0, "once\ntwice\n"),
        ("shelf.renamed", 0, "once\ntwice\n"),
        ("shelf.copied", -signal.SIGKILL, ""),
        ("shelf.copied:2", -signal.SIGKILL, "once\n"),
    ],
)
def test_the_process_ends_where_it_was_chosen(chosen: str, code: int, said: str) -> None:
    assert _run(chosen) == (code, said)


def test_names_are_room_and_step_and_each_once() -> None:
    assert all(name.count(".") == 1 for name in FAILPOINTS)
    assert len(set(FAILPOINTS)) == len(FAILPOINTS)


def test_without_the_variable_nothing_is_looked_up() -> None:
    """Hot paths call it: an unknown name costs nothing and is found by the crash tests."""
    reach("nowhere.at_all")


def test_every_name_is_reached_somewhere() -> None:
    """A step that was renamed is a step that no test kills any more."""
    root = Path(__file__).parents[4]
    sources = [*(root / "dragon_node").rglob("*.py"), *(root / "common").rglob("*.py")]
    code = "".join(p.read_text() for p in sources if p.name != "failpoints.py")
    rooms = set(re.findall(r'documents\.write\([^"]*"(?:CURRENT", [^"]*")?(\w+)"\)', code))
    written = {f"{room}.{step}" for room in rooms for step in ("written", "renamed")}
    assert [n for n in FAILPOINTS if f'"{n}"' not in code and n not in written] == []
