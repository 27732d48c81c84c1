"""Every task as it is kept: read, changed by compare-and-set, followed as others change it.

Layout in the engine's Kv: task/ID holds a KeptTask.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from common.errors import Conflict, Invalid, Missing
from common.model.task import KeptTask, TaskId
from common.wire.nouns import kept_task_from_bytes, kept_task_to_bytes
from coordinator_node.engine.ports import Kv

PREFIX = "task/"
ID_CHARS = 16
TRIES_MAX = 20
"""Others that change the same task meanwhile are fewer than this."""


class Book:
    """The tasks. What is remembered here may be a moment behind; every change looks first."""

    def __init__(self, kv: Kv) -> None:
        self._kv = kv
        self._known: dict[TaskId, tuple[int, KeptTask]] = {}
        self._moved = asyncio.Event()
        self._changed = asyncio.Event()
        self.cursor = 0
        """The newest revision that was seen."""

    async def recall(self) -> None:
        """Reads what is kept."""
        for entry in await self._kv.entries(PREFIX):
            self._seen(_id(entry.key), entry.revision, kept_task_from_bytes(entry.value))

    async def follow(self) -> None:
        """Hears what other Coordinators change, until cancelled."""
        async for change in self._kv.watch(PREFIX):
            if change.value is None:
                self._gone(_id(change.key), change.revision)
            else:
                self._seen(_id(change.key), change.revision, kept_task_from_bytes(change.value))

    async def changes(self, after: int) -> AsyncGenerator[tuple[int, TaskId, KeptTask | None]]:
        """Revision, id and state of each task that is changed after a revision, until the reader
        stops; states between two looks may be left out, and None is one that is kept no more."""
        told: set[TaskId] = set(self._known)
        while True:
            changed = self._changed
            for task_id in sorted(told - self._known.keys()):
                yield after, task_id, None
            told = set(self._known)
            news = sorted(
                (revision, task_id)
                for task_id, (revision, _) in self._known.items()
                if revision > after
            )
            for revision, task_id in news:
                after = revision
                if (known := self._known.get(task_id)) is not None:
                    yield revision, task_id, known[1]
            await changed.wait()

    def all(self) -> list[KeptTask]:
        """As last seen."""
        return [kept for _, kept in self._known.values()]

    def named(self, words: str) -> TaskId:
        """The id that begins so. Missing when none does, Conflict when several do. A whole id is
        taken as it is: another Coordinator may have been told of it a moment ago."""
        if words in self._known or len(words) == ID_CHARS:
            return TaskId(words)
        found = sorted(each for each in self._known if words and each.startswith(words))
        if not found:
            raise Missing(f"there is no task {words[:40]!r}", hint="postdevai tasks lists them.")
        if len(found) > 1:
            raise Conflict(
                f"{len(found)} tasks begin with {words[:40]}: {', '.join(found[:5])}",
                hint="Write more of it.",
            )
        return found[0]

    async def add(self, kept: KeptTask) -> tuple[KeptTask, bool]:
        """The task, and True; or the one that has its id already, and False."""
        task_id = kept.task.id
        try:
            revision = await self._kv.put(_key(task_id), kept_task_to_bytes(kept), expected=0)
        except Conflict:
            return await self.read(task_id), False
        self._seen(task_id, revision, kept)
        return kept, True

    async def read(self, task_id: TaskId) -> KeptTask:
        """As it is kept now. Missing when there is none."""
        return (await self._entry(task_id))[1]

    async def change(
        self, task_id: TaskId, step: Callable[[KeptTask], KeptTask]
    ) -> tuple[KeptTask, KeptTask]:
        """Before and after a step; nothing is written when it changes nothing. What the step
        raises is raised. The step is taken again when another came first."""
        for _ in range(TRIES_MAX):
            revision, before = await self._entry(task_id)
            after = step(before)
            if after == before:
                return before, after
            try:
                now = await self._kv.put(
                    _key(task_id), kept_task_to_bytes(after), expected=revision
                )
            except Conflict:
                continue
            self._seen(task_id, now, after)
            return before, after
        raise Conflict(f"task {task_id} changes all the time", hint="Try again in a moment.")

    async def remove(self, task_id: TaskId) -> None:
        """It is kept no more, unless it has changed since it was last seen."""
        revision, _ = self._known[task_id]
        try:
            await self._kv.remove(_key(task_id), expected=revision)
        except Conflict:
            return
        self._gone(task_id, revision)

    async def moved(self, within_s: float) -> None:
        """Returns when a task has begun to wait, or after so long."""
        moved = self._moved
        try:
            async with asyncio.timeout(within_s):
                await moved.wait()
        except TimeoutError:
            return

    async def _entry(self, task_id: TaskId) -> tuple[int, KeptTask]:
        entry = await self._kv.get(_key(task_id))
        if entry is None:
            self._known.pop(task_id, None)
            raise Missing(f"there is no task {task_id}", hint="postdevai tasks lists them.")
        kept = kept_task_from_bytes(entry.value)
        self._seen(task_id, entry.revision, kept)
        return entry.revision, kept

    def _seen(self, task_id: TaskId, revision: int, kept: KeptTask) -> None:
        self.cursor = max(self.cursor, revision)
        known = self._known.get(task_id)
        if known is not None and known[0] >= revision:
            return
        self._known[task_id] = (revision, kept)
        self._tell()
        if kept.task.state == "waiting":
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def _gone(self, task_id: TaskId, revision: int) -> None:
        self.cursor = max(self.cursor, revision)
        known = self._known.get(task_id)
        if known is not None and known[0] <= revision:
            del self._known[task_id]
            self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _key(task_id: TaskId) -> str:
    if not (task_id.isascii() and task_id.isalnum() and len(task_id) <= 64):
        raise Invalid(f"{task_id[:40]!r} is no id of a task", field="id")
    return PREFIX + task_id


def _id(key: str) -> TaskId:
    return TaskId(key.removeprefix(PREFIX))
