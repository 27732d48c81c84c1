"""Queues in the state stream: one message a job, rewritten with each step, each step expecting
the one before; a claim that has ended is a job that waits."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace

from common.errors import Conflict, Missing
from coordinator_node.engine.jetstream.link import Message
from coordinator_node.engine.jetstream.names import named, token
from coordinator_node.engine.jetstream.record import DONE_S, Record, packed, unpacked
from coordinator_node.engine.jetstream.state import Moved, State
from coordinator_node.engine.limits import check_id, check_job, check_name, check_term, new_token
from coordinator_node.engine.ports import Claimed, Job, Queued

VISIBLE_LEAST_S = 0.05
SPARE = 8
"""So many more jobs are looked at than are claimed, as others claim too."""


class NatsQueue:
    """Named queues of one space."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._read: dict[str, tuple[int, Record]] = {}

    async def submit(self, queue: str, job: Job, *, delay_s: float = 0.0) -> bool:
        """False, and nothing happens, when a job of that id is there or was done lately."""
        check_name(queue, "queue")
        check_job(job)
        delay_ms = check_term(delay_s, "delay_s")
        now_ms = await self._now_ms()
        record = Record(
            job, submitted_ms=now_ms, ready_ms=now_ms + delay_ms, number=_number(now_ms)
        )
        try:
            await self._state.write(self._subject(queue, job.id), packed(record), expected=0)
        except Moved:
            return False
        return True

    async def claim(
        self, queue: str, worker: str, offered: Sequence[str], visible_s: float, limit: int = 1
    ) -> tuple[Claimed, ...]:
        """The next jobs whose topics are all offered; none when there is none."""
        check_name(queue, "queue")
        check_id(worker, "worker")
        visible_ms = check_term(visible_s, "visible_s", least_s=VISIBLE_LEAST_S)
        able, taken = frozenset(offered), list[Claimed]()
        while len(taken) < limit:
            now_ms = await self._now_ms()
            await self._state.refresh()
            ready = (
                (record.order, seq, record)
                for seq, record in self._records(queue)
                if record.ready_at(now_ms) and able.issuperset(record.job.topics)
            )
            chosen = heapq.nsmallest(limit - len(taken) + SPARE, ready)
            if not chosen:
                break
            for _, seq, record in chosen[: limit - len(taken)]:
                mine = replace(
                    record,
                    state="claimed",
                    attempts=record.attempts + 1,
                    worker=worker,
                    token=new_token(record.job.id),
                    ends_ms=now_ms + visible_ms,
                )
                try:
                    await self._write(queue, mine, seq)
                except Moved:
                    continue  # another was first; the next look shows it
                taken.append(Claimed(mine.job, mine.token, mine.attempts, mine.ends_ms))
        return tuple(taken)

    async def extend(self, queue: str, token: str, visible_s: float) -> int:
        """The new end of the claim, ms; Conflict when it has ended."""
        visible_ms = check_term(visible_s, "visible_s", least_s=VISIBLE_LEAST_S)
        seq, record = await self._held(queue, token)
        ends_ms = await self._now_ms() + visible_ms
        try:
            await self._write(queue, replace(record, ends_ms=ends_ms), seq)
        except Moved:
            raise _ended() from None
        return ends_ms

    async def ack(self, queue: str, token: str) -> None:
        """Done, also when it is said twice; Conflict when the claim has ended before."""
        while True:
            seq, record = await self._held(queue, token, done=True)
            if record.state == "done":
                return
            done = replace(record, job=replace(record.job, data=b""), state="done")
            try:
                await self._write(queue, done, seq, ttl_s=DONE_S)
                return
            except Moved:
                continue  # it was extended, or has ended: the next look says which

    async def nak(
        self, queue: str, token: str, *, reason: str, delay_s: float = 0.0, dead: bool = False
    ) -> None:
        """Not done: given out again after the delay, or put aside for a person when `dead`."""
        delay_ms = check_term(delay_s, "delay_s")
        while True:
            seq, record = await self._held(queue, token)
            back = replace(
                record,
                state="dead" if dead else "waiting",
                reason=reason,
                ready_ms=await self._now_ms() + delay_ms,
                worker="",
                token="",
                ends_ms=0,
            )
            try:
                await self._write(queue, back, seq)
                return
            except Moved:
                continue

    async def remove(self, queue: str, job_id: str) -> bool:
        """Whatever its state; False when it is not there. Its claim ends."""
        subject = self._subject(queue, job_id)
        while True:
            found = await self._state.newest(subject)
            if found is None or unpacked(job_id, found.data).state == "done":
                return False
            try:
                await self._state.write(subject, b"", expected=found.seq, gone=True)
                return True
            except Moved:
                continue

    async def revive(self, queue: str, job_id: str) -> None:
        """A dead one waits again, its attempts forgotten; Missing when there is none."""
        found = await self._state.newest(self._subject(queue, job_id))
        record = unpacked(job_id, found.data) if found else None
        if found is None or record is None or record.state != "dead":
            raise Missing(f"no job {job_id} of {queue} is dead")
        again = replace(record, state="waiting", attempts=0, ready_ms=await self._now_ms())
        try:
            await self._write(queue, again, found.seq)
        except Moved:
            raise Missing(f"no job {job_id} of {queue} is dead any more") from None

    async def listed(self, queue: str) -> tuple[Queued, ...]:
        """Every job that is not done, in the order of claims, the dead ones last."""
        check_name(queue, "queue")
        now_ms = await self._now_ms()
        await self._state.refresh()
        records = [record for _, record in self._records(queue) if record.state != "done"]
        records.sort(key=lambda record: (record.state == "dead", record.order))
        return tuple(record.queued(now_ms) for record in records)

    def _records(self, queue: str) -> list[tuple[int, Record]]:
        begin = f"{self._state.space}.q.{token(queue)}."
        messages = [m for s, m in self._state.live.items() if s.startswith(begin)]
        if len(self._read) > 2 * len(messages) + 1000:
            self._read.clear()
        return [(message.seq, self._unpacked(message)) for message in messages]

    def _unpacked(self, message: Message) -> Record:
        known = self._read.get(message.subject)
        if known is None or known[0] != message.seq:
            record = unpacked(named(message.subject.rpartition(".")[2]), message.data)
            known = self._read[message.subject] = (message.seq, record)
        return known[1]

    async def _held(self, queue: str, claim: str, *, done: bool = False) -> tuple[int, Record]:
        check_name(queue, "queue")
        job, _, _ = claim.partition(".")
        found = await self._state.newest(f"{self._state.space}.q.{token(queue)}.{job or '-'}")
        if found is None:
            raise _ended()
        record = unpacked(named(job), found.data)
        if record.token != claim or not (
            record.claimed_at(await self._now_ms()) or (done and record.state == "done")
        ):
            raise _ended()
        return found.seq, record

    async def _write(self, queue: str, record: Record, last: int, ttl_s: int = 0) -> None:
        subject = self._subject(queue, record.job.id)
        await self._state.write(subject, packed(record), expected=last, ttl_s=ttl_s)

    def _subject(self, queue: str, job_id: str) -> str:
        check_name(queue, "queue")
        check_id(job_id, "job")
        return f"{self._state.space}.q.{token(queue)}.{token(job_id)}"

    async def _now_ms(self) -> int:
        await self._state.link.keep_time(self._state.stream)
        return self._state.link.now_ms()


_numbers = [0]


def _number(now_ms: int) -> int:
    """Rises within this process also among jobs of one millisecond."""
    _numbers[0] = max(_numbers[0] + 1, now_ms * 1000)
    return _numbers[0]


def _ended() -> Conflict:
    return Conflict("the claim has ended; another worker may have the job")
