"""A Coordinator's whole state as lines of JSON, which do not depend on the format of its file."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

from common.errors import Corrupt
from coordinator_node.engine.moving import JobRow, KeyRow, LeaseRow, LogRow, Movable
from coordinator_node.engine.ports import Job, Line, Queued

LINES_AT_ONCE = 256


@dataclass(slots=True)
class Carried:
    """Everything of one engine, in memory: it is one Coordinator's, and lines are pruned."""

    floor: int = 0
    keys: list[KeyRow] = field(default_factory=list[KeyRow])
    leases: list[LeaseRow] = field(default_factory=list[LeaseRow])
    logs: list[LogRow] = field(default_factory=list[LogRow])
    lines: dict[str, list[Line]] = field(default_factory=dict[str, list[Line]])
    jobs: list[JobRow] = field(default_factory=list[JobRow])
    count: int = 0
    """Of rows."""

    async def write(self, target: Movable) -> None:
        """Into an empty place."""
        await target.begin(self.floor)
        for key in self.keys:
            await target.put_key(key)
        for lease in self.leases:
            await target.put_lease(lease)
        for log in self.logs:
            await target.put_log(log)
            lines = self.lines.get(log.log, [])
            for start in range(0, len(lines), LINES_AT_ONCE):
                await target.put_lines(log, lines[start : start + LINES_AT_ONCE])
        for job in self.jobs:
            await target.put_job(job)

    def lasting(self, now_ms: int) -> list[object]:
        """All but what has ended by then, to be compared."""
        return [
            [row for row in self.keys if not 0 < row.ends_ms <= now_ms],
            [row for row in self.leases if row.ends_ms > now_ms],
            self.logs,
            self.lines,
            [row for row in self.jobs if row.queued.state != "done" or row.ends_ms > now_ms],
        ]


async def rows_of(source: Movable) -> AsyncGenerator[str]:
    """Every row, the highest number first of all."""
    yield json.dumps({"floor": await source.floor()})
    for key in await source.keys():
        yield _row("key", *astuple(key))
    for lease in await source.leases():
        yield _row("lease", *astuple(lease))
    for log in await source.logs():
        yield _row("log", *astuple(log))
        async for line in source.lines(log):
            yield _row("line", log.log, *astuple(line))
    for job in await source.jobs():
        yield _row("job", *astuple(job))


def read_rows(given: Iterable[str]) -> Carried:
    """What was printed; Corrupt when it makes no sense, or its end is missing."""
    carried, ended = Carried(), False
    try:
        for text in given:
            ((kind, said),) = json.loads(text).items()
            if kind == "end":
                ended = said == carried.count
                break
            _take(carried, kind, said)
            carried.count += 1
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise Corrupt(f"the state that was to be carried over makes no sense: {error}") from error
    if not ended:
        raise Corrupt("the state that was to be carried over is not whole")
    return carried


def _take(carried: Carried, kind: str, said: Any) -> None:
    match kind:
        case "floor":
            carried.floor = int(said)
        case "key":
            carried.keys.append(KeyRow(said[0], _bytes(said[1]), said[2]))
        case "lease":
            carried.leases.append(LeaseRow(*said))
        case "log":
            readers = tuple((str(reader), int(seq)) for reader, seq in said[3])
            carried.logs.append(LogRow(said[0], said[1], said[2], readers))
        case "line":
            log, seq, message_id, data, at_ms = said
            carried.lines.setdefault(log, []).append(Line(seq, message_id, _bytes(data), at_ms))
        case "job":
            queue, ((name, data, priority, topics), *queued), number, token, ends_ms = said
            job = Job(name, _bytes(data), priority, tuple(topics))
            carried.jobs.append(JobRow(queue, Queued(job, *queued), number, token, ends_ms))
        case _:
            raise ValueError(f"{kind} is not known")


def _row(kind: str, *fields: object) -> str:
    return json.dumps({kind: fields}, default=_text)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is no part of a row")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
