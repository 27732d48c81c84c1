"""What a file held when a run began is known for certain, or not said."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Missing
from common.model.event import CommandFinished, Event, Ground, PathChange
from common.model.ids import ContentHash, EventId
from developer_node.front.lsp.recorded import MARGIN_MS, RecordedLines
from developer_node.front.lsp.standing import standing
from tests.support.editors import FAILED
from tests.support.repository import Repository

[STANDING] = standing((FAILED,))
THEN = ContentHash("b" * 32)


class Keeper:
    """Has one event whole and one content."""

    def __init__(self, ground: Ground | None) -> None:
        self.ground = ground
        self.asked = 0

    async def event(self, event_id: EventId) -> tuple[Event, str]:
        self.asked += 1
        assert isinstance(FAILED.body, CommandFinished)
        return replace(FAILED, body=replace(FAILED.body, ground=self.ground)), "ledger"

    async def blob(self, content: ContentHash) -> bytes:
        if content != THEN:
            raise Missing("no such content")
        return b"then\n"


def saved(root: Path, at_ms: int) -> None:
    (root / "a.py").write_text("now\n")
    os.utime(root / "a.py", ns=(at_ms * 1_000_000, at_ms * 1_000_000))


async def found(root: Path, keeper: Keeper | None = None) -> tuple[str, ...] | None:
    return await RecordedLines().find(keeper, root, STANDING, "a.py")


async def test_a_file_that_was_saved_before_the_run_is_what_the_run_saw(tmp_path: Path) -> None:
    saved(tmp_path, STANDING.started_ms - MARGIN_MS - 1)
    assert await found(tmp_path) == ("now", "")


@pytest.mark.parametrize("later_ms", [0, 10_000])
async def test_a_file_that_may_have_been_saved_since_is_not_taken_for_it(
    tmp_path: Path, later_ms: int
) -> None:
    saved(tmp_path, STANDING.started_ms - MARGIN_MS + later_ms)
    assert await found(tmp_path) is None
    changed = Ground("c" * 40, dirty=(PathChange("a.py", new_content=THEN),))
    assert await found(tmp_path, Keeper(changed)) == ("then", "")


@pytest.mark.parametrize(
    "ground",
    [
        None,
        Ground(),
        Ground("c" * 40, dirty=(PathChange("a.py", new_content=ContentHash("0" * 32)),)),
        Ground("c" * 40, dirty=(PathChange("a.py"),)),
        Ground("c" * 40),
    ],
)
async def test_what_nobody_keeps_is_not_known(tmp_path: Path, ground: Ground | None) -> None:
    assert await found(tmp_path, Keeper(ground)) is None


async def test_a_file_that_was_as_committed_is_taken_from_git(tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "thing")
    repository.write("a.py", "committed\n")
    commit = repository.commit("a")
    saved(repository.root, STANDING.at_ms)
    assert await found(repository.root, Keeper(Ground(commit))) == ("committed", "")
    assert await found(repository.root, Keeper(Ground(commit, cut=("too many files",)))) is None


async def test_what_is_known_is_asked_once(tmp_path: Path) -> None:
    saved(tmp_path, STANDING.at_ms)
    keeper = Keeper(Ground("c" * 40, dirty=(PathChange("a.py", new_content=THEN),)))
    lines = RecordedLines()
    for _ in range(3):
        assert await lines.find(keeper, tmp_path, STANDING, "a.py") == ("then", "")
    assert keeper.asked == 1
