"""The way in: origins and their positions, admission, room, the journal. Application follows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from common.clock import Clock
from common.errors import Conflict, Invalid
from common.model.event import Event, FileChanged, content_hashes
from common.model.ids import BLOB_BYTES_MAX, ContentHash, NodeId, Origin, ProjectId
from common.model.lake import OriginStats
from dragon_node.lake.accountant import Accountant, cost
from dragon_node.lake.admission import Places, admit, brought, copied, noted
from dragon_node.lake.applying import Applying
from dragon_node.lake.contents import Contents
from dragon_node.lake.forgetting.screening import Screen
from dragon_node.lake.journal import Draft, Journal, Written
from dragon_node.lake.origins import of_another
from dragon_node.lake.records import Blobs, Note, Refusal, Row

_ORIGIN = re.compile(r"[0-9a-f]{32}\Z")
SEQ_MAX = 1 << 62
"""Sequences are below it, whatever the wire can say: SQLite keeps no more than 63 bits."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is held of an origin."""

    applied: int
    rolled_back: bool
    missing: int = 0
    """Of those applied, how many never arrived."""


@dataclass(frozen=True, slots=True)
class Journalled:
    """Records that are durable; they may be acknowledged once `lsn` is applied."""

    lsn: int
    seq: int
    refusals: tuple[Refusal, ...] = ()
    contents: frozenset[ContentHash] = frozenset()
    """Written along with them."""


@dataclass(slots=True)
class _Position:
    node: NodeId
    seq: int
    lsn: int
    missing: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Intake:
    """Takes in records of origins, in order, each once."""

    def __init__(
        self,
        journal: Journal,
        applying: Applying,
        contents: Contents,
        accountant: Accountant,
        places: Places,
        clock: Clock,
        touched: Callable[[Collection[ProjectId]], None],
        screen: Screen,
    ) -> None:
        """`touched` is told the projects of what was taken in; `screen` keeps out what was
        forgotten."""
        self._journal = journal
        self._applying = applying
        self._contents = contents
        self._accountant = accountant
        self._places = places
        self._clock = clock
        self._touched = touched
        self._screen = screen
        self._positions: dict[Origin, _Position] = {}

    def restore(self, nodes: dict[Origin, NodeId], known: Sequence[OriginStats]) -> None:
        """What the stores know after they have been replayed."""
        for each in known:
            self._positions[each.origin] = _Position(
                nodes[each.origin], each.applied, self._journal.last_lsn, each.missing
            )

    def written(self, written: Written) -> None:
        """For the journal: what is durable moves positions and joins, whoever still waits."""
        for lsn, draft in enumerate(written.drafts, start=written.first_lsn):
            if isinstance(draft.decoded, Note):
                self._places.heard(draft.decoded)
            if draft.origin in self._positions:
                position = self._positions[draft.origin]
                position.seq, position.lsn = draft.seq, lsn

    async def open(self, origin: Origin, node: NodeId, first_held: int, last: int) -> Opened:
        """What is held of this outbox. Denied when it is another node's.

        An outbox that no longer holds what is missing here leaves a gap, which is journalled.
        """
        if not _ORIGIN.match(origin):
            raise Invalid("open.origin must be 32 hex digits", field="open.origin")
        if not 0 <= last < SEQ_MAX:
            raise Invalid(f"open.last is {last}; it must be below 2^62", field="open.last")
        if not 1 <= first_held <= last + 1:
            raise Invalid(
                f"open.first_held is {first_held} and open.last {last}", field="open.first_held"
            )
        position = await self._bound(origin, node, (first_held, last))
        async with position.turn:
            if last < position.seq:
                return Opened(position.seq, rolled_back=True, missing=position.missing)
            if first_held > position.seq + 1:
                gap = {"first": str(position.seq + 1), "last": str(first_held - 1)}
                position.lsn = await self.note(Note("gap", {"origin": origin, **gap}))
                position.missing += first_held - 1 - position.seq
                position.seq = first_held - 1
            seq, lsn, missing = position.seq, position.lsn, position.missing
        await self._applied(lsn)
        return Opened(seq, rolled_back=False, missing=missing)

    async def journal(
        self, origin: Origin, node: NodeId, records: Sequence[tuple[int, bytes]], blobs: Blobs
    ) -> Journalled:
        """Makes records durable, and the contents that they refer to in the same transaction.

        OverLimit when there is no room: nothing was kept, and it may be tried again. Invalid when
        a sequence is skipped or a content is not held. Records that are held already are passed
        over.
        """
        position = await self._bound(origin, node)
        async with position.turn:
            await self._applying.resume(self._journal)
            new = _following(position.seq, records)
            if not new:
                return Journalled(position.lsn, position.seq)
            known = self._places.known()
            admitted = [d for seq, raw in new for d in admit(origin, node, seq, raw, self._places)]
            try:
                drafts = await self._screen.drafts(admitted)
                contents = await self._written(drafts, blobs)
            except BaseException:
                # The journal has moved the position when it is durable, also for one who left.
                if position.seq < new[-1][0]:
                    self._places.put_back(known, _copies(admitted))
                raise
        refusals = tuple(d.decoded for d in drafts if isinstance(d.decoded, Refusal))
        return Journalled(position.lsn, position.seq, refusals, frozenset(contents))

    async def _written(self, drafts: Sequence[Draft], blobs: Blobs) -> Blobs:
        contents = await self._referred(drafts, blobs)
        reserved = await self._needed(drafts, contents)
        await self._accountant.reserve(reserved, {d.project for d in drafts})
        try:
            written = await self._journal.append(drafts, contents)
        except BaseException:
            self._accountant.release(reserved)
            raise
        self._accountant.owe(written.last_lsn, reserved)
        self._touched({d.project for d in drafts})
        return contents

    async def keep(self, blobs: Blobs) -> None:
        """Makes contents durable ahead of the records that refer to them. OverLimit when the lake
        would have no room for them then."""
        wanted = cost([], (len(raw) for raw in blobs.values()))
        await self._accountant.reserve(wanted)
        try:
            await self._journal.append([], await self._screen.contents(blobs))
        finally:
            self._accountant.release(wanted)

    async def note(self, note: Note, project: ProjectId = ProjectId(""), name: str = "") -> int:
        """Journals a note, of a project where one is given; its lsn. It is applied soon after."""
        written = await self._journal.append([noted(note, self._clock.now_ms(), project, name)], {})
        return written.last_lsn

    async def take(self, rows: Sequence[Row], blobs: Blobs) -> int:
        """Journals records of another Dragon as they lie in its journal, at the same positions;
        the last one's. Conflict when they do not follow on what is here: nothing is written.

        Nothing is decided again: admission, projects and what is forgotten are that Dragon's.
        """
        following = self._journal.last_lsn + 1
        if [row.lsn for row in rows] != list(range(following, following + len(rows))):
            raise Conflict(f"the next record here is {following:,}, and others were sent")
        await self._applying.resume(self._journal)
        drafts = [copied(row) for row in rows]
        for draft in drafts:
            match draft.decoded:
                case Event() as event:
                    self._places.taken(event, draft.project, draft.project_name)
                case Note(kind="origin", fields=fields):
                    origin, node = Origin(fields["origin"]), NodeId(fields["node"])
                    self._positions.setdefault(origin, _Position(node, 0, 0))
                case _:
                    pass
        await self._written(drafts, blobs)
        for draft in drafts:
            match draft.decoded:
                case Note(kind="gap", fields=fields):
                    position = self._positions[Origin(fields["origin"])]
                    first, last = int(fields["first"]), int(fields["last"])
                    position.seq = max(position.seq, last)
                    position.missing += last - first + 1
                case _:
                    pass
        return rows[-1].lsn

    def position(self, origin: Origin) -> int:
        """Up to which sequence an origin's records are durable; 0 for one that is unknown."""
        known = self._positions.get(origin)
        return 0 if known is None else known.seq

    async def bring(
        self,
        origin: Origin,
        node: NodeId,
        project: tuple[ProjectId, str],
        records: Sequence[tuple[int, bytes]],
        blobs: Blobs,
    ) -> Journalled:
        """Journals what another Dragon told of a project, given by id and name: its decisions on
        what belongs there stand. Sequences may be skipped; what is held already is passed over."""
        position = await self._bound(origin, node)
        async with position.turn:
            await self._applying.resume(self._journal)
            new = [record for record in records if record[0] > position.seq]
            if not new:
                return Journalled(position.lsn, position.seq)
            known = self._places.known()
            admitted = [brought(origin, node, seq, raw, project) for seq, raw in new]
            for draft in admitted:
                if isinstance(draft.decoded, Event):
                    self._places.taken(draft.decoded, *project)
            try:
                contents = await self._written(await self._screen.drafts(admitted), blobs)
            except BaseException:
                if position.seq < new[-1][0]:
                    self._places.put_back(known, _copies(admitted))
                raise
        return Journalled(position.lsn, position.seq, contents=frozenset(contents))

    async def until_applied(self, lsn: int) -> None:
        """Returns once this position is applied. OverLimit while the RAM disk is full."""
        await self._applied(lsn)

    async def _applied(self, lsn: int) -> None:
        await self._applying.resume(self._journal)
        await self._applying.until(lsn)

    async def _bound(
        self, origin: Origin, node: NodeId, held: tuple[int, int] | None = None
    ) -> _Position:
        """Denied when it is another node's; `held` are the first and last that one has there."""
        position = self._positions.get(origin)
        if position is None:
            position = self._positions[origin] = _Position(node, 0, 0)
            async with position.turn:
                try:
                    fields: dict[str, str] = {"origin": origin, "node": node}
                    position.lsn = await self.note(Note("origin", fields))
                except BaseException:
                    del self._positions[origin]
                    raise
        if position.node != node:
            raise of_another(origin, position.node, position.seq, held)
        return position

    async def _referred(self, drafts: Sequence[Draft], blobs: Blobs) -> Blobs:
        """Those of `blobs` that are referred to, and what else the journal lacks of such.

        After a cut of the journal a project's file alone may hold a content: it is journalled
        again, so that applying needs the journal only. Invalid when it is not held at all.
        """
        named = dict.fromkeys(h for d in drafts for h in _named(d))
        contents = {h: blobs[h] for h in named if h in blobs}
        absent = [h for h in named if h not in blobs]
        held: set[ContentHash] = await self._journal.holds(absent) if absent else set()
        if absent := [h for h in absent if h not in held]:
            contents |= await self._contents.elsewhere(absent)
        if lost := [h for h in absent if h not in contents]:
            raise Invalid(
                f"content {lost[0]} is not held; offer it before the record",
                field="record.event",
            )
        return contents

    async def _needed(self, drafts: Sequence[Draft], contents: Blobs) -> int:
        """Bytes that the lake may grow by. Projects that sleep are woken: they are written to."""
        sizes: list[int] = []
        for project, named in _by_project(drafts).items():
            for content in await self._contents.lacking(project, named):
                raw = contents.get(content)
                sizes.append(named[content] if raw is None else len(raw))
        return cost((d.body for d in drafts), sizes)


def _by_project(drafts: Sequence[Draft]) -> dict[ProjectId, dict[ContentHash, int]]:
    """What is referred to in each project, with the size that the record gives it."""
    found: dict[ProjectId, dict[ContentHash, int]] = {}
    for draft in drafts:
        if draft.project:
            sizes = found.setdefault(draft.project, {})
            sizes |= dict.fromkeys(_named(draft), _size(draft))
    return found


def _named(draft: Draft) -> Sequence[ContentHash]:
    return content_hashes(draft.decoded.body) if isinstance(draft.decoded, Event) else ()


def _size(draft: Draft) -> int:
    """Of the content, as the laptop says, where it came ahead of the record."""
    match draft.decoded:
        case Event(body=FileChanged(size=size)):
            return max(0, min(size, BLOB_BYTES_MAX))
        case _:
            return BLOB_BYTES_MAX


def _copies(drafts: Sequence[Draft]) -> set[str]:
    return {d.decoded.working_copy for d in drafts if isinstance(d.decoded, Event)}


def _following(held: int, records: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Those that are not held yet. Invalid when a sequence is skipped, or is beyond any."""
    new = [record for record in records if record[0] > held]
    for expected, (seq, _) in enumerate(new, start=held + 1):
        if seq != expected:
            raise Invalid(f"record.seq is {seq}; {expected} is next", field="record.seq")
        if seq >= SEQ_MAX:
            raise Invalid(f"record.seq is {seq}; it must be below 2^62", field="record.seq")
    return new
