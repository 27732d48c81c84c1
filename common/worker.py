"""The loop of a node that does tasks: claims them, tells how far they are, says what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from common.backoff import Backoff
from common.errors import (
    Conflict,
    Denied,
    Invalid,
    Missing,
    OverLimit,
    PostDevAIError,
    Unavailable,
)
from common.model.task import RESULT_MAX, Assignment, Failing, Offer, Task, TaskId, TaskKind

log = logging.getLogger(__name__)

POLL_S = 10.0
"""How long one question for work waits at the Coordinator."""
BEAT_S = 1.5
"""Between two words about a task: keeps the claim, and brings the wish that it ends."""
TELL_S_MAX = 60.0
"""So long a result is offered to a Coordinator that is away; then the task is done again."""
HAND_BACK_S = 2.0
"""A worker that stops says so for no longer."""
STOPPED = "its worker stopped"
FINAL = (Invalid, Denied, Missing)
"""What would be refused again however often it is tried."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a task is."""

    sentence: str
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a task; the last thing that an executor yields."""

    text: str


Steps = AsyncGenerator[Step | Result]
Executor = Callable[[Task], Steps]
"""Does a task. Closing it ends the work; what it raises is why the task failed: refusals that would
be the same again (Invalid, Denied, Missing) end it, others are tried again."""


class Desk(Protocol):
    """Where tasks are given out."""

    async def claim(self, offer: Offer, limit: int, wait_s: float) -> tuple[Assignment, ...]: ...
    async def progress(self, task_id: TaskId, token: str, share: float, sentence: str) -> bool: ...
    async def complete(self, task_id: TaskId, token: str, result: str) -> None: ...
    async def fail(self, task_id: TaskId, token: str, how: Failing, reason: str) -> None: ...


async def nothing() -> tuple[str, ...]:
    """For a worker whose kinds are not about what it holds."""
    return ()


@dataclass(slots=True)
class Worker:
    """Does up to `slots` tasks at a time. Nothing that an executor raises ends it."""

    desk: Desk
    executors: Mapping[TaskKind, Executor]
    projects: Callable[[], Awaitable[tuple[str, ...]]] = nothing
    """Names and ids of the projects that this node holds now."""
    slots: int = 1
    poll_s: float = POLL_S
    beat_s: float = BEAT_S
    _life: str = field(default_factory=lambda: os.urandom(8).hex())
    _running: dict[asyncio.Task[None], None] = field(default_factory=dict[asyncio.Task[None], None])
    _stopping: bool = False

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Works beside the block; at its end hands back what is not done."""
        claiming = asyncio.create_task(self._claim())
        claiming.add_done_callback(_claims_no_more)
        try:
            yield
        finally:
            self._stopping = True
            claiming.cancel()
            for each in self._running:
                each.cancel()
            await asyncio.gather(claiming, *self._running, return_exceptions=True)

    async def _claim(self) -> None:
        backoff = Backoff(first_s=0.2, most_s=5.0)
        while True:
            if len(self._running) >= self.slots:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                continue
            try:
                offer = Offer(tuple(self.executors), await self.projects(), self.slots, self._life)
                given = await self.desk.claim(offer, self.slots - len(self._running), self.poll_s)
                backoff.reset()
            except PostDevAIError as error:
                log.debug("no tasks can be had: %s", error.message)
                await asyncio.sleep(backoff.next_s())
                continue
            for each in given:
                self._begin(each)

    def _begin(self, given: Assignment) -> None:
        task = asyncio.create_task(self._do(given))
        self._running[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a task came to no end", exc_info=error)

    async def _do(self, given: Assignment) -> None:
        task = given.task
        log.info("task begun id=%s kind=%s attempt=%d", task.id, task.kind, task.attempts)
        told = _Told()
        work = asyncio.create_task(self._execute(task, told))
        try:
            how = await self._keep(given, work, told)
        except asyncio.CancelledError:
            await _ended_work(work)
            if self._stopping:
                await self._hand_back(given)
            raise
        if how is not None:
            await self._tell(given, how)

    async def _execute(self, task: Task, told: _Told) -> str:
        executor = self.executors.get(task.kind)
        if executor is None:
            raise Invalid(f"this node does not {task.kind}")
        async with aclosing(executor(task)) as steps:
            async for step in steps:
                if isinstance(step, Result):
                    return step.text
                told.step = step
        raise Unavailable("it ended without a result")

    async def _keep(
        self, given: Assignment, work: asyncio.Task[str], told: _Told
    ) -> _Outcome | None:
        """Keeps the claim until the work has ended; None when the claim was lost."""
        task = given.task
        while True:
            await asyncio.wait({work}, timeout=self.beat_s)
            if work.done():
                return _outcome(work)
            step = told.step
            try:
                stop = await self.desk.progress(task.id, given.token, step.share, step.sentence)
            except (Conflict, Missing) as error:
                log.warning("task %s was taken away: %s", task.id, error.message)
                await _ended_work(work)
                return None
            except PostDevAIError as error:
                log.debug("task %s goes on unheard: %s", task.id, error.message)
                continue
            if stop:
                await _ended_work(work)
                # What was done before it could be ended is done.
                return _outcome(work) if not work.cancelled() else _Outcome("cancelled", "")

    async def _tell(self, given: Assignment, outcome: _Outcome) -> None:
        """Offers what came of it until it is taken, or the claim must have ended."""
        task, backoff = given.task, Backoff()
        said = outcome.words.partition("\n")[0][:200]
        log.info("task ended id=%s how=%s %s", task.id, outcome.how, said)
        try:
            async with asyncio.timeout(TELL_S_MAX):
                while True:
                    try:
                        await self._tell_once(given, outcome)
                        return
                    except (Unavailable, OverLimit) as error:
                        log.debug("task %s: nobody hears it: %s", task.id, error.message)
                        await asyncio.sleep(backoff.next_s())
        except TimeoutError:
            log.warning("task %s: what came of it was not heard", task.id)
        except PostDevAIError as error:
            log.warning("task %s: what came of it was not taken: %s", task.id, error.message)

    async def _tell_once(self, given: Assignment, outcome: _Outcome) -> None:
        if outcome.how == "done":
            await self.desk.complete(given.task.id, given.token, outcome.words[:RESULT_MAX])
        else:
            await self.desk.fail(given.task.id, given.token, outcome.how, outcome.words)

    async def _hand_back(self, given: Assignment) -> None:
        with contextlib.suppress(PostDevAIError, TimeoutError):  # else the claim ends by itself
            async with asyncio.timeout(HAND_BACK_S):
                await self.desk.fail(given.task.id, given.token, "returned", STOPPED)


def _claims_no_more(claiming: asyncio.Task[None]) -> None:
    if not claiming.cancelled() and (error := claiming.exception()) is not None:
        log.error("this node claims no more tasks", exc_info=error)


@dataclass(slots=True)
class _Told:
    step: Step = field(default_factory=lambda: Step(""))


@dataclass(frozen=True, slots=True)
class _Outcome:
    how: Failing | Literal["done"]
    words: str


def _outcome(work: asyncio.Task[str]) -> _Outcome:
    error = work.exception()
    if error is None:
        return _Outcome("done", work.result())
    if isinstance(error, PostDevAIError):
        again = not isinstance(error, FINAL)
        return _Outcome(
            "retry" if again else "final", "; ".join(filter(None, (error.message, error.hint)))
        )
    log.error("a task failed", exc_info=error)
    return _Outcome("retry", f"{type(error).__name__}: {error}"[:500])


async def _ended_work(work: asyncio.Task[str]) -> None:
    work.cancel()
    await asyncio.wait({work})
