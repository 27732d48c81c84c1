"""The stream of all keys, leases and jobs: a view of it in memory, and writes that expect.

Whoever reads asks the stream's leader what came after the last message of the view, so that an
answer is never older than the question. A subject holds one message; a removal is a message
too, and the view is read anew when removals that it has not seen may be gone already.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator

from common.errors import Conflict, Unavailable
from coordinator_node.engine.jetstream.link import (
    NO_STREAM,
    PAUSE_S,
    Link,
    Message,
    Refused,
    TriedTwice,
)
from coordinator_node.engine.jetstream.names import state_stream

GONE_S = 3600
"""So long the stream tells that something was removed."""
ANEW_S = 600.0
"""After so long without a look the view is read anew."""
LOOKS_S = 1.0
"""How often a watcher asks when nothing rang."""
READ_AT_ONCE = 64
WRONG_LAST = (10071, 10164)


class Moved(Conflict):
    """The subject holds another message than was expected."""


class State:
    """Made by `open_nats`."""

    def __init__(self, link: Link, space: str) -> None:
        self.link = link
        self.space = space
        self.stream = state_stream(space)
        self.live: dict[str, Message] = {}
        """By subject, as of the last refresh."""
        self.version = 0
        """The sequence that the view has come to."""
        self._gone: dict[str, int] = {}
        self._turn = asyncio.Lock()
        self._begun = 0
        self._looked_s = -ANEW_S
        self._looked_at = 0.0
        self._bells: set[asyncio.Event] = set()

    async def refresh(self) -> None:
        """Has the view hold everything that was written before the call."""
        wanted = self._begun + 1
        async with self._turn:
            if self._begun >= wanted:
                return  # somebody's refresh began after this call
            self._begun += 1
            if self._stale():
                await self._read_anew()
            await self._read_on()
            self._looked_s, self._looked_at = time.monotonic(), time.time()

    async def write(
        self, subject: str, data: bytes, *, expected: int | None, ttl_s: int = 0, gone: bool = False
    ) -> int:
        """Stores a message and returns its sequence; Moved unless the subject's is the expected,
        0 meaning that there is none that counts."""
        nonce = secrets.token_hex(12)
        headers = {"Nats-Msg-Id": nonce}
        if gone:
            headers["KV-Operation"] = "DEL"
            ttl_s = GONE_S
        if ttl_s:
            headers["Nats-TTL"] = f"{ttl_s}s"
        last = self._gone.get(subject, 0) if expected == 0 else expected
        ends_s = time.monotonic() + self.link.patience_s
        while time.monotonic() < ends_s:
            if last is not None:
                headers["Nats-Expected-Last-Subject-Sequence"] = str(last)
            try:
                said, _ = await self.link.publish(subject, data, headers)
                self._wrote(Message(subject, int(said["seq"]), data, headers, self.link.now_ms()))
                return int(said["seq"])
            except Refused as error:
                if error.code not in WRONG_LAST:
                    raise Unavailable(f"the engine refuses a write: {error}") from error
                found = await self.link.last(self.stream, subject)
                if found is not None and found.headers.get("Nats-Msg-Id") == nonce:
                    return found.seq
                holds = found.seq if found else 0
                if holds == last:  # another's write is on its way, and may yet come to nothing
                    await asyncio.sleep(PAUSE_S)
                elif expected == 0 and (found is None or found.removed):
                    last = holds
                elif isinstance(error, TriedTwice):
                    raise Unavailable("it is not known whether the engine took a write") from error
                else:
                    raise Moved("it has changed meanwhile") from None
        raise Unavailable("the engine does not come to an end with another's write")

    async def newest(self, subject: str) -> Message | None:
        """What the leader has for it; None when that is a removal."""
        found = await self.link.last(self.stream, subject)
        return None if found is None or found.removed else found

    async def rings(self) -> AsyncGenerator[None]:
        """Now, and each time that something may have changed."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            while True:
                bell.clear()
                yield
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOKS_S):  # wait_for may swallow a cancellation
                        await bell.wait()
        finally:
            self._bells.discard(bell)

    async def ring(self, _: object = None) -> None:
        """Something was written, here or elsewhere."""
        for bell in self._bells:
            bell.set()

    def gone_at(self, subject: str) -> int:
        """The sequence that removed it, or the view's."""
        return self._gone.get(subject, self.version)

    def _stale(self) -> bool:
        rested_s = max(time.monotonic() - self._looked_s, time.time() - self._looked_at)
        return rested_s >= ANEW_S

    async def _read_anew(self) -> None:
        subjects: list[str] = []
        version = -1
        while True:
            said = await self.link.ask(
                f"STREAM.INFO.{self.stream}", subjects_filter=">", offset=len(subjects)
            )
            page: dict[str, int] = said["state"].get("subjects") or {}
            version = int(said["state"]["last_seq"]) if version < 0 else version
            subjects.extend(page)
            if not page or len(subjects) >= int(said.get("total", 0)):
                break
        live: dict[str, Message] = {}
        for begin in range(0, len(subjects), READ_AT_ONCE):
            part = subjects[begin : begin + READ_AT_ONCE]
            found = await asyncio.gather(*(self.newest(subject) for subject in part))
            live.update((each.subject, each) for each in found if each is not None)
        self.live, self._gone = live, {}
        self.version = version

    async def _read_on(self) -> None:
        while True:
            try:
                found = await self.link.following(self.stream, self.version + 1)
            except Refused as error:
                if error.code == NO_STREAM:
                    raise Unavailable(
                        "the engine's servers do not have this mesh's state"
                    ) from error
                raise Unavailable(f"the engine refuses a question: {error}") from error
            if found is None:
                return
            self._apply(found)
            self.version = max(self.version, found.seq)

    def _wrote(self, message: Message) -> None:
        if message.seq == self.version + 1:
            self._apply(message)
            self.version = message.seq
        for bell in self._bells:
            bell.set()

    def _apply(self, message: Message) -> None:
        known = self.live.get(message.subject)
        if known is not None and known.seq >= message.seq:
            return
        if message.removed:
            self.live.pop(message.subject, None)
            self._gone[message.subject] = message.seq
        else:
            self._gone.pop(message.subject, None)
            self.live[message.subject] = message
