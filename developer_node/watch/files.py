"""Watches the files of one working copy and records those that differ from what was recorded."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from common.clock import Clock
from common.errors import PostDevAIError
from common.model.event import FileChanged, WorkingCopySeen
from common.model.ids import WorkingCopyId, content_hash
from developer_node.watch.hints import Hints
from developer_node.watch.ignoring import Ignoring
from developer_node.watch.notices import Notices
from developer_node.watch.ports import Entry, Memory, Record, event_of
from developer_node.watch.tree import Finding, Tree

log = logging.getLogger(__name__)

T = TypeVar("T")

BATCH_FILES_MAX = 200
BATCH_BYTES_MAX = 4 << 20
"""Files of a scan that are made durable together."""

RESCAN_S = 600.0
"""Everything is compared this often without any notice; only changed files are read."""

RESCAN_BLIND_S = 30.0
"""The same where the kernel cannot tell of every change."""

RESCAN_SHARE = 20
"""A comparison that takes long is made less often: one part of so many of the time at most."""

CLOSED_S = 2.0
"""How often it is looked whether recording goes on where it was closed."""

GONE = "the directory is gone; it is watched again when it is back"


class FilesWatcher:
    """`run` until cancelled. One thread of its own does what blocks."""

    def __init__(
        self,
        root: Path,
        working_copy: WorkingCopyId,
        *,
        in_git: bool,
        ignoring: Ignoring,
        notices: Notices,
        record: Record,
        memory: Memory,
        redact: Callable[[bytes], bytes],
        evidence: Callable[[Path], WorkingCopySeen],
        clock: Clock,
        elsewhere: str = "",
        closed: Callable[[], str] = lambda: "",
    ) -> None:
        """`elsewhere` says why others may change files without notice; empty when none can.
        `closed` says why nothing is recorded here now; empty when it is."""
        self._closed = closed
        self._elsewhere = elsewhere
        self._scan_s = 0.0
        self._root = root
        self._copy = working_copy
        self._in_git = in_git
        self._ignoring = ignoring
        self._notices = notices
        self._record = record
        self._memory = memory
        self._redact = redact
        self._evidence = evidence
        self._clock = clock
        self._hints: Hints | None = None
        self._forget = False
        self._anew = False
        self._seen: WorkingCopySeen | None = None
        self.sighted = asyncio.Event()
        """Set once the working copy has been reported: nothing of it may be recorded before."""
        self.files = -1
        self.skipped = 0
        self.state = "scanning"

    def rescan(self, *, forget: bool = False) -> None:
        """Compares everything again; with `forget` nothing counts as recorded any more."""
        self._forget = self._forget or forget
        if self._hints is not None:
            self._hints.lose()

    async def run(self) -> None:
        """Scans, then follows notices; a scan that fails is a state, and is tried again.

        Returns when the directory is gone or is another one: watches die with what they watch.
        """
        hints = self._hints = Hints()
        listener = self._notices.listen(hints.add, hints.lose)
        tree = Tree(
            self._root,
            in_git=self._in_git,
            ignoring=self._ignoring,
            listener=listener,
            redact=self._redact,
        )
        recorded = await self._memory.sent_files(self._copy)
        self._anew = not recorded
        tree.start_from(recorded)
        name = f"files-{self._root.name}"
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix=name) as thread:
                began_as = await self._in(thread, self._identity)
                shut = True
                while began_as is not None and await self._in(thread, self._identity) == began_as:
                    if why := await self._in(thread, self._closed):
                        self.state, shut = why, True
                        await hints.take(CLOSED_S)
                    elif shut:
                        await self._scan(tree, thread)
                        shut = False
                    else:
                        await self._follow(tree, thread, hints)
        finally:
            listener.close()
        self.state, self.files = GONE, -1

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._root)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    async def _follow(self, tree: Tree, thread: ThreadPoolExecutor, hints: Hints) -> None:
        blind = tree.limit or self.state not in ("watching", "scanning")
        burst = await hints.take(max(self._every_s(), 0 if blind else RESCAN_S))
        if await self._in(thread, self._closed):
            hints.lose()  # closed meanwhile: everything is compared when it is open again
            return
        if burst.everything or self.files < 0:
            await self._scan(tree, thread)
            return
        try:
            async with aclosing(self._findings(thread, lambda: tree.some(burst.paths))) as found:
                async for batch in found:
                    await self._keep(batch, news=True)
        except (PostDevAIError, OSError) as error:
            await self._stumble(tree, error)
            hints.lose()
            return
        self._count(tree)
        if tree.head.commit != (self._seen.head if self._seen else ""):
            await self._report(thread, tree.files)

    def _every_s(self) -> float:
        """How often everything is compared where notices may be missing."""
        return min(RESCAN_S, max(RESCAN_BLIND_S, self._scan_s * RESCAN_SHARE))

    async def _scan(self, tree: Tree, thread: ThreadPoolExecutor) -> None:
        began_s = time.monotonic()
        if self._forget:
            self._forget, self._anew, self._seen, self.files = False, True, None, -1
            self.state = "scanning"
            tree.start_from({})
        try:
            if self._seen is None:
                await self._report(thread, -1)
            async with aclosing(self._findings(thread, tree.everything)) as found:
                async for batch in found:
                    await self._keep(batch, news=self.files >= 0)
            self._scan_s = time.monotonic() - began_s
            self._count(tree)
            await self._report(thread, tree.files)
        except (PostDevAIError, OSError) as error:
            await self._stumble(tree, error)

    async def _findings(
        self, thread: ThreadPoolExecutor, look: Callable[[], Iterator[Finding]]
    ) -> AsyncGenerator[list[Finding], None]:
        batches = _batches(look())
        while batch := await self._in(thread, lambda: next(batches, None)):
            yield batch

    async def _keep(self, batch: list[Finding], *, news: bool) -> None:
        entries: list[Entry] = [self._entry(finding.change, finding.data) for finding in batch]
        await self._record(entries, news=news)

    def _entry(self, change: FileChanged, data: bytes | None) -> Entry:
        blobs = {} if data is None else {content_hash(data): data}
        return event_of(change, self._copy, self._clock.now_ms()), blobs

    async def _report(self, thread: ThreadPoolExecutor, files: int) -> None:
        found = await self._in(thread, lambda: self._evidence(self._root))
        seen = replace(found, files=files, anew=self._anew and files < 0)
        if seen != self._seen:
            await self._record([(event_of(seen, self._copy, self._clock.now_ms()), {})])
            self._seen = seen
        self.sighted.set()

    async def _in(self, thread: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, job)

    def _count(self, tree: Tree) -> None:
        self.files, self.skipped = tree.files, tree.skipped
        every = f"everything is compared every {self._every_s():.0f} s"
        if tree.limit:
            self.state = f"watching in part, {every}: {tree.limit}"
        elif self._elsewhere:
            self.state = f"watching, {every}: {self._elsewhere}"
        elif not self._in_git:
            self.state = "no git here: files are watched, commits are not"
        else:
            self.state = "watching"

    async def _stumble(self, tree: Tree, error: PostDevAIError | OSError) -> None:
        """Says what is wrong; what was found and not recorded is found again."""
        tree.start_from(await self._memory.sent_files(self._copy))
        hint = error.hint if isinstance(error, PostDevAIError) else ""
        self.state = f"{error}. {hint}".strip(" .")
        log.warning("cannot watch: %s path=%s", self.state, self._root)


def _batches(findings: Iterator[Finding]) -> Iterator[list[Finding]]:
    batch: list[Finding] = []
    size = 0
    for finding in findings:
        batch.append(finding)
        size += len(finding.data or b"")
        if len(batch) >= BATCH_FILES_MAX or size >= BATCH_BYTES_MAX:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
