"""The backlog over the engine's queue: each task is kept in the book, its turn in the queue.

The book decides: what a worker tells counts only under the claim that the book names. A job without
a task, or of an earlier round, is thrown away when it is claimed; a task that waits without a job
(the Coordinator died between the two writes) is given one again at the next start.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from common.cancelling import cancellable
from common.clock import Clock
from common.errors import Conflict, Missing, OverLimit, PostDevAIError
from common.model.ids import NodeId, short_hash
from common.model.node import Identity
from common.model.task import (
    Assignment,
    Failing,
    KeptTask,
    Offer,
    Task,
    TaskId,
    TaskWish,
)
from coordinator_node.engine.ports import Claimed, Engine, Job, Queue
from coordinator_node.tasks import rules, steps
from coordinator_node.tasks.book import Book
from coordinator_node.tasks.workers import Workers

log = logging.getLogger(__name__)

QUEUE = "tasks"
VISIBLE_S = 15.0
"""A worker that tells nothing for so long has lost its tasks; an election of the engine, in which
nobody can be told anything, was seen to last 8 s."""
LOOK_S = 1.0
"""Between two looks at the queue of one who waits: claims end and pauses pass without a sign."""
TEND_S = 1.0
WAITING_MAX = 10_000
ENDED_MAX = 1_000
"""Tasks that have ended and are kept, the newest."""


class Backlog:
    """Submits, gives out, hears what came of it."""

    def __init__(
        self,
        book: Book,
        queue: Queue,
        clock: Clock,
        *,
        visible_s: float = VISIBLE_S,
        ended_max: int = ENDED_MAX,
        alone: bool = True,
    ) -> None:
        """`alone`: no other Coordinator changes what this one keeps."""
        self.book = book
        self._queue = queue
        self._clock = clock
        self._visible_s = visible_s
        self._ended_max = ended_max
        self._alone = alone
        self._workers = Workers(clock, alone=alone)
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, engine: Engine, clock: Clock) -> Backlog:
        """Over the tables of an engine, with every task that waits in its place."""
        backlog = cls(Book(engine.kv), engine.queue, clock, alone=engine.name == "sqlite")
        await backlog.recall()
        return backlog

    async def recall(self) -> None:
        """Reads what is kept, and gives every task that waits its place in the queue."""
        await self.book.recall()
        for kept in self.book.all():
            if kept.task.state == "waiting":
                await self._queue.submit(QUEUE, _job(kept))

    async def keep(self) -> None:
        """Takes back what its worker has lost, forgets what ended long ago, and hears what other
        Coordinators change, until cancelled."""
        await asyncio.gather(cancellable(self._tend()), cancellable(self._follow()))

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(TEND_S)
            try:
                await self.look_after()
            except PostDevAIError as error:
                log.warning("the tasks could not be looked after: %s", error.message)

    async def _follow(self) -> None:
        while not self._alone:
            try:
                await self.book.follow()
            except PostDevAIError as error:
                log.warning("what other Coordinators do is not heard: %s", error.message)
                await asyncio.sleep(TEND_S)

    async def look_after(self) -> None:
        """Once."""
        now_ms = self._clock.now_ms()
        given_up = partial(steps.given_up, now_ms=now_ms)
        for kept in self.book.all():
            if given_up(kept) != kept:
                await self._settle(kept.task.id, given_up)
        ended = [kept for kept in self.book.all() if kept.task.ended]
        for kept in sorted(ended, key=lambda each: each.task.ended_ms)[: -self._ended_max or None]:
            await self._queue.remove(QUEUE, kept.job)
            await self.book.remove(kept.task.id)

    # -- for people ---------------------------------------------------------------------------

    def tasks(self) -> list[Task]:
        """All, with what those that wait wait for."""
        return [self.shown(kept.task) for kept in self.book.all()]

    def shown(self, task: Task) -> Task:
        """A task, with what it waits for."""
        return self._workers.shown(task)

    async def submit(self, wish: TaskWish, submitter: Identity) -> tuple[Task, bool]:
        """The task, and whether it is new. Conflict when the key was used for something else."""
        wish = rules.checked(wish, submitter)
        if sum(not kept.task.ended for kept in self.book.all()) >= WAITING_MAX:
            raise OverLimit(f"{WAITING_MAX:,} tasks wait already", hint="Cancel some of them.")
        task_id = TaskId(short_hash("task", wish.key))
        wanted = steps.submitted(wish, task_id, submitter.id, self._clock.now_ms())
        kept, created = await self.book.add(KeptTask(wanted, f"{task_id}.{_random()}"))
        if not created and not steps.is_same(kept.task, wanted):
            raise Conflict(
                f"the key {wish.key[:40]!r} was used for another task", hint="Take a new key."
            )
        if kept.task.state == "waiting":  # an earlier call may have died before this
            await self._queue.submit(QUEUE, _job(kept))
        return self.shown(kept.task), created

    async def cancel(self, words: str) -> Task:
        """The task, which has ended or will as soon as its worker has heard."""
        step = partial(steps.cancel_asked, now_ms=self._clock.now_ms())
        kept = await self._settle(self.book.named(words), step)
        return self.shown(kept.task)

    async def retry(self, words: str) -> Task:
        """The task, which waits again."""
        task_id = self.book.named(words)
        before, after = await self.book.change(
            task_id, partial(steps.again, job=f"{task_id}.{_random()}")
        )
        if before != after:
            await self._queue.remove(QUEUE, before.job)
            await self._queue.submit(QUEUE, _job(after))
        return self.shown(after.task)

    # -- for workers --------------------------------------------------------------------------

    async def claim(
        self, worker: Identity, offer: Offer, limit: int, wait_s: float
    ) -> tuple[Assignment, ...]:
        """The next tasks that the worker can do; none when none comes in time."""
        offered = rules.offered(worker, offer)
        await self._let_go_of_earlier_lives(worker.id, offer.life)
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        with self._workers.asking(worker.id, offered):
            while True:
                given = await self._uncut(worker, offer, offered, limit)
                left_s = end - loop.time()
                if given or left_s <= 0:
                    return given
                await self.book.moved(min(LOOK_S, left_s))

    async def progress(
        self, worker: NodeId, task_id: TaskId, token: str, share: float, sentence: str
    ) -> tuple[bool, int]:
        """Whether it is to end, and when the claim ends now. Conflict when it has ended."""
        steps.held(await self.book.read(task_id), worker, token)
        ends_ms = await self._queue.extend(QUEUE, token, self._visible_s)
        _, after = await self.book.change(
            task_id,
            lambda kept: steps.moved_on(kept, worker, token, share, sentence, ends_ms),
        )
        return after.task.cancelling, ends_ms

    async def complete(self, worker: NodeId, task_id: TaskId, token: str, result: str) -> None:
        """It is done. Conflict, and nothing happens, when the claim has ended."""
        now_ms = self._clock.now_ms()
        await self._settle(task_id, lambda kept: steps.done(kept, worker, token, result, now_ms))

    async def fail(
        self, worker: NodeId, task_id: TaskId, token: str, how: Failing, reason: str
    ) -> None:
        """It is not done. Conflict, and nothing happens, when the claim has ended."""
        now_ms = self._clock.now_ms()
        await self._settle(
            task_id, lambda kept: steps.failed(kept, worker, token, how, reason, now_ms)
        )

    # -- between the book and the queue ---------------------------------------------------------

    async def _uncut(
        self, worker: Identity, offer: Offer, offered: Sequence[str], limit: int
    ) -> tuple[Assignment, ...]:
        """A caller that leaves in the middle has nothing: what was claimed for it is given back."""
        claiming = asyncio.create_task(self._claim(worker, offer, offered, limit))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            given = await claiming
            for each in given:
                await self.fail(worker.id, each.task.id, each.token, "returned", "")
            raise

    async def _claim(
        self, worker: Identity, offer: Offer, offered: Sequence[str], limit: int
    ) -> tuple[Assignment, ...]:
        async with self._turn:  # so that two calls of one worker count each other's tasks
            has = sum(
                kept.task.state == "running" and kept.task.worker == worker.id
                for kept in self.book.all()
            )
            free = min(limit, min(offer.slots, rules.SLOTS_MAX) - has)
            if free <= 0:
                return ()
            found = await self._queue.claim(QUEUE, worker.id, offered, self._visible_s, free)
            given = [await self._taken(worker.id, offer.life, claimed) for claimed in found]
        return tuple(each for each in given if each is not None)

    async def _taken(self, worker: NodeId, life: str, claimed: Claimed) -> Assignment | None:
        """A claimed job as a task; None when there is nothing to do for it any more."""
        token, now_ms = claimed.token, self._clock.now_ms()

        def begin(kept: KeptTask) -> KeptTask:
            if kept.job != claimed.job.id:
                return kept
            return steps.begun(kept, worker, life, token, claimed.ends_ms, now_ms)

        task_id = TaskId(claimed.job.id.partition(".")[0])
        try:
            _, after = await self.book.change(task_id, begin)
        except Missing:
            await self._throw_away(token)
            return None
        if after.task.state == "running" and after.token == token:
            return Assignment(after.task, token, claimed.ends_ms)
        dead = after.job == claimed.job.id and after.task.state == "dead"
        await (self._put_aside(token, after.task.reason) if dead else self._throw_away(token))
        return None

    async def _settle(self, task_id: TaskId, step: Callable[[KeptTask], KeptTask]) -> KeptTask:
        """Takes a step in the book, then does in the queue what follows from it."""
        before, after = await self.book.change(task_id, step)
        task = after.task
        if task.ended and task.state != "dead":
            await self._queue.remove(QUEUE, after.job)
        elif before.task.state == "running" and task.state in ("waiting", "dead"):
            delay_s = max(0, task.ready_ms - self._clock.now_ms()) / 1000
            dead = task.state == "dead"
            with suppress(Conflict):  # ended by itself: the queue gives the job out again
                await self._queue.nak(
                    QUEUE, before.token, reason=task.reason, delay_s=delay_s, dead=dead
                )
        return after

    async def _let_go_of_earlier_lives(self, worker: NodeId, life: str) -> None:
        """A worker that was started anew knows nothing of what it had before."""
        step = partial(steps.left_behind, worker=worker, life=life, now_ms=self._clock.now_ms())
        for kept in self.book.all():
            if step(kept) != kept:
                await self._settle(kept.task.id, step)

    async def _throw_away(self, token: str) -> None:
        with suppress(Conflict):  # whoever claims it next throws it away
            await self._queue.ack(QUEUE, token)

    async def _put_aside(self, token: str, reason: str) -> None:
        with suppress(Conflict):
            await self._queue.nak(QUEUE, token, reason=reason, dead=True)


def _job(kept: KeptTask) -> Job:
    return Job(kept.job, b"", kept.task.priority, rules.topics(kept.task))


def _random() -> str:
    return os.urandom(4).hex()
