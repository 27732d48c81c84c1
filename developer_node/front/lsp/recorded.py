"""What a file held when a failing run began: on disk still, in git, or as the lake kept it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from common.errors import PostDevAIError
from common.model.event import CommandFinished, Event, Ground
from common.model.ids import ContentHash, EventId
from developer_node.front.lsp.buffer import lines_of
from developer_node.front.lsp.standing import Standing
from developer_node.text.git import git

BYTES_MAX = 4 << 20
"""A larger file is not compared."""
KEPT_MAX = 200
"""Texts in memory."""
MARGIN_MS = 500
"""A file that was saved so shortly before a run may have been saved after its start as well: the
start is only known from the end."""
KEPT_S = 3.0
"""What nobody tells within it is not known for now: other lines wait for it."""
GIT_S = 5.0


class Keeper(Protocol):
    """Who has events whole, and contents."""

    async def event(self, event_id: EventId) -> tuple[Event, str]: ...
    async def blob(self, content: ContentHash) -> bytes: ...


class RecordedLines:
    """Lines of files as runs saw them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[EventId, str], tuple[str, ...]] = OrderedDict()

    def known(self, failed: Standing, path: str) -> tuple[str, ...] | None:
        """Without looking anywhere."""
        return self._kept.get((failed.event, path))

    async def find(
        self, keeper: Keeper | None, root: Path, failed: Standing, path: str
    ) -> tuple[str, ...] | None:
        """None when it is not known any more, or not now."""
        if (known := self.known(failed, path)) is not None:
            return known
        text = await asyncio.to_thread(_unchanged, root / path, failed.started_ms - MARGIN_MS)
        if text is None and keeper is not None:
            text = await _in_time(keeper, root, failed, path)
        if text is None:
            return None
        lines = tuple(lines_of(text))
        self._kept[failed.event, path] = lines
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return lines


def _unchanged(file: Path, before_ms: int) -> str | None:
    """Its text when it was saved last before then."""
    try:
        found = file.stat()
        if found.st_mtime_ns // 1_000_000 >= before_ms or found.st_size > BYTES_MAX:
            return None
        data = file.read_bytes()
        return _text(data) if file.stat().st_mtime_ns == found.st_mtime_ns else None
    except OSError:
        return None


async def _in_time(keeper: Keeper, root: Path, failed: Standing, path: str) -> str | None:
    try:
        async with asyncio.timeout(KEPT_S):
            return await _kept(keeper, root, failed, path)
    except TimeoutError:
        return None


async def _kept(keeper: Keeper, root: Path, failed: Standing, path: str) -> str | None:
    try:
        event, _ = await keeper.event(failed.event)
        body = event.body
        if not isinstance(body, CommandFinished) or body.ground is None:
            return None
        changed = next((c for c in body.ground.dirty if c.path == path), None)
        if changed is not None:
            return _text(await keeper.blob(changed.new_content)) if changed.new_content else None
        return await asyncio.to_thread(_committed, root, body.ground, path)
    except PostDevAIError:
        return None  # nobody is there to tell; asked again while it is young


def _committed(root: Path, ground: Ground, path: str) -> str | None:
    if not ground.head or ground.cut:
        return None
    return _text(git(root, ["cat-file", "blob", f"{ground.head}:{path}"], timeout_s=GIT_S))


def _text(data: bytes) -> str | None:
    return data.decode("utf-8", "replace") if len(data) <= BYTES_MAX else None
