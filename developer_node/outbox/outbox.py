"""The outbox: what was recorded here and is not yet on a Dragon's disk, in order, by sequence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from common.daemon.keys import sealing_key
from common.errors import OverLimit
from common.model.event import Event, FileChanged, GitOperation, content_hashes, kind_of
from common.model.ids import ContentHash, WorkingCopyId
from common.model.laptop import OutboxStatus
from common.wire.stored import event_to_bytes
from developer_node.outbox import eviction, spans
from developer_node.outbox.formats import OUTBOX
from developer_node.outbox.lanes import Lane
from developer_node.outbox.lighter import droppable_bytes, without_body, without_content
from developer_node.outbox.room import RESERVE_BYTES, Room
from developer_node.outbox.schema import SCHEMA
from developer_node.outbox.spans import HOME, Position, Span
from developer_node.outbox.sql import Sql
from developer_node.outbox.writer import Writer

BYTES_MAX = 1 << 30
"""At this size output bodies are dropped, oldest first; facts stay."""

RECORD_BYTES_MAX = 3 << 20
"""A larger event loses its output and patches: no message of the mesh is larger than 4 MB."""

Entry = tuple[Event, Mapping[ContentHash, bytes]]
"""An event and the redacted blobs that it brings along."""


class Outbox(Lane):
    """Durable, in order, bounded. Every method may be called from the event loop only.

    It is the lane of the Dragon that has this laptop's records; what another Dragon gets waits in a
    lane of its own (lanes.py).
    """

    def __init__(
        self, writer: Writer, position: Position, room: Room, lanes: Mapping[str, int]
    ) -> None:
        super().__init__(writer, HOME, position)
        self._room = room
        self._lanes: dict[str, Lane] = {}
        self._numbers = dict(lanes)
        self._opening = asyncio.Lock()
        self.lane_of: Callable[[Event], Lane] = lambda event: self
        """Whose an event is, asked as it is recorded."""

    @classmethod
    @asynccontextmanager
    async def open(
        cls, path: Path, *, bytes_max: int = BYTES_MAX, reserve_bytes: int = RESERVE_BYTES
    ) -> AsyncGenerator[Outbox, None]:
        """The outbox in this file, made with a new origin when there is none.

        It is sealed with the key of its directory. Corrupt when it is damaged or of a newer
        format, Denied when the key is not there; then nothing was changed.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        room = Room(path, bytes_max, reserve_bytes=reserve_bytes)
        writer = await asyncio.to_thread(_writer, path, room)
        try:
            position = await writer.write(lambda db: spans.position_or_new(db, HOME))
            outbox = cls(writer, position, room, await writer.write(spans.numbers))
            for dragon in outbox._numbers:
                await outbox.lane(dragon)
            yield outbox
        finally:
            await writer.close()

    async def lane(self, dragon: str) -> Lane:
        """What waits for that Dragon alone, by its id; begun when there is none."""
        async with self._opening:
            if dragon not in self._lanes:
                number = self._numbers.get(dragon)
                if number is None:
                    number = await self._writer.write(lambda db: spans.begin(db, dragon))
                    self._numbers[dragon] = number
                span = Span(number)
                position = await self._writer.write(lambda db: spans.position_or_new(db, span))
                self._lanes[dragon] = Lane(self._writer, span, position)
            return self._lanes[dragon]

    async def pour(self, lane: Lane, into: Lane, working_copy: WorkingCopyId) -> bool:
        """Moves what waits of a working copy from a lane of which nothing was ever sent to the end
        of another one; False when something was sent."""
        poured = await self._writer.write(
            lambda db: spans.pour(db, lane.span, into.span, working_copy)
        )
        if poured:
            await lane.shrunk()
            await into.grown((await into.position()).last)
        return poured

    @property
    def lanes(self) -> Mapping[str, Lane]:
        """Those of other Dragons, by their ids."""
        return self._lanes

    def every(self) -> tuple[Lane, ...]:
        """All of them, the home Dragon's first."""
        return (self, *self._lanes.values())

    async def append(self, entries: Sequence[Entry], marks: Mapping[str, str] | None = None) -> int:
        """Records the entries and the marks, all or none; returns the home lane's last seq once
        all are on disk.

        On a full disk facts alone may be kept of them; OverLimit when not even those fit.
        """
        given = dict(marks or {})
        placed = [(self.lane_of(entry[0]), entry) for entry in entries]
        try:
            lasts = await self._write(placed, given)
        except OverLimit:
            lasts = await self._write([(lane, _fact(event)) for lane, (event, _) in placed], given)
        for lane in dict.fromkeys(lane for lane, _ in placed):
            await lane.grown(lasts[lane.span])
        return lasts[HOME]

    async def _write(
        self, placed: Sequence[tuple[Lane, Entry]], marks: Mapping[str, str]
    ) -> dict[Span, int]:
        room = self._room
        spanned = [(lane.span, entry) for lane, entry in placed]
        return await self._writer.write(lambda db: _append(db, spanned, marks, room.bytes_max()))

    async def forget_refused(self, matches: Callable[[bytes], bool]) -> int:
        """Drops the bodies of refused records that match, and every trace of what went before;
        how many. Their reasons stay."""
        dropped = await self._writer.write(lambda db: _forget_refused(db, matches))
        await self._writer.scrub()
        return dropped

    async def sent_files(self, working_copy: WorkingCopyId) -> dict[str, tuple[str, bool, str]]:
        """Git id, dirty and reason to skip, by path, as last recorded."""
        rows = await self._writer.write(
            lambda db: db.rows(
                "SELECT path, git_blob, dirty, skipped FROM sent_files WHERE working_copy = ?",
                working_copy,
            )
        )
        return {str(p): (str(blob), bool(dirty), str(why)) for p, blob, dirty, why in rows}

    async def commits(self, working_copy: WorkingCopyId) -> set[str]:
        """Commits that were recorded already."""
        rows = await self._writer.write(
            lambda db: db.rows("SELECT sha FROM commits WHERE working_copy = ?", working_copy)
        )
        return {str(sha) for (sha,) in rows}

    async def mark(self, key: str) -> str:
        """A watcher's place; empty when there is none."""

        def read(db: Sql) -> str:
            return db.one("SELECT value FROM marks WHERE key = ?", key) or ""

        return await self._writer.write(read)

    async def marks(self, prefix: str) -> dict[str, str]:
        """Every place whose key begins so, by the rest of the key."""
        length = len(prefix)
        rows = await self._writer.write(
            lambda db: db.rows(
                "SELECT substr(key, ?), value FROM marks WHERE substr(key, 1, ?) = ?",
                length + 1,
                length,
                prefix,
            )
        )
        return {str(key): str(value) for key, value in rows}

    async def put_mark(self, key: str, value: str) -> None:
        """Keeps a watcher's place; an empty value removes it."""
        await self._writer.write(lambda db: _put_marks(db, {key: value}))

    async def waiting_files(self) -> dict[str, int]:
        """File records not yet acknowledged, by working copy."""
        query = "SELECT working_copy, count(*) FROM records WHERE kind = 'file' GROUP BY 1"
        rows = await self._writer.write(lambda db: db.rows(query))
        return {str(copy): int(count) for copy, count in rows}

    async def status(self) -> OutboxStatus:
        """Counts and sizes; what lies in the spool is not known here."""
        room = self._room
        return await self._writer.write(lambda db: _status(db, room))


def _writer(path: Path, room: Room) -> Writer:
    return Writer(path, SCHEMA, sealing_key(path.parent), OUTBOX, room.relieve)


def _fact(event: Event) -> Entry:
    """What happened, without output, patches and contents."""
    light = without_body(event)
    return without_content(light, content_hashes(light.body), "the disk was full"), {}


def _append(
    db: Sql, placed: Sequence[tuple[Span, Entry]], marks: Mapping[str, str], bytes_max: int
) -> dict[Span, int]:
    lasts = {span: spans.last(db, span) for span in (HOME, *(span for span, _ in placed))}
    for span, (event, blobs) in placed:
        lasts[span] += 1
        body = event_to_bytes(event)
        if len(body) > RECORD_BYTES_MAX:
            event = without_body(event)
            body = event_to_bytes(event)
        _insert(db, span.place(lasts[span]), event, body)
        db.run_many("INSERT OR IGNORE INTO blobs VALUES (?, ?)", list(blobs.items()))
        _remember(db, event)
    for span, last in lasts.items():
        spans.grow(db, span, last)
    _put_marks(db, marks)
    eviction.make_room(db, bytes_max)
    return lasts


def _insert(db: Sql, seq: int, event: Event, body: bytes) -> None:
    row = (seq, kind_of(event.body), event.working_copy, droppable_bytes(event), body)
    db.run("INSERT INTO records VALUES (?, ?, ?, ?, ?)", *row)
    uses = [(content, seq) for content in content_hashes(event.body)]
    db.run_many("INSERT INTO uses VALUES (?, ?)", uses)


def _remember(db: Sql, event: Event) -> None:
    copy = event.working_copy
    match event.body:
        case FileChanged(path=path, deleted=True):
            db.run("DELETE FROM sent_files WHERE working_copy = ? AND path = ?", copy, path)
        case FileChanged() as file:
            row = (copy, file.path, file.git_blob, file.dirty, file.skipped)
            db.run("INSERT OR REPLACE INTO sent_files VALUES (?, ?, ?, ?, ?)", *row)
        case GitOperation(commits=commits):
            rows = [(copy, commit.sha) for commit in commits]
            db.run_many("INSERT OR IGNORE INTO commits VALUES (?, ?)", rows)
        case _:
            pass


def _put_marks(db: Sql, marks: Mapping[str, str]) -> None:
    for key, value in marks.items():
        if value:
            db.run("INSERT OR REPLACE INTO marks VALUES (?, ?)", key, value)
        else:
            db.run("DELETE FROM marks WHERE key = ?", key)


def _forget_refused(db: Sql, matches: Callable[[bytes], bool]) -> int:
    rows = db.rows("SELECT rowid, body FROM refused WHERE body <> x''")
    matching = [(rowid,) for rowid, body in rows if matches(body)]
    db.run_many("UPDATE refused SET body = x'' WHERE rowid = ?", matching)
    return len(matching)


def _count(db: Sql, table: str) -> int:
    return cast(int, db.one(f"SELECT count(*) FROM {table}"))


def _status(db: Sql, room: Room) -> OutboxStatus:
    bytes_max = room.bytes_max()
    return OutboxStatus(
        waiting=_count(db, "records"),
        refused=_count(db, "refused"),
        gaps=spans.count(db, "gaps"),
        bytes=eviction.used_bytes(db),
        bytes_max=bytes_max,
        bodies_dropped=spans.count(db, "bodies_dropped"),
        sentence=room.sentence,
    )
