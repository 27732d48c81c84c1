"""What waits for one Dragon: an origin and a sequence of its own, as a sender goes through them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from common.model.ids import ContentHash, Origin
from developer_node.outbox import spans
from developer_node.outbox.spans import Held, Position, Span
from developer_node.outbox.sql import Sql
from developer_node.outbox.writer import Writer


class Lane:
    """Records for one Dragon, in order."""

    def __init__(self, writer: Writer, span: Span, position: Position) -> None:
        self._writer = writer
        self.span = span
        self._last = position.last
        self._origin = position.origin
        self._grown = asyncio.Condition()

    @property
    def origin(self) -> Origin:
        """The origin that new records belong to."""
        return self._origin

    async def grown(self, last: int) -> None:
        """Records up to `last` are on disk."""
        async with self._grown:
            self._last = max(self._last, last)
            self._grown.notify_all()

    async def shrunk(self) -> None:
        """Records were taken out of it: what is left is numbered anew."""
        position = await self.position()
        async with self._grown:
            self._last = position.last

    async def wait_beyond(self, seq: int) -> None:
        """Returns once there is a record after `seq`."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._last > seq)

    async def position(self) -> Position:
        """Where it stands now."""
        return await self._writer.write(lambda db: spans.position(db, self.span))

    async def batch(self, after: int, *, records_max: int, bytes_max: int) -> tuple[Held, ...]:
        """The next records after a seq: at least one if there is one, within the limits."""
        return await self._writer.write(
            lambda db: spans.batch(db, self.span, after, records_max, bytes_max)
        )

    async def blob(self, content: ContentHash) -> bytes | None:
        """Content that a waiting record brought along; None when it is not held."""

        def read(db: Sql) -> bytes | None:
            return db.one("SELECT data FROM blobs WHERE hash = ?", content)

        return await self._writer.write(read)

    async def holds(self, working_copy: str) -> bool:
        """Whether something of this working copy waits."""
        return await self._writer.write(lambda db: spans.holds(db, self.span, working_copy))

    async def will_send(self, seq: int) -> None:
        """Notes, before it happens, that records up to here go out: a restored file shows by it."""
        await self._writer.write(lambda db: spans.will_send(db, self.span, seq))

    async def acknowledge(self, seq: int) -> None:
        """Everything up to `seq` is on the Dragon's disk: it need not be held here."""
        await self._writer.write(lambda db: spans.acknowledge(db, self.span, seq))

    async def refuse(self, seq: int, field: str, reason: str) -> None:
        """The Dragon refused a record for good: its body is set aside, its seq stays consumed."""
        await self._writer.write(lambda db: spans.refuse(db, self.span, seq, field, reason))

    async def leave_out(self, seqs: Sequence[int], gone: Collection[ContentHash]) -> None:
        """Rewrites records so that they no longer refer to content that nobody has."""
        await self._writer.write(lambda db: spans.leave_out(db, self.span, seqs, gone))

    async def note_missing(self, missing: int) -> bool:
        """How many records of this origin the Dragon never had, though they are no longer held.

        True when that is news: then what was sent is forgotten, to be told anew.
        """
        return await self._writer.write(lambda db: spans.note_missing(db, self.span, missing))

    async def renew_origin(self, *, keeps_sent: bool = False) -> Origin:
        """Starts a new origin: what waits is numbered anew, and files are to be scanned anew,
        unless it `keeps_sent`: the Dragon has all that went before."""
        position = await self._writer.write(
            lambda db: spans.renew(db, self.span, keeps_sent=keeps_sent)
        )
        async with self._grown:
            self._origin, self._last = position.origin, position.last
            self._grown.notify_all()
        return self._origin
