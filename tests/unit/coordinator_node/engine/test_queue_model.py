"""A queue in SQLite does what a queue of plain Python does, whatever is asked of it and when."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from common.errors import Conflict, Missing
from coordinator_node.engine.ports import Claimed, Job
from coordinator_node.engine.sqlite_engine import open_sqlite

TOPICS = ("gpu", "index")
IDS = st.sampled_from([f"j{n}" for n in range(6)])
SHORT_S = st.sampled_from([1.0, 5.0])


class HandClock:
    """Goes only when it is told to."""

    ms = 1_800_000_000_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000


@dataclass
class Known:
    """A job as the model has it."""

    job: Job
    number: int
    ready_ms: int
    state: str = "waiting"
    attempts: int = 0
    token: str = ""
    ends_ms: int = 0


class QueueMachine(RuleBasedStateMachine):
    """Two clients of one file, and a model that is a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.clock = HandClock()
        self.jobs: dict[str, Known] = {}
        self.done: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.acked: set[str] = set()
        self.number = 0
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.clients = [
            self.run(self.stack.enter_async_context(open_sqlite(Path(folder) / "s.db", self.clock)))
            for _ in range(2)
        ]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()

    @property
    def queue(self) -> Any:
        """Now the one client, now the other."""
        self.number += 1
        return self.clients[self.number % 2].queue

    def order(self) -> list[Known]:
        live = [each for each in self.jobs.values() if each.state != "dead"]
        return sorted(live, key=lambda each: (-each.job.priority, each.ready_ms, each.number))

    def lapse(self) -> None:
        for each in self.jobs.values():
            if each.state == "claimed" and each.ends_ms <= self.clock.ms:
                each.state, each.token = "waiting", ""

    def holder(self, token: str) -> Known | None:
        self.lapse()
        return next((each for each in self.jobs.values() if each.token == token), None)

    @rule(
        job_id=IDS,
        priority=st.integers(0, 2),
        topics=st.sets(st.sampled_from(TOPICS)),
        delay_s=st.sampled_from([0.0, 0.0, 5.0]),
    )
    def submit(self, job_id: str, priority: int, topics: set[str], delay_s: float) -> None:
        job = Job(job_id, job_id.encode(), priority, tuple(sorted(topics)))
        new = job_id not in self.jobs and job_id not in self.done
        assert self.run(self.queue.submit("q", job, delay_s=delay_s)) == new
        if new:
            ready_ms = self.clock.ms + round(delay_s * 1000)
            self.jobs[job_id] = Known(job, self.number, ready_ms)

    @rule(offered=st.sets(st.sampled_from(TOPICS)), visible_s=SHORT_S, limit=st.integers(1, 3))
    def claim(self, offered: set[str], visible_s: float, limit: int) -> None:
        self.lapse()
        wanted = [
            each
            for each in self.order()
            if each.state == "waiting"
            and each.ready_ms <= self.clock.ms
            and offered.issuperset(each.job.topics)
        ][:limit]
        got: tuple[Claimed, ...] = self.run(
            self.queue.claim("q", "w", tuple(offered), visible_s, limit=limit)
        )
        assert [each.job for each in got] == [each.job for each in wanted]
        for known, claimed in zip(wanted, got, strict=True):
            known.state, known.token = "claimed", claimed.token
            known.attempts += 1
            known.ends_ms = self.clock.ms + round(visible_s * 1000)
            assert (claimed.attempt, claimed.ends_ms) == (known.attempts, known.ends_ms)
            self.tokens[claimed.token] = known.job.id

    @rule(data=st.data(), visible_s=SHORT_S)
    def extend(self, data: st.DataObject, visible_s: float) -> None:
        if token := self.some_token(data):
            known = self.holder(token)
            if self.refused(self.queue.extend("q", token, visible_s)):
                assert known is None
            else:
                assert known is not None
                known.ends_ms = self.clock.ms + round(visible_s * 1000)

    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        if token := self.some_token(data):
            known = self.holder(token)
            if self.refused(self.queue.ack("q", token)):
                assert known is None and token not in self.acked
            elif known is None:
                assert token in self.acked
            else:
                del self.jobs[known.job.id]
                self.done.add(known.job.id)
                self.acked.add(token)

    @rule(data=st.data(), delay_s=st.sampled_from([0.0, 5.0]), dead=st.booleans())
    def nak(self, data: st.DataObject, delay_s: float, dead: bool) -> None:
        if token := self.some_token(data):
            known = self.holder(token)
            if self.refused(self.queue.nak("q", token, reason="r", delay_s=delay_s, dead=dead)):
                assert known is None
            else:
                assert known is not None
                known.state, known.token = "dead" if dead else "waiting", ""
                known.ready_ms = self.clock.ms + round(delay_s * 1000)

    @rule(job_id=IDS)
    def remove(self, job_id: str) -> None:
        assert self.run(self.queue.remove("q", job_id)) == (self.jobs.pop(job_id, None) is not None)

    @rule(job_id=IDS)
    def revive(self, job_id: str) -> None:
        known = self.jobs.get(job_id)
        try:
            self.run(self.queue.revive("q", job_id))
        except Missing:
            assert known is None or known.state != "dead"
            return
        assert known is not None
        assert known.state == "dead"
        known.state, known.attempts, known.ready_ms = "waiting", 0, self.clock.ms

    @rule(seconds=st.sampled_from([0.5, 2.0, 10.0]))
    def time_goes(self, seconds: float) -> None:
        """Less in all than what was done is remembered."""
        self.clock.ms += round(seconds * 1000)

    @invariant()
    def the_same_is_listed(self) -> None:
        self.lapse()
        listed = self.run(self.queue.listed("q"))
        assert [
            (each.job, each.state, each.attempts) for each in listed if each.state != "dead"
        ] == [(each.job, each.state, each.attempts) for each in self.order()]
        dead = {each.job.id for each in listed if each.state == "dead"}
        assert dead == {name for name, each in self.jobs.items() if each.state == "dead"}

    def some_token(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(sorted(self.tokens))) if self.tokens else ""

    def refused(self, work: Any) -> bool:
        try:
            self.run(work)
        except Conflict:
            return True
        return False


TestQueueModel = QueueMachine.TestCase
TestQueueModel.settings = settings(
    max_examples=25,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
