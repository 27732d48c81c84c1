"""The tasks as the engine keeps them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import Conflict
from common.model.ids import NodeId
from common.model.node import Identity
from common.model.task import TaskWish
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.tasks.backlog import Backlog
from coordinator_node.tasks.book import TRIES_MAX, Book
from tests.support.small_mesh import ShiftedClock


async def test_a_task_that_changes_at_each_look_is_given_up_after_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sqlite(tmp_path / "state.db") as engine:
        backlog = await Backlog.open(engine, ShiftedClock())
        by = Identity("m", "developer", NodeId("l1"))
        task, _ = await backlog.submit(TaskWish("snapshot", "k1"), by)
        book, tries = Book(engine.kv), 0

        async def another_came_first(*_: object, **__: object) -> int:
            nonlocal tries
            tries += 1
            raise Conflict("another came first")

        monkeypatch.setattr(engine.kv, "put", another_came_first)
        with pytest.raises(Conflict, match=f"task {task.id} changes all the time"):
            await book.change(
                task.id, lambda kept: replace(kept, task=replace(kept.task, priority=9))
            )
        assert tries == TRIES_MAX
