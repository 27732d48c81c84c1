"""Watches one repository: what moved HEAD and other references, also while nobody was looking."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from common.clock import Clock
from common.errors import OverLimit, PostDevAIError
from common.model.event import GitOperation
from common.model.ids import WorkingCopyId
from developer_node.watch.conflicts import Conflict, read_conflict
from developer_node.watch.git_places import GitPlaces, is_telling, watched
from developer_node.watch.hints import Hints
from developer_node.watch.moves import Dated, Moves
from developer_node.watch.notices import Listener, Notices
from developer_node.watch.ports import Entry, Memory, Record, event_of
from developer_node.watch.privacy import Privacy, nothing_withheld
from developer_node.watch.reflog import Place, reflog_of
from developer_node.watch.refs import REFS_MAX, Moved, Refs, moved, read_refs

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_S = 30.0
"""Git's files are looked at this often without any notice."""

COALESCE_S = 0.06

CLOSED_S = 2.0
"""How often it is looked whether recording goes on where it was closed."""

_MARK = "reflog:"

Turns = defaultdict[Path, asyncio.Lock]
"""Worktrees of one repository look at what they share one after the other, and tell it once."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one look found."""

    head: Sequence[Dated]
    place: Place
    refs: Refs
    moved: Moved
    conflict: Conflict | None


class GitWatcher:
    """`run` until cancelled; `moved` is called after HEAD's movement was recorded."""

    def __init__(
        self,
        root: Path,
        working_copy: WorkingCopyId,
        *,
        notices: Notices,
        record: Record,
        memory: Memory,
        redact: Callable[[str], str],
        moved: Callable[[], Awaitable[None]],
        clock: Clock,
        turns: Turns | None = None,
        privacy: Privacy | None = None,
    ) -> None:
        self._privacy = privacy
        self._root = root
        self._copy = working_copy
        self._notices = notices
        self._record = record
        self._memory = memory
        self._redact = redact
        self._moved = moved
        self._clock = clock
        self._turns = turns if turns is not None else Turns(asyncio.Lock)
        withheld = privacy.withheld if privacy else lambda: nothing_withheld
        self._moves = Moves(root, redact, clock, withheld)
        self._hints: Hints | None = None
        self.state = "starting"

    def look_again(self) -> None:
        """Looks now; what was recorded may have been forgotten."""
        if self._hints is not None:
            self._hints.lose()

    async def run(self) -> None:
        """Catches up, then follows. What is wrong becomes the state, and is tried again."""
        hints = self._hints = Hints(coalesce_s=COALESCE_S)
        listener = self._notices.listen(
            lambda path: hints.add(path) if is_telling(path) else None, hints.lose
        )
        name = f"git-{self._root.name}"
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
                while True:
                    closed = await self._in(thread, self._closed)
                    if closed:
                        self.state = closed
                    else:
                        await self._look(thread, listener)
                    await hints.take(CLOSED_S if closed else POLL_S)
        finally:
            listener.close()

    def _closed(self) -> str:
        return self._privacy.closed() if self._privacy else ""

    async def _look(self, thread: ThreadPoolExecutor, listener: Listener) -> None:
        try:
            places = await self._in(thread, lambda: GitPlaces.of(self._root))
            blind = await self._in(thread, lambda: _attach(places, listener))
            async with self._turns[places.common]:
                many = await self._in_turn(thread, places)
            self.state = "; ".join(filter(None, (blind, many))) or "watching"
        except (PostDevAIError, OSError) as error:
            said = error.message if isinstance(error, PostDevAIError) else str(error)
            if said != self.state:
                log.warning("git cannot be followed: %s path=%s", said, self._root)
            self.state = said

    async def _in_turn(self, thread: ThreadPoolExecutor, places: GitPlaces) -> str:
        """Records what is new; says what cannot be followed."""
        place = Place.from_text(await self._memory.mark(_MARK + self._copy))
        refs = Refs.from_text(await self._memory.mark(_shared(places)))
        conflict = Conflict.from_text(await self._memory.mark(self._conflict))
        recorded = await self._memory.commits(self._copy)
        found = await self._in(thread, lambda: self._found(places, place, refs, recorded))
        operations = self._told(found, conflict)
        marks: dict[str, str] = {}
        if found.place != place:
            marks[_MARK + self._copy] = found.place.to_text()
        if found.refs != refs:
            marks[_shared(places)] = found.refs.to_text()
        if found.conflict != conflict:
            marks[self._conflict] = found.conflict.to_text() if found.conflict else ""
        if operations or marks:
            entries: list[Entry] = [(event_of(o, self._copy, at_ms), {}) for at_ms, o in operations]
            await self._record(entries, marks, news=place is not None)
        if found.head and place is not None:
            await self._moved()
        many = f"more than {REFS_MAX:,} references: of them only HEAD is followed"
        return many if found.refs.many else ""

    def _found(
        self, places: GitPlaces, place: Place | None, refs: Refs | None, recorded: set[str]
    ) -> _Look:
        reflog = reflog_of(self._root, places.directory, places.common)
        if place is None:
            now = self._moves.end_of(reflog)
            past = self._moves.past(reflog, now, recorded)
            head = [] if past is None else [(self._clock.now_ms(), past)]
        else:
            head, now = self._moves.since(reflog, place, recorded)
        named = read_refs(self._root)
        told = {operation.new for _, operation in head}
        changed = Moved() if refs is None else moved(self._root, refs, named, told)
        return _Look(head, now, named, changed, read_conflict(self._root, places.directory))

    def _told(self, found: _Look, before: Conflict | None) -> list[Dated]:
        """In the order in which git did it: fetched and branched, moved, the rest, stopped."""
        stopped: list[GitOperation] = []
        if found.conflict is not None and found.conflict.is_news_after(before):
            stopped = [found.conflict.told(found.place.head, found.place.branch)]
        early = [self._now(operation) for operation in found.moved.before]
        late = [self._now(operation) for operation in (*found.moved.after, *stopped)]
        return [*early, *found.head, *late]

    def _now(self, operation: GitOperation) -> Dated:
        message = self._redact(operation.message)
        return self._clock.now_ms(), replace(operation, message=message)

    @property
    def _conflict(self) -> str:
        return f"{_MARK}conflict:{self._copy}"

    async def _in(self, thread: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, job)


def _shared(places: GitPlaces) -> str:
    """The mark of what all worktrees of a repository have in common."""
    name = hashlib.sha256(os.fsencode(places.common)).hexdigest()[:32]
    return f"{_MARK}refs:{name}"


def _attach(places: GitPlaces, listener: Listener) -> str:
    """Watches git's own directories, which may have come or gone; says when it cannot."""
    try:
        for path in watched(places):
            listener.add(path)
    except OverLimit as error:
        return f"{error.message}: git is looked at every {POLL_S:.0f} s"
    return ""
