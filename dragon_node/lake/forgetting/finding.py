"""Looks for what is meant, file by file and some rows at a time, so that others are not held up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

import apsw

from common.model.event import GitOperation, WorkingCopySeen, content_hashes, kind_of
from common.model.ids import ContentHash, EventId, WorkingCopyId
from common.model.lake import Oblivion
from dragon_node.lake.forgetting import frames
from dragon_node.lake.forgetting.matching import Meant, needles, whose
from dragon_node.lake.history.events import unpack, unpacked
from dragon_node.lake.journal_file import FORGOTTEN

ROWS_A_READ = 500

T = TypeVar("T")


class Read(Protocol):
    """One read transaction of a file."""

    async def __call__(self, fn: Callable[[apsw.Connection], T], /) -> T:
        """What `fn` gives."""
        ...


@dataclass(slots=True)
class Found:
    """What is meant, in one project."""

    events: dict[EventId, int] = field(default_factory=dict[EventId, int])
    """With their positions."""
    kinds: Counter[str] = field(default_factory=Counter[str])
    contents: set[ContentHash] = field(default_factory=set[ContentHash])
    """What they refer to."""
    commits: set[str] = field(default_factory=set[str])
    copies: set[str] = field(default_factory=set[str])
    covered: bool = False
    """Whether a working copy of the project lies around the path, at it or below it."""

    def __bool__(self) -> bool:
        return bool(self.events)


class Finder:
    """Looks in one project's file."""

    def __init__(
        self, read: Read, journal: Read, asked: Oblivion, secrets: set[ContentHash]
    ) -> None:
        """`secrets` are contents that are known to contain the text; those found are added."""
        self._read = read
        self._journal = journal
        self._asked = asked
        self._secrets = secrets

    async def find(self) -> Found:
        """Everything up to the file's newest event."""
        if self._asked.text:
            await self._find_secrets()
        copies = await self._read(_roots)
        meant = Meant(self._asked, whose(self._asked, copies))
        telling = await self._read(partial(_referring, contents=self._secrets))
        found, after = Found(covered=any(map(meant.covers, copies))), 0
        while rows := await self._read(partial(_bodies, asked=self._asked, after=after)):
            strange = await self._strange([lsn for lsn, copy, _ in rows if not copy])
            for lsn, _, raw in rows:
                if lsn not in strange:
                    _look(meant, telling, found, lsn, raw)
            after = rows[-1][0]
        lsns = set(found.events.values())
        found.commits = await self._read(
            lambda db: {sha for sha in found.commits if _told_only_by(db, sha, lsns)}
        )
        return found

    async def _strange(self, outside: Collection[int]) -> set[int]:
        """Which of these, told outside any working copy, an absolute path does not mean: they are
        another node's, or so old that the journal does not say any more whose they are."""
        if not (outside and self._asked.of_one_machine):
            return set()
        look = partial(_told_by, node=self._asked.node, lsns=outside)
        return set(outside) - await self._journal(look)

    async def _find_secrets(self) -> None:
        after = b""
        while True:
            look = partial(packed, after=after, text=self._asked.text)
            after, found = await self._read(look)
            self._secrets |= found
            if not after:
                return


def refusals(db: apsw.Connection, text: str) -> tuple[str, ...]:
    """LSN:ORIGIN:SEQ of the journal's refusals whose reason quotes the text."""
    wanted = (*needles(text), json.dumps(text)[1:-1].encode())
    rows = db.execute("SELECT lsn, origin, seq, body FROM records WHERE kind='refusal'")
    return tuple(
        f"{lsn}:{origin}:{seq}"
        for lsn, origin, seq, body in rows
        if any(needle in body for needle in wanted)
    )


def still_journalled(db: apsw.Connection, lsns: Collection[int]) -> list[int]:
    """Which of these positions of the journal are no tombstones."""
    find = "SELECT 1 FROM records WHERE lsn=? AND NOT (kind='note' AND body=?)"
    return [lsn for lsn in sorted(lsns) if db.execute(find, (lsn, FORGOTTEN)).fetchone()]


def still_held(db: apsw.Connection, events: Collection[EventId]) -> list[str]:
    """Which of these events a project's file has."""
    find = "SELECT 1 FROM events WHERE id=?"
    return [e for e in events if db.execute(find, (bytes.fromhex(e),)).fetchone()]


def _look(meant: Meant, telling: Collection[int], found: Found, lsn: int, raw: bytes) -> None:
    event = unpack(raw)
    says_it = lsn in telling or meant.text(unpacked(raw))
    if not (says_it and meant.time(event) and meant.path(event)):
        return
    found.events[event.id] = lsn
    found.kinds[kind_of(event.body)] += 1
    found.contents |= set(content_hashes(event.body))
    match event.body:
        case GitOperation(commits=commits):
            found.commits |= {commit.sha for commit in commits}
        case WorkingCopySeen():
            found.copies.add(event.working_copy)
        case _:
            pass


def _bodies(db: apsw.Connection, asked: Oblivion, after: int) -> list[tuple[int, str, bytes]]:
    """Events in the time that is asked for, or all: descriptions are asked by path or text."""
    return db.execute(
        """SELECT lsn, working_copy, body FROM events WHERE lsn>? AND at_ms>=? AND at_ms<?
           ORDER BY lsn LIMIT ?""",
        (after, asked.since_ms, asked.until_ms or 1 << 62, ROWS_A_READ),
    ).fetchall()


def packed(db: apsw.Connection, after: bytes, text: str) -> tuple[bytes, set[ContentHash]]:
    """Some contents in the order of their hashes, of a project's file or of the journal: where to
    go on, empty at the end, and which contain the text."""
    wanted = needles(text)
    rows = db.execute(
        "SELECT hash, data FROM blobs WHERE hash>? ORDER BY hash LIMIT ?", (after, ROWS_A_READ)
    ).fetchall()
    found: set[ContentHash] = set()
    for key, data in rows:
        raw = frames.whole(data)
        if any(needle in raw for needle in wanted):
            found.add(ContentHash(key.hex()))
    return (rows[-1][0] if rows else b""), found


def _referring(db: apsw.Connection, contents: Collection[ContentHash]) -> set[int]:
    sql = "SELECT lsn FROM refs WHERE hash=?"
    return {lsn for h in contents for (lsn,) in db.execute(sql, (bytes.fromhex(h),))}


def _roots(db: apsw.Connection) -> dict[WorkingCopyId, str]:
    rows = db.execute("SELECT working_copy, path FROM copies")
    return {WorkingCopyId(copy): path for copy, path in rows}


def _told_by(db: apsw.Connection, node: str, lsns: Collection[int]) -> set[int]:
    sql = "SELECT 1 FROM records WHERE lsn=? AND node=?"
    return {lsn for lsn in lsns if node and db.execute(sql, (lsn, node)).fetchone()}


def _told_only_by(db: apsw.Connection, sha: str, lsns: Collection[int]) -> bool:
    rows = db.execute(
        """SELECT DISTINCT e.lsn FROM things t JOIN edges e ON e.source=t.id
           WHERE t.kind='commit' AND t.name=?""",
        (sha,),
    )
    return all(lsn in lsns for (lsn,) in rows)
