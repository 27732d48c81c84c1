"""Watches the spool: what the recorder left there is read, understood, recorded and removed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from common.errors import Corrupt, OverLimit, PostDevAIError
from common.model.event import CommandFinished, Event
from developer_node.text import spool
from developer_node.text.working_copy import find_root
from developer_node.watch.hints import Hints
from developer_node.watch.notices import Notices
from developer_node.watch.ports import Memory, Record

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_S = 5.0
"""The spool is listed this often without any notice."""

POLL_BLIND_S = 0.5
"""The same where the kernel gives no notices."""

_TAKEN = "spooled:"

Interpret = Callable[[CommandFinished, str], CommandFinished]
"""Finds the failures in a command's output; the root of its working copy may be empty."""


class TerminalWatcher:
    """`run` until cancelled. `seen` is told the root before an event of it is recorded."""

    def __init__(
        self,
        directory: Path,
        *,
        notices: Notices,
        record: Record,
        memory: Memory,
        interpret: Interpret,
        seen: Callable[[Path], Awaitable[None]],
    ) -> None:
        self._directory = directory
        self._notices = notices
        self._record = record
        self._memory = memory
        self._interpret = interpret
        self._seen = seen

    @property
    def waiting(self) -> int:
        """Entries not yet read."""
        return len(spool.waiting(self._directory))

    async def run(self) -> None:
        """Takes what waits, oldest first, then what comes, within milliseconds."""
        hints = Hints(coalesce_s=0.0)
        listener = self._notices.listen(
            lambda path: hints.add(path) if path.endswith(".rec") else None, hints.lose
        )
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="terminal") as thread:
                while True:
                    poll_s = await self._in(thread, lambda: self._attach(listener.add))
                    for path in await self._in(thread, lambda: spool.waiting(self._directory)):
                        await self._take(thread, path)
                    await hints.take(poll_s)
        finally:
            listener.close()

    def _attach(self, add: Callable[[str], bool]) -> float:
        """How long to wait for a notice."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            add(str(self._directory))
        except OverLimit:
            return POLL_BLIND_S
        return POLL_S

    async def _take(self, thread: ThreadPoolExecutor, path: Path) -> None:
        mark = _TAKEN + path.stem
        try:
            if not await self._memory.mark(mark):
                entry = await self._in(thread, lambda: spool.read(path))
                event, root = await self._in(thread, lambda: self._understood(entry.event))
                if root is not None:
                    await self._seen(root)
                await self._record([(event, entry.blobs)], {mark: "recorded"})
        except FileNotFoundError:
            return  # somebody else took it
        except (Corrupt, OSError) as error:  # torn, or not ours to read: never a reason to end
            aside = path.with_suffix(".torn")
            log.warning("set aside: %s as=%s", error, aside)
            await self._in(thread, lambda: path.replace(aside))
            return
        except PostDevAIError as error:
            log.warning("cannot be recorded now, kept: %s file=%s", error.message, path)
            return
        await self._in(thread, lambda: path.unlink(missing_ok=True))
        await self._memory.put_mark(mark, "")

    def _understood(self, event: Event) -> tuple[Event, Path | None]:
        if not isinstance(event.body, CommandFinished):
            return event, None
        root = find_root(Path(event.body.cwd)) if event.working_copy else None
        told = replace(event.body, duration_ms=max(0, event.body.duration_ms))
        body = self._interpret(told, str(root) if root else "")
        return replace(event, body=body), root

    async def _in(self, thread: ThreadPoolExecutor, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, job)
