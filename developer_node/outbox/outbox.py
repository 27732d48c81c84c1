"""The outbox: what was recorded here and is not yet on the Dragon's disk, in order, by sequence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from common.daemon.keys import sealing_key
from common.errors import OverLimit
from common.model.event import Event, FileChanged, GitOperation, content_hashes, kind_of
from common.model.ids import ContentHash, Origin, WorkingCopyId
from common.model.laptop import OutboxStatus
from common.wire.stored import event_from_bytes, event_to_bytes
from developer_node.outbox import eviction
from developer_node.outbox.formats import OUTBOX
from developer_node.outbox.lighter import droppable_bytes, without_body, without_content
from developer_node.outbox.room import RESERVE_BYTES, Room
from developer_node.outbox.schema import SCHEMA
from developer_node.outbox.sql import Sql
from developer_node.outbox.writer import Writer

BYTES_MAX = 1 << 30
"""At this size output bodies are dropped, oldest first; facts stay."""

RECORD_BYTES_MAX = 3 << 20
"""A larger event loses its output and patches: no message of the mesh is larger than 4 MB."""

REFUSED_BODIES_MAX = 1_000
"""Newest refused records whose bodies are kept; of older ones the reason stays."""

Entry = tuple[Event, Mapping[ContentHash, bytes]]
"""An event and the redacted blobs that it brings along."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an outbox stands."""

    origin: Origin
    first_held: int
    """Lowest seq still held; last + 1 when nothing is."""
    last: int
    sent: int
    """Highest seq that was ever put on a stream."""


@dataclass(frozen=True, slots=True)
class Held:
    """A record that waits."""

    seq: int
    body: bytes
    hashes: tuple[ContentHash, ...]


class Outbox:
    """Durable, in order, bounded. Every method may be called from the event loop only."""

    def __init__(self, writer: Writer, position: Position, room: Room) -> None:
        self._writer = writer
        self._last = position.last
        self._origin = position.origin
        self._room = room
        self._grown = asyncio.Condition()

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
            position = await writer.write(_position_or_new)
            yield cls(writer, position, room)
        finally:
            await writer.close()

    @property
    def origin(self) -> Origin:
        """The origin that new records belong to."""
        return self._origin

    async def append(self, entries: Sequence[Entry], marks: Mapping[str, str] | None = None) -> int:
        """Records the entries and the marks, all or none; returns the last seq once on disk.

        On a full disk facts alone may be kept of them; OverLimit when not even those fit.
        """
        given = dict(marks or {})
        try:
            last = await self._write(entries, given)
        except OverLimit:
            last = await self._write([_fact(event) for event, _ in entries], given)
        async with self._grown:
            self._last = max(self._last, last)
            self._grown.notify_all()
        return last

    async def _write(self, entries: Sequence[Entry], marks: Mapping[str, str]) -> int:
        room = self._room
        return await self._writer.write(lambda db: _append(db, entries, marks, room.bytes_max()))

    async def wait_beyond(self, seq: int) -> None:
        """Returns once there is a record after `seq`."""
        async with self._grown:
            await self._grown.wait_for(lambda: self._last > seq)

    async def position(self) -> Position:
        """Where it stands now."""
        return await self._writer.write(_position)

    async def batch(self, after: int, *, records_max: int, bytes_max: int) -> tuple[Held, ...]:
        """The next records after a seq: at least one if there is one, within the limits."""
        return await self._writer.write(lambda db: _batch(db, after, records_max, bytes_max))

    async def blob(self, content: ContentHash) -> bytes | None:
        """Content that a waiting record brought along; None when it is not held."""

        def read(db: Sql) -> bytes | None:
            return db.one("SELECT data FROM blobs WHERE hash = ?", content)

        return await self._writer.write(read)

    async def will_send(self, seq: int) -> None:
        """Notes, before it happens, that records up to here go out: a restored file shows by it."""
        await self._writer.write(lambda db: _raise(db, "sent", seq))

    async def acknowledge(self, seq: int) -> None:
        """Everything up to `seq` is on the Dragon's disk: it need not be held here."""
        await self._writer.write(lambda db: _acknowledge(db, seq))

    async def refuse(self, seq: int, field: str, reason: str) -> None:
        """The Dragon refused a record for good: its body is set aside, its seq stays consumed."""
        await self._writer.write(lambda db: _refuse(db, seq, field, reason))

    async def forget_refused(self, matches: Callable[[bytes], bool]) -> int:
        """Drops the bodies of refused records that match, and every trace of what went before;
        how many. Their reasons stay."""
        dropped = await self._writer.write(lambda db: _forget_refused(db, matches))
        await self._writer.scrub()
        return dropped

    async def leave_out(self, seqs: Sequence[int], gone: Collection[ContentHash]) -> None:
        """Rewrites records so that they no longer refer to content that nobody has."""
        await self._writer.write(lambda db: _leave_out(db, seqs, gone))

    async def note_missing(self, missing: int) -> bool:
        """How many records of this origin the Dragon never had, though they are no longer held.

        True when that is news: then what was sent is forgotten, to be told anew.
        """

        def note(db: Sql) -> bool:
            known = cast(int, _get(db, "missing", 0))
            if missing == known:
                return False
            _set(db, "gaps", cast(int, _get(db, "gaps", 0)) + missing - known)
            _set(db, "missing", missing)
            _forget_sent(db)
            return True

        return await self._writer.write(note)

    async def renew_origin(self) -> Origin:
        """Starts a new origin: what waits is numbered anew, and files are to be scanned anew."""
        position = await self._writer.write(_renew)
        async with self._grown:
            self._origin, self._last = position.origin, position.last
            self._grown.notify_all()
        return self._origin

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


def _get(db: Sql, key: str, default: object) -> object:
    found: object = db.one("SELECT value FROM meta WHERE key = ?", key)
    return default if found is None else found


def _set(db: Sql, key: str, value: str | int) -> None:
    db.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value)


def _raise(db: Sql, key: str, value: int) -> None:
    _set(db, key, max(value, cast(int, _get(db, key, 0))))


def _new_origin() -> Origin:
    return Origin(os.urandom(16).hex())


def _position_or_new(db: Sql) -> Position:
    if not _get(db, "origin", ""):
        _set(db, "origin", _new_origin())
    return _position(db)


def _position(db: Sql) -> Position:
    last = cast(int, _get(db, "last", 0))
    first = cast("int | None", db.one("SELECT min(seq) FROM records"))
    return Position(
        origin=Origin(str(_get(db, "origin", ""))),
        first_held=last + 1 if first is None else first,
        last=last,
        sent=cast(int, _get(db, "sent", 0)),
    )


def _append(db: Sql, entries: Sequence[Entry], marks: Mapping[str, str], bytes_max: int) -> int:
    seq = cast(int, _get(db, "last", 0))
    for event, blobs in entries:
        seq += 1
        body = event_to_bytes(event)
        if len(body) > RECORD_BYTES_MAX:
            event = without_body(event)
            body = event_to_bytes(event)
        _insert(db, seq, event, body)
        db.run_many("INSERT OR IGNORE INTO blobs VALUES (?, ?)", list(blobs.items()))
        _remember(db, event)
    _set(db, "last", seq)
    _put_marks(db, marks)
    eviction.make_room(db, bytes_max)
    return seq


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


def _batch(db: Sql, after: int, records_max: int, bytes_max: int) -> tuple[Held, ...]:
    held: list[Held] = []
    size = 0
    query = "SELECT seq, body FROM records WHERE seq > ? ORDER BY seq LIMIT ?"
    for seq, body in db.rows(query, after, records_max):
        size += len(body)
        if held and size > bytes_max:
            break
        uses = db.rows("SELECT hash FROM uses WHERE seq = ? ORDER BY hash", seq)
        held.append(Held(seq, body, tuple(ContentHash(str(content)) for (content,) in uses)))
    return tuple(held)


def _acknowledge(db: Sql, seq: int) -> None:
    db.run(
        "DELETE FROM blobs WHERE hash IN (SELECT hash FROM uses WHERE seq <= ?1)"
        " AND NOT EXISTS (SELECT 1 FROM uses WHERE uses.hash = blobs.hash AND uses.seq > ?1)",
        seq,
    )
    db.run("DELETE FROM uses WHERE seq <= ?", seq)
    db.run("DELETE FROM records WHERE seq <= ?", seq)
    eviction.give_back(db)


def _refuse(db: Sql, seq: int, field: str, reason: str) -> None:
    db.run(
        "INSERT OR REPLACE INTO refused"
        " SELECT (SELECT value FROM meta WHERE key = 'origin'), seq, ?, ?, body"
        " FROM records WHERE seq = ?",
        field,
        reason,
        seq,
    )
    db.run(
        "UPDATE refused SET body = x'' WHERE rowid NOT IN"
        " (SELECT rowid FROM refused ORDER BY rowid DESC LIMIT ?)",
        REFUSED_BODIES_MAX,
    )


def _forget_refused(db: Sql, matches: Callable[[bytes], bool]) -> int:
    rows = db.rows("SELECT rowid, body FROM refused WHERE body <> x''")
    matching = [(rowid,) for rowid, body in rows if matches(body)]
    db.run_many("UPDATE refused SET body = x'' WHERE rowid = ?", matching)
    return len(matching)


def _leave_out(db: Sql, seqs: Sequence[int], gone: Collection[ContentHash]) -> None:
    for seq in seqs:
        body = db.one("SELECT body FROM records WHERE seq = ?", seq)
        if body is not None:
            event = event_from_bytes(body)
            eviction.rewrite(db, seq, without_content(event, gone, "the content was lost"))


def _forget_sent(db: Sql) -> None:
    db.run("DELETE FROM sent_files")
    db.run("DELETE FROM commits")
    db.run("DELETE FROM marks WHERE key LIKE 'reflog:%'")


def _renew(db: Sql) -> Position:
    """Renumbers from 1; twice over the negative numbers, so that no two records meet."""
    rows = db.rows("SELECT seq FROM records ORDER BY seq")
    for number, (seq,) in enumerate(rows, start=1):
        db.run("UPDATE records SET seq = ? WHERE seq = ?", -number, seq)
        db.run("UPDATE uses SET seq = ? WHERE seq = ?", -number, seq)
    db.run("UPDATE records SET seq = -seq")
    db.run("UPDATE uses SET seq = -seq")
    _set(db, "origin", _new_origin())
    _set(db, "last", len(rows))
    _set(db, "sent", 0)
    _set(db, "missing", 0)
    _forget_sent(db)
    return _position(db)


def _count(db: Sql, table: str) -> int:
    return cast(int, db.one(f"SELECT count(*) FROM {table}"))


def _status(db: Sql, room: Room) -> OutboxStatus:
    bytes_max = room.bytes_max()
    return OutboxStatus(
        waiting=_count(db, "records"),
        refused=_count(db, "refused"),
        gaps=cast(int, _get(db, "gaps", 0)),
        bytes=eviction.used_bytes(db),
        bytes_max=bytes_max,
        bodies_dropped=cast(int, _get(db, "bodies_dropped", 0)),
        sentence=room.sentence,
    )
