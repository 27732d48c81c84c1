"""kill -9 at every named step of the index of words: afterwards every chunk is found, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dragon_node.lake.failpoints import FAILPOINTS, VARIABLE
from dragon_node.lake.words.index import Words
from dragon_node.lake.words.splitting import query_terms
from tests.support.lake_worder import CHUNKS, FRUITS, GENERATION, caught_up

ROOT = Path(__file__).parents[2]
STEPS = [name for name in FAILPOINTS if name.startswith("words.")]
ONCE = [name for name in STEPS if name != "words.committed"]


def _killed_at(directory: Path, chosen: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.lake_worder", str(directory)],
        cwd=ROOT,
        env=os.environ | {VARIABLE: chosen},
    )
    assert done.returncode in (0, -9), chosen
    return done.returncode == -9


def _found(words: Words, query: str) -> list[int]:
    return sorted(chunk for chunk, _ in words.view.search(query_terms(query), 100))


def _check(directory: Path) -> None:
    words = Words.open(directory, GENERATION)
    caught_up(words)
    assert _found(words, "common") == [*range(1, CHUNKS + 1)]
    for number, fruit in enumerate(FRUITS, start=1):
        assert _found(words, fruit) == [number]
    words.close()


@pytest.mark.parametrize(
    "chosen", [*ONCE, *(f"words.committed:{n}" for n in (1, CHUNKS, CHUNKS + 1, 2 * CHUNKS))]
)
def test_after_a_kill_every_chunk_is_found_once(tmp_path: Path, chosen: str) -> None:
    assert _killed_at(tmp_path / "words", chosen)
    _check(tmp_path / "words")
    assert _killed_at(tmp_path / "words", ONCE[0])  # and it can be made anew from there
    _check(tmp_path / "words")
