"""Everything in a space of the servers, read and written for a move."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from coordinator_node.engine.jetstream.link import Message
from coordinator_node.engine.jetstream.log import AT, NatsLog
from coordinator_node.engine.jetstream.names import log_stream, named, state_stream, token
from coordinator_node.engine.jetstream.record import Record, packed, unpacked
from coordinator_node.engine.jetstream.space import make_space
from coordinator_node.engine.jetstream.state import State
from coordinator_node.engine.moving import JobRow, KeyRow, LeaseRow, LogRow
from coordinator_node.engine.ports import Line, Queued

LINES_AT_ONCE = 256


class NatsMoving:
    """One space, which need not be there yet."""

    def __init__(self, state: State, log: NatsLog, replicas: int) -> None:
        self._state = state
        self._link = state.link
        self._log = log
        self._replicas = replicas

    async def floor(self) -> int:
        """The highest revision or epoch that was ever given."""
        said = await self._link.ask(f"STREAM.INFO.{self._state.stream}")
        return int(said["state"]["last_seq"])

    async def keys(self) -> tuple[KeyRow, ...]:
        """Every key, by name."""
        rows = [
            KeyRow(names[0], message.data, _ends_ms(message))
            for names, message in await self._of("k")
        ]
        return tuple(sorted(rows, key=lambda row: row.key))

    async def leases(self) -> tuple[LeaseRow, ...]:
        """Every lease that is held, by name."""
        rows: list[LeaseRow] = []
        for names, message in await self._of("l"):
            said = json.loads(message.data)
            epoch = said["epoch"] or message.seq
            rows.append(LeaseRow(names[0], said["holder"], epoch, _ends_ms(message)))
        return tuple(sorted(rows, key=lambda row: row.name))

    async def logs(self) -> tuple[LogRow, ...]:
        """Every log, by name."""
        found: dict[str, tuple[int, int]] = {}
        for name in await self._streams():
            if name != self._state.stream:
                said = await self._link.ask(f"STREAM.INFO.{name}")
                state = said["state"]
                found[said["config"]["metadata"]["log"]] = (state["first_seq"], state["last_seq"])
        readers: dict[str, list[tuple[str, int]]] = {}
        for names, message in await self._of("r"):
            readers.setdefault(names[0], []).append((names[1], int(message.data)))
        return tuple(
            LogRow(log, first, last, tuple(sorted(readers.get(log, ()))))
            for log, (first, last) in sorted(found.items())
        )

    async def lines(self, row: LogRow) -> AsyncGenerator[Line]:
        """Its lines in order."""
        after = row.first - 1
        while lines := await self._log.read(row.log, after, LINES_AT_ONCE):
            for line in lines:
                yield line
            after = lines[-1].seq

    async def jobs(self) -> tuple[JobRow, ...]:
        """Every job, by queue and id."""
        rows: list[JobRow] = []
        for names, message in await self._of("q"):
            said = unpacked(names[1], message.data)
            done = said.state == "done"
            queued = Queued(
                *(said.job, said.state, said.attempts, said.submitted_ms, said.ready_ms),
                *(said.worker, said.reason),
            )
            ends_ms = _ends_ms(message) if done else said.ends_ms
            rows.append(JobRow(names[0], queued, said.number, said.token, ends_ms))
        return tuple(sorted(rows, key=lambda row: (row.queue, row.queued.job.id)))

    async def begin(self, floor: int) -> None:
        """Makes the place, which must be empty; all numbers given later are higher."""
        await make_space(
            self._link, self._state.space, replicas=self._replicas, first_seq=floor + 1
        )
        await self._link.keep_time(self._state.stream)

    async def cluster(self) -> dict[str, bool]:
        """The servers whose copy of the state is current; whether each leads."""
        info = await self._link.ask(f"STREAM.INFO.{self._state.stream}")
        said: dict[str, Any] = info.get("cluster") or {}
        current: dict[str, bool] = {said["leader"]: True} if said.get("leader") else {}
        others: list[dict[str, Any]] = said.get("replicas") or []
        for each in others:
            if each["current"] and not each.get("offline", False):
                current[each["name"]] = False
        return current

    async def drop(self) -> None:
        """Takes a place away that a move did not finish."""
        for name in await self._streams():
            await self._link.ask(f"STREAM.DELETE.{name}")

    async def put_key(self, row: KeyRow) -> None:
        """Writes it."""
        await self._put(f"k.{token(row.key)}", row.value, row.ends_ms)

    async def put_lease(self, row: LeaseRow) -> None:
        """Writes it, under the same epoch."""
        left_ms = max(1, row.ends_ms - self._link.now_ms())
        said = {"holder": row.holder, "epoch": row.epoch, "term_ms": left_ms}
        await self._put(f"l.{token(row.name)}", json.dumps(said).encode(), row.ends_ms)

    async def put_log(self, row: LogRow) -> None:
        """Makes it with its readers; the lines follow."""
        await self._log.make(row.log, row.first)
        for reader, seq in row.readers:
            await self._put(f"r.{token(row.log)}.{token(reader)}", str(seq).encode(), 0)

    async def put_lines(self, row: LogRow, lines: Sequence[Line]) -> None:
        """Writes the next lines, with the sequences that they have."""
        for line in lines:
            await self._log.write(
                row.log, line.message_id, line.data, line.seq - 1, {AT: str(line.at_ms)}
            )

    async def put_job(self, row: JobRow) -> None:
        """Writes it, with its claim."""
        said, done = row.queued, row.queued.state == "done"
        record = Record(
            *(said.job, said.submitted_ms, said.ready_ms, row.number, said.state),
            *(said.attempts, said.worker, said.reason, row.token, 0 if done else row.ends_ms),
        )
        subject = f"q.{token(row.queue)}.{token(said.job.id)}"
        await self._put(subject, packed(record), row.ends_ms if done else 0)

    async def _put(self, subject: str, data: bytes, ends_ms: int) -> None:
        ttl_s = max(1, math.ceil((ends_ms - self._link.now_ms()) / 1000)) if ends_ms else 0
        await self._state.write(f"{self._state.space}.{subject}", data, expected=0, ttl_s=ttl_s)

    async def _of(self, kind: str) -> list[tuple[list[str], Message]]:
        await self._state.refresh()
        begin = f"{self._state.space}.{kind}."
        return [
            ([named(part) for part in subject[len(begin) :].split(".")], message)
            for subject, message in self._state.live.items()
            if subject.startswith(begin)
        ]

    async def _streams(self) -> list[str]:
        """The names of the space's streams that are there."""
        names: list[str] = []
        while True:
            page = await self._link.ask("STREAM.NAMES", offset=len(names))
            found: list[str] = page.get("streams") or []
            names.extend(found)
            if not found or len(names) >= int(page.get("total", 0)):
                break
        logs = log_stream(self._state.space, "").rpartition("_")[0] + "_"
        own = state_stream(self._state.space)
        return [name for name in names if name == own or name.startswith(logs)]


def _ends_ms(message: Message) -> int:
    ttl = message.headers.get("Nats-TTL", "")
    return message.at_ms + int(ttl.rstrip("s")) * 1000 if ttl else 0
