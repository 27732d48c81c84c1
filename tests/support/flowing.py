"""Numbered events that flow into a laptop's spool, and what of them the Dragon shows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import apsw

from common.daemon.home import Home
from common.daemon.keys import sealing_key
from common.model.event import CommandFinished, Event, Ground, Output, PathChange
from common.model.ids import ContentHash, EventId, WorkingCopyId, content_hash
from common.model.lake import HistoryEntry, HistoryQuery
from common.sealed_sqlite import unlock
from developer_node.front.local_client import LocalClient
from developer_node.text import spool
from developer_node.text.working_copy import working_copy
from tests.support.mesh import Mesh, until

BLOB_EACH = 3
"""Every so many events bring a content of their own."""
NUMBERED_MAX = 1 << 40
"""Identities below are the numbered events'; what is really recorded sorts far behind."""


class Flow:
    """Writes events as the recorder does: one file each, in order, durable when it returns."""

    def __init__(self, mesh: Mesh, root: Path) -> None:
        self._mesh = mesh
        self._root = root
        self._copy: WorkingCopyId = working_copy(mesh.home, root)
        self.written = 0
        self.runs: list[str] = []
        """Commands that were really run and recorded, in order."""

    def write(self, many: int) -> None:
        """The next `many` numbered events."""
        for _ in range(many):
            event, blobs = self.numbered(self.written + 1)
            spool.write(self._mesh.home / "developer" / "spool", event, blobs)
            self.written += 1

    def run(self, word: str) -> None:
        """A real command through the recorder."""
        done = self._mesh.postdevai("run", "--", sys.executable, "-c", word, cwd=self._root)
        assert done.returncode == 0, done.stderr
        self.runs.append(word)

    def numbered(self, number: int) -> tuple[Event, dict[ContentHash, bytes]]:
        """The same event for the same number."""
        text = f"line of {number}\n" * (number % 40)
        blobs: dict[ContentHash, bytes] = {}
        changes: tuple[PathChange, ...] = ()
        if number % BLOB_EACH == 0:
            raw = f"value = {number}\n".encode() * 50
            blobs = {content_hash(raw): raw}
            changes = (PathChange(f"f{number}.py", new_content=content_hash(raw)),)
        body = CommandFinished(
            f"numbered {number}",
            str(self._root),
            (0,),
            number,
            Output(text, len(text), 0),
            Ground(changes=changes),
        )
        return Event(EventId(f"{number:032x}"), number, self._copy, body), blobs

    def recorded(self) -> int:
        """How many events the laptop's outbox has taken, ever."""
        query = "SELECT coalesce((SELECT value FROM meta WHERE key='last'), 0)"
        return _count(self._mesh.home / "developer" / "outbox.db", query)

    def journalled(self) -> int:
        """How many events are in the Dragon's journal."""
        query = "SELECT count(*) FROM records WHERE kind='event'"
        return _count(self._mesh.home / "dragon" / "journal.db", query)


def _count(database: Path, query: str) -> int:
    db = apsw.Connection(str(database))
    with closing(db):
        unlock(db, database, sealing_key(database.parent))
        db.set_busy_timeout(10_000)
        return int(db.execute(query).get)


@asynccontextmanager
async def laptop(mesh: Mesh) -> AsyncGenerator[LocalClient]:
    """The local API of a mesh's laptop."""
    async with await LocalClient.connect(Home.from_env(str(mesh.home))) as client:
        yield client


def emptied(mesh: Mesh) -> None:
    """Returns once all that was recorded is with the Dragon."""
    waits: Any = None
    for _ in until(40):
        waits = mesh.json("status", "--json")["outbox"]
        if waits["waiting"] == waits["spooled"] == 0:
            assert waits["refused"] == 0
            return
    raise AssertionError(f"{waits}\n{mesh.logs()}")


async def everything(client: LocalClient) -> list[HistoryEntry]:
    """The whole history, oldest first."""
    found: list[HistoryEntry] = []
    page = await client.history(HistoryQuery(limit=1000))
    while page.entries:
        found += page.entries
        query = HistoryQuery(limit=1000, before_cursor=page.entries[-1].cursor)
        page = await client.history(query)
    return found[::-1]


def is_numbered(entry: HistoryEntry) -> bool:
    """Whether it is one of ours."""
    return int(entry.event.id, 16) < NUMBERED_MAX


def postdevai(mesh: Mesh, *words: str) -> subprocess.Popen[str]:
    """A command that is still running when this returns."""
    return subprocess.Popen(
        [sys.executable, "-m", "developer_node.front.cli", *words],
        env=mesh.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
