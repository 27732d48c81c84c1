"""Logs on JetStream: a stream each, so that the stream's sequence is the log's."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote, unquote

from common.errors import Conflict, Invalid, Unavailable
from coordinator_node.engine.jetstream.link import NO_STREAM, PAUSE_S, Link, Message, Refused
from coordinator_node.engine.jetstream.names import line_subject, log_stream, log_subjects, token
from coordinator_node.engine.jetstream.space import stream_settings
from coordinator_node.engine.jetstream.state import WRONG_LAST, Moved, State
from coordinator_node.engine.limits import check_id, check_name, check_value
from coordinator_node.engine.ports import Line

READ_AT_ONCE = 64
ID, AT = "PostDevAI-Id", "PostDevAI-At"


class NatsLog:
    """Named logs that only grow, and how far each reader is."""

    def __init__(self, state: State, replicas: int) -> None:
        self._state = state
        self._link: Link = state.link
        self._replicas = replicas
        self._there: set[str] = set()

    async def append(
        self, log: str, message_id: str, data: bytes, *, expected_last: int | None = None
    ) -> int:
        """The sequence; of an id that is there already, the one that it has."""
        check_name(log, "log")
        check_id(message_id, "message_id")
        check_value(data, f"line {message_id}")
        if log not in self._there:
            if await self._info(log) is None:
                await self.make(log, 1)
            self._there.add(log)
        return await self.write(log, message_id, data, expected_last, {})

    async def write(
        self,
        log: str,
        message_id: str,
        data: bytes,
        expected_last: int | None,
        more: dict[str, str],
    ) -> int:
        """As `append`, to a log that is there. The server refuses an id that it has."""
        subject = line_subject(self._state.space, log, message_id)
        headers = {
            ID: quote(message_id),
            "Nats-Expected-Last-Subject-Sequence": "0",
            **more,
        }
        if expected_last is not None:
            headers["Nats-Expected-Last-Sequence"] = str(expected_last)
        ends_s = time.monotonic() + self._link.patience_s
        while time.monotonic() < ends_s:
            try:
                said, _ = await self._link.publish(subject, data, headers)
                return int(said["seq"])
            except Refused as error:
                if error.code not in WRONG_LAST:
                    raise Unavailable(f"the engine refuses a line: {error}") from error
            known = await self._link.last(log_stream(self._state.space, log), subject)
            if known is not None:
                return known.seq
            last = await self.last(log)
            if expected_last is not None and last != expected_last:
                raise Conflict(f"the log {log} ends at {last}, not at {expected_last}")
            await asyncio.sleep(PAUSE_S)  # another's line is on its way, and may come to nothing
        raise Unavailable("the engine does not come to an end with another's line")

    async def read(self, log: str, after: int, limit: int) -> tuple[Line, ...]:
        """Lines after a sequence, in order."""
        check_name(log, "log")
        info = await self._info(log)
        if info is None or limit <= 0:
            return ()
        first = max(after + 1, int(info["state"]["first_seq"]))
        end = min(int(info["state"]["last_seq"]), first + limit - 1)
        stream = log_stream(self._state.space, log)
        lines: list[Line] = []
        for begin in range(first, end + 1, READ_AT_ONCE):
            numbers = range(begin, min(begin + READ_AT_ONCE, end + 1))
            found = await asyncio.gather(*(self._link.at(stream, seq) for seq in numbers))
            lines.extend(_line(each) for each in found if each is not None)
        return tuple(lines)

    async def last(self, log: str) -> int:
        """The highest sequence; 0 of a log that nobody wrote to."""
        check_name(log, "log")
        info = await self._info(log)
        return int(info["state"]["last_seq"]) if info else 0

    async def checkpoint(self, log: str, reader: str, seq: int) -> None:
        """The reader has done everything up to there; it never goes back."""
        check_name(log, "log")
        check_id(reader, "reader")
        last = await self.last(log)
        if seq > last:
            raise Invalid(f"{reader} cannot be at {seq}: {log} ends at {last}", field="seq")
        subject = self._reader(log, reader)
        while True:
            found = await self._state.newest(subject)
            if found is not None and int(found.data) >= seq:
                return
            try:
                await self._state.write(
                    subject, str(seq).encode(), expected=found.seq if found else 0
                )
                return
            except Moved:
                continue

    async def position(self, log: str, reader: str) -> int:
        """Where the reader is; 0 at first."""
        check_name(log, "log")
        check_id(reader, "reader")
        found = await self._state.newest(self._reader(log, reader))
        return int(found.data) if found else 0

    async def truncate(self, log: str, through: int) -> None:
        """Forgets lines up to there, and their ids; sequences go on."""
        info = await self._info(log)
        if info is None or through <= 0:
            return
        upto = min(through, int(info["state"]["last_seq"])) + 1
        await self._link.ask(f"STREAM.PURGE.{log_stream(self._state.space, log)}", seq=upto)

    async def make(self, log: str, first_seq: int) -> None:
        """The stream of a log whose first line will have that sequence; nothing where it is."""
        name = log_stream(self._state.space, log)
        try:
            await self._link.ask(
                f"STREAM.CREATE.{name}",
                **stream_settings(name, self._replicas),
                subjects=[log_subjects(self._state.space, log)],
                metadata={"log": log},
                first_seq=first_seq,
            )
        except Refused as error:
            if await self._info(log) is None:
                raise Unavailable(f"the engine cannot begin the log {log}: {error}") from error

    async def _info(self, log: str) -> dict[str, Any] | None:
        check_name(log, "log")
        try:
            return await self._link.ask(f"STREAM.INFO.{log_stream(self._state.space, log)}")
        except Refused as error:
            if error.code == NO_STREAM:
                return None
            raise Unavailable(f"the engine refuses a question: {error}") from error

    def _reader(self, log: str, reader: str) -> str:
        return f"{self._state.space}.r.{token(log)}.{token(reader)}"


def _line(message: Message) -> Line:
    at_ms = int(message.headers.get(AT, message.at_ms))
    return Line(message.seq, unquote(message.headers[ID]), message.data, at_ms)
