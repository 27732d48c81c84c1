"""Executors over a real lake: a generation is there, indexes are anew, files are smaller."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Corrupt, Missing
from common.model.lake import LakeStep
from common.model.task import Task, TaskId, TaskKind
from common.worker import Executor, Result, Step
from dragon_node.lake.lake import Lake
from dragon_node.lake.records import ChunkRef
from dragon_node.working import upkeep
from tests.support.lake import Laptop, contents, opened, saved, seen

TEXT = "def close_the_journal():\n    return 1\n"


async def executed(executor: Executor, kind: TaskKind, project: str = "") -> list[Step | Result]:
    steps = [step async for step in executor(Task(TaskId("t"), kind, project))]
    assert isinstance(steps[-1], Result)
    assert all(isinstance(step, Step) and 0 <= step.share <= 1 for step in steps[:-1])
    return steps


async def fill(lake: Lake) -> None:
    await Laptop(lake).send(seen(), saved("a.py", TEXT), blobs=contents(TEXT))


async def found(lake: Lake) -> list[ChunkRef]:
    return [each.ref for each in await lake.by_words("close journal", 5)]


async def test_a_snapshot_is_a_generation_of_all_there_is(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await fill(lake)
        await executed(upkeep.snapshotting(lake), "snapshot")
        stats = await lake.stats()
        assert [generation.lsn for generation in stats.generations] == [stats.lsn]


async def test_a_reindexed_project_is_found_as_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await fill(lake)
        before = await found(lake)
        assert before  # the control
        (*_, result) = await executed(upkeep.reindexing(lake), "reindex", "thing")
        assert isinstance(result, Result) and "chunks are indexed" in result.text
        assert await found(lake) == before


async def test_a_project_that_is_not_there_is_missing(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await fill(lake)
        with pytest.raises(Missing):
            await executed(upkeep.reindexing(lake), "reindex", "nowhere")


async def test_a_compacted_lake_knows_what_it_knew(tmp_path: Path) -> None:
    async with opened(tmp_path) as lake:
        await fill(lake)
        before = await found(lake)
        await executed(upkeep.compacting(lake), "compact")
        assert await found(lake) == before
        assert set(lake.project_names()) >= {"thing"}


async def test_work_that_finds_something_damaged_fails() -> None:
    class Damaged:
        async def snapshot(self):
            yield LakeStep("copy", sentence="a file is damaged", ok=False)

    with pytest.raises(Corrupt, match="a file is damaged"):
        await executed(upkeep.snapshotting(Damaged()), "snapshot")  # type: ignore[arg-type]
