"""Watches one repository: what moved HEAD, also while nobody was looking."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from common.clock import Clock
from common.errors import Missing, PostDevAIError
from common.model.event import GitOperation
from common.model.ids import WorkingCopyId
from developer_node.text.git import git, text_of
from developer_node.watch.commits import newly_reachable, read_commits
from developer_node.watch.content import shown
from developer_node.watch.head import head_commit
from developer_node.watch.hints import Hints
from developer_node.watch.notices import Listener, Notices
from developer_node.watch.ports import Entry, Memory, Record, event_of
from developer_node.watch.reflog import Line, Place, branch_after, read_on, verb_of

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_S = 30.0
"""Git's files are looked at this often without any notice."""

COALESCE_S = 0.06

_LIVE_MS = 2_000

_TELLING = frozenset({"HEAD", "packed-refs", "config", "logs", "refs", "heads"})
_MARK = "reflog:"


Dated = tuple[int, GitOperation]
"""An operation and when it happened."""


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
    ) -> None:
        self._root = root
        self._copy = working_copy
        self._notices = notices
        self._record = record
        self._memory = memory
        self._redact = redact
        self._moved = moved
        self._clock = clock
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
            lambda path: hints.add(path) if _is_telling(path) else None, hints.lose
        )
        name = f"git-{self._root.name}"
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
                while True:
                    await self._look(thread, listener)
                    await hints.take(POLL_S)
        finally:
            listener.close()

    async def _look(self, thread: ThreadPoolExecutor, listener: Listener) -> None:
        try:
            place = Place.from_text(await self._memory.mark(_MARK + self._copy))
            reflog = await self._in(thread, lambda: self._attach(listener))
            if place is None:
                await self._first_sight(thread, reflog)
            else:
                await self._catch_up(thread, reflog, place)
            self.state = "watching"
        except (PostDevAIError, OSError) as error:
            said = error.message if isinstance(error, PostDevAIError) else str(error)
            if said != self.state:
                log.warning("git cannot be followed: %s path=%s", said, self._root)
            self.state = said

    def _attach(self, listener: Listener) -> Path:
        """Watches git's own directories, which may have come or gone; gives HEAD's reflog."""
        directory = self._git_directory("--absolute-git-dir")
        common = self._git_directory("--git-common-dir")
        for path in {directory, directory / "logs", common, common / "refs" / "heads"}:
            listener.add(os.fspath(path))
        return directory / "logs" / "HEAD"

    def _git_directory(self, which: str) -> Path:
        said = text_of(git(self._root, ["rev-parse", which])).strip("\n")
        return (self._root / said).resolve()

    async def _first_sight(self, thread: ThreadPoolExecutor, reflog: Path) -> None:
        """The recent past as one operation, so that a new listener knows where things stand."""
        place = await self._in(thread, lambda: self._end_of(reflog))
        recorded = await self._memory.commits(self._copy)
        past = await self._in(thread, lambda: self._past(place, recorded))
        await self._keep(() if past is None else ((self._clock.now_ms(), past),), place, news=False)

    def _past(self, place: Place, recorded: set[str]) -> GitOperation | None:
        shas = newly_reachable(self._root, "", place.head, recorded)
        if not shas:
            return None
        return GitOperation(
            "other",
            new=place.head,
            ref=place.branch,
            message=f"history before watching: the last {len(shas)} commits",
            commits=tuple(read_commits(self._root, shas, self._redact)),
        )

    async def _catch_up(self, thread: ThreadPoolExecutor, reflog: Path, place: Place) -> None:
        recorded = await self._memory.commits(self._copy)
        operations, now = await self._in(thread, lambda: self._operations(reflog, place, recorded))
        if now != place:
            await self._keep(operations, now, news=True)
        if operations:
            await self._moved()

    def _operations(
        self, reflog: Path, place: Place, recorded: set[str]
    ) -> tuple[list[Dated], Place]:
        lines, offset, last = read_on(reflog, place)
        now = replace(self._end_of(reflog), offset=offset, last=last)
        branch, head = place.branch, place.head
        branches = self._branches() if lines else frozenset[str]()
        operations: list[Dated] = []
        for line in lines:
            branch = branch_after(line.message, branch, branches)
            operations.append((self._when(line), self._operation(line, branch, recorded)))
            head = line.new
        if head != now.head and not lines:  # a reflog that is off or was rewritten
            unseen = Line(head, now.head, self._clock.now_ms(), "")
            operations.append((unseen.at_ms, self._operation(unseen, now.branch, recorded)))
        return operations, now

    def _operation(self, line: Line, branch: str, recorded: set[str]) -> GitOperation:
        """Commits that are reported here are not reported by the next operation."""
        shas = newly_reachable(self._root, line.old, line.new, recorded)
        recorded.update(shas)
        return GitOperation(
            verb_of(line.message),
            old=line.old,
            new=line.new,
            ref=branch,
            message=self._redact(line.message),
            commits=tuple(read_commits(self._root, shas, self._redact)),
        )

    def _when(self, line: Line) -> int:
        """Reflogs know whole seconds only, which would put a commit before what led to it."""
        now_ms = self._clock.now_ms()
        return now_ms if 0 <= now_ms - line.at_ms < _LIVE_MS else line.at_ms

    def _end_of(self, reflog: Path) -> Place:
        try:
            with reflog.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - 4096))
                lines = file.read().decode("utf-8", "replace").splitlines()
        except FileNotFoundError:
            size, lines = 0, []
        return Place(size, lines[-1] if lines else "", self._branch(), head_commit(self._root))

    def _branch(self) -> str:
        try:
            said = git(self._root, ["symbolic-ref", "--short", "--quiet", "HEAD"])
        except Missing:
            return ""
        return shown(text_of(said).strip())

    def _branches(self) -> frozenset[str]:
        listed = git(self._root, ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"])
        return frozenset(shown(name) for name in text_of(listed).splitlines())

    async def _keep(self, operations: Sequence[Dated], place: Place, *, news: bool) -> None:
        entries: list[Entry] = [(event_of(o, self._copy, at_ms), {}) for at_ms, o in operations]
        await self._record(entries, {_MARK + self._copy: place.to_text()}, news=news)

    async def _in(self, thread: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, job)


def _is_telling(path: str) -> bool:
    """Git writes its index and locks all the time; those say nothing about HEAD."""
    return os.path.basename(path) in _TELLING or f"{os.sep}refs{os.sep}heads{os.sep}" in path
