"""A lake and models in memory: they say what a test wrote, and keep what was asked of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from common.errors import Missing, PostDevAIError
from common.model.lake import LakeStats, LakeStep, ProjectStats
from common.model.llm import InferenceStats, Model, ModelChange, ModelList
from common.model.shared import ItemKind, SharedItem, SyncStatus
from common.model.task import Task, TaskId, TaskPage, TaskWish

Steps = tuple[LakeStep | asyncio.Event | PostDevAIError, ...]
Pieces = tuple[Model | asyncio.Event | PostDevAIError, ...]


class ScriptedLake:
    """Implements the screens' `Lake`."""

    def __init__(self) -> None:
        self.now = LakeStats(0, 0, True, "", "", 0, 0)
        self.refusal: PostDevAIError | None = None
        """Raised by every call while it is set."""
        self.snapshot_steps: Steps = ()
        """In order; an event is waited for, an error is raised."""
        self.verify_steps: Steps = ()
        self.pinned: list[tuple[str, bool]] = []
        self.slept: list[str] = []
        self.ended = 0
        """Walks that were ended or have come to their end."""

    async def stats(self) -> LakeStats:
        """What the test set."""
        self._refuse()
        return self.now

    async def pin(self, project: str, *, pinned: bool) -> ProjectStats:
        """Kept for the test to look at."""
        self._refuse()
        self.pinned.append((project, pinned))
        return replace(self._project(project), pinned=pinned)

    async def sleep(self, project: str) -> ProjectStats:
        """Kept for the test to look at."""
        self._refuse()
        self.slept.append(project)
        return replace(self._project(project), state="asleep")

    async def snapshot(self) -> AsyncGenerator[LakeStep]:
        """The scripted steps."""
        async for step in self._walk(self.snapshot_steps):
            yield step

    async def verify(self) -> AsyncGenerator[LakeStep]:
        """The scripted steps."""
        async for step in self._walk(self.verify_steps):
            yield step

    async def _walk(self, steps: Steps) -> AsyncGenerator[LakeStep]:
        self._refuse()
        try:
            for step in steps:
                match step:
                    case asyncio.Event():
                        await step.wait()
                    case PostDevAIError():
                        raise step
                    case _:
                        yield step
        finally:
            self.ended += 1

    def _project(self, name: str) -> ProjectStats:
        for project in self.now.kept:
            if name in (project.name, project.id):
                return project
        raise Missing("There is no such project.")

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


class ScriptedShared:
    """Implements the screens' `Shared`."""

    def __init__(self) -> None:
        self.held: tuple[SharedItem, ...] = ()
        self.status = SyncStatus()

    async def items(
        self, kind: ItemKind, scope: str = "", *, every: bool = False
    ) -> tuple[SharedItem, ...]:
        """Those of the kind, of one project or of all."""
        return tuple(i for i in self.held if i.kind == kind and (every or i.scope == scope))

    async def sync(self) -> SyncStatus:
        """What the test set."""
        return self.status


class ScriptedTasks:
    """Implements the screens' `Tasks`."""

    def __init__(self) -> None:
        self.now = TaskPage()
        self.refusal: PostDevAIError | None = None
        """Raised by every call while it is set."""
        self.wishes: list[TaskWish] = []
        self.asked: list[tuple[str, str]] = []
        """What was asked of which task."""

    async def list(self, states: Sequence[str] = (), ended_max: int = 0) -> TaskPage:
        """What the test set."""
        self._refuse()
        return self.now

    async def get(self, task_id: str) -> Task:
        """One of those."""
        self._refuse()
        for task in self.now.tasks:
            if task.id == task_id:
                return task
        raise Missing(f"There is no task '{task_id}'.")

    async def submit(self, wish: TaskWish) -> tuple[Task, bool]:
        """Kept for the test to look at, and first among the tasks from now on."""
        self._refuse()
        self.wishes.append(wish)
        task = Task(TaskId(wish.key[:16]), wish.kind, wish.project, key=wish.key)
        self.now = replace(self.now, tasks=(task, *self.now.tasks))
        return task, True

    async def cancel(self, task_id: str) -> Task:
        """Ended at once where nobody has begun it."""
        task = await self.get(task_id)
        self.asked.append(("cancel", task_id))
        if task.state == "running":
            return self._put(replace(task, cancelling=True))
        return self._put(replace(task, state="cancelled"))

    async def retry(self, task_id: str) -> Task:
        """It waits again."""
        task = await self.get(task_id)
        self.asked.append(("retry", task_id))
        return self._put(replace(task, state="waiting", attempts=0))

    def _put(self, task: Task) -> Task:
        tasks = tuple(task if each.id == task.id else each for each in self.now.tasks)
        self.now = replace(self.now, tasks=tasks)
        return task

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal


class ScriptedModels:
    """Implements the screens' `Models`."""

    def __init__(self) -> None:
        self.now = ModelList(())
        self.load_now = InferenceStats(0)
        self.refusal: PostDevAIError | None = None
        """Raised by every call while it is set."""
        self.pieces: Pieces = ()
        """Of a load or a pull, in order; an event is waited for, an error is raised."""
        self.changes: Sequence[ModelChange] = ()
        self.asked: list[tuple[str, str]] = []
        """What was asked of which model."""
        self.ended = 0
        """Loads and pulls that were ended or have come to their end."""

    async def list(self) -> ModelList:
        """What the test set."""
        self._refuse()
        return self.now

    async def stats(self) -> InferenceStats:
        """What the test set."""
        self._refuse()
        return self.load_now

    async def load(self, name: str) -> AsyncGenerator[Model]:
        """The scripted pieces."""
        self.asked.append(("load", name))
        async for piece in self._walk():
            yield piece

    async def pull(self, name: str) -> AsyncGenerator[Model]:
        """The scripted pieces."""
        self.asked.append(("pull", name))
        async for piece in self._walk():
            yield piece

    async def unload(self, name: str, *, now: bool) -> Model:
        """Kept for the test to look at."""
        self._refuse()
        self.asked.append(("unload now" if now else "unload", name))
        return replace(self._model(name), state="ready", bytes=0)

    async def pin(self, name: str, *, pinned: bool) -> Model:
        """Kept for the test to look at."""
        self._refuse()
        self.asked.append(("pin" if pinned else "unpin", name))
        return replace(self._model(name), pinned=pinned)

    async def watch(self, after_cursor: int = 0) -> AsyncGenerator[ModelChange]:
        """The scripted changes, then nothing for ever."""
        for change in self.changes:
            yield change
        await asyncio.Event().wait()

    async def _walk(self) -> AsyncGenerator[Model]:
        self._refuse()
        try:
            for piece in self.pieces:
                match piece:
                    case asyncio.Event():
                        await piece.wait()
                    case PostDevAIError():
                        raise piece
                    case _:
                        yield piece
        finally:
            self.ended += 1

    def _model(self, name: str) -> Model:
        for model in self.now.models:
            if model.name == name:
                return model
        raise Missing(f"There is no model {name}.")

    def _refuse(self) -> None:
        if self.refusal is not None:
            raise self.refusal
