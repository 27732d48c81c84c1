"""A job as it lies in a message: four bytes of length, what is known of it as JSON, its data."""

from __future__ import annotations

import json
from dataclasses import dataclass

from coordinator_node.engine.ports import Job, Queued

DONE_S = 15 * 60
"""So long it is known that a job was done; the port promises ten minutes."""


@dataclass(frozen=True, slots=True)
class Record:
    """A job and where it stands."""

    job: Job
    submitted_ms: int
    ready_ms: int
    number: int
    """Of two that are ready at once the lower goes first."""
    state: str = "waiting"
    """waiting, claimed, dead or done."""
    attempts: int = 0
    worker: str = ""
    reason: str = ""
    token: str = ""
    ends_ms: int = 0

    @property
    def order(self) -> tuple[int, int, int, str]:
        """Of claims."""
        return (-self.job.priority, self.ready_ms, self.number, self.job.id)

    def claimed_at(self, now_ms: int) -> bool:
        """Whether a worker has it."""
        return self.state == "claimed" and self.ends_ms > now_ms

    def ready_at(self, now_ms: int) -> bool:
        """Whether a worker may take it."""
        waits = self.state == "waiting" or (self.state == "claimed" and self.ends_ms <= now_ms)
        return waits and self.ready_ms <= now_ms

    def queued(self, now_ms: int) -> Queued:
        """For a reader: a claim that has ended is a job that waits."""
        ended = self.state == "claimed" and not self.claimed_at(now_ms)
        return Queued(
            self.job,
            "waiting" if ended else self.state,
            self.attempts,
            self.submitted_ms,
            self.ready_ms,
            "" if ended else self.worker,
            self.reason,
        )


def packed(record: Record) -> bytes:
    """The message."""
    said = {
        "priority": record.job.priority,
        "topics": record.job.topics,
        "submitted_ms": record.submitted_ms,
        "ready_ms": record.ready_ms,
        "number": record.number,
        "state": record.state,
        "attempts": record.attempts,
        "worker": record.worker,
        "reason": record.reason,
        "token": record.token,
        "ends_ms": record.ends_ms,
    }
    head = json.dumps(said).encode()
    return len(head).to_bytes(4, "big") + head + record.job.data


def unpacked(job_id: str, message: bytes) -> Record:
    """The job of a message."""
    end = 4 + int.from_bytes(message[:4], "big")
    said = json.loads(message[4:end])
    job = Job(job_id, message[end:], said.pop("priority"), tuple(said.pop("topics")))
    return Record(job=job, **said)
