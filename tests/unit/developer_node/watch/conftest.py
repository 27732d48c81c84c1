"""Real repositories in a temporary directory, and a recorder that can be waited on."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from common.clock import Clock, SystemClock
from common.model.event import BESIDE_HEAD, Event, FileChanged, GitOperation, WorkingCopySeen
from common.model.ids import ContentHash, WorkingCopyId
from developer_node.text.working_copy import evidence
from developer_node.watch.files import FilesWatcher
from developer_node.watch.git import GitWatcher, Turns
from developer_node.watch.ignoring import Ignoring
from developer_node.watch.notices import Notices, open_notices
from developer_node.watch.ports import Entry

COPY = WorkingCopyId("c" * 16)
SYSTEM_CLOCK = SystemClock()


class Repository:
    """A git repository with one person in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        """What git says."""
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
        command = ["git", "-C", str(self.root), *who, *arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        done = subprocess.run(command, check=True, capture_output=True, env=environment)
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def fed(self, lines: IO[str], *arguments: str) -> None:
        """Git, with this on its standard input."""
        subprocess.run(["git", "-C", str(self.root), *arguments], check=True, stdin=lines)

    def write(self, path: str, text: str | bytes = "x\n") -> Path:
        """A file, with the directories that it needs."""
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(text if isinstance(text, bytes) else text.encode())
        return full

    def commit(self, subject: str, **files: str) -> str:
        """Commits everything; names are given with __ for / and _ for a dot before the ending."""
        for name, text in files.items():
            stem, _, ending = name.rpartition("_")
            self.write(f"{stem.replace('__', '/')}.{ending}", text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")


class Recorded:
    """Stands where the outbox stands, remembers as it does, and can be waited on."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.blobs: dict[ContentHash, bytes] = {}
        self.marks: dict[str, str] = {}
        self.refusal: Exception | None = None
        self._came = asyncio.Condition()

    async def __call__(
        self,
        entries: Sequence[Entry],
        marks: Mapping[str, str] | None = None,
        *,
        news: bool = True,
    ) -> None:
        if self.refusal is not None:
            raise self.refusal
        async with self._came:
            for event, blobs in entries:
                self.events.append(event)
                self.blobs |= blobs
            self.marks |= marks or {}
            self._came.notify_all()

    async def sent_files(self, working_copy: WorkingCopyId) -> dict[str, tuple[str, bool, str]]:
        sent: dict[str, tuple[str, bool, str]] = {}
        for event in self.events:
            match event.body:
                case FileChanged(path=path, deleted=True):
                    sent.pop(path, None)
                case FileChanged() as file:
                    sent[file.path] = (file.git_blob, file.dirty, file.skipped)
                case _:
                    pass
        return sent

    async def commits(self, working_copy: WorkingCopyId) -> set[str]:
        return {commit.sha for op in self.operations for commit in op.commits}

    async def mark(self, key: str) -> str:
        return self.marks.get(key, "")

    async def put_mark(self, key: str, value: str) -> None:
        self.marks[key] = value

    async def until(self, holds: Callable[[], Any]) -> None:
        """Returns once it holds; it is asked again whenever something was recorded."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: bool(holds()))

    @property
    def files(self) -> list[FileChanged]:
        return [e.body for e in self.events if isinstance(e.body, FileChanged)]

    @property
    def operations(self) -> list[GitOperation]:
        return [e.body for e in self.events if isinstance(e.body, GitOperation)]

    @property
    def moves(self) -> list[GitOperation]:
        """Operations that moved HEAD."""
        return [o for o in self.operations if o.operation not in BESIDE_HEAD]

    @property
    def beside(self) -> list[GitOperation]:
        """The others."""
        return [o for o in self.operations if o.operation in BESIDE_HEAD]

    @property
    def seen(self) -> list[WorkingCopySeen]:
        return [e.body for e in self.events if isinstance(e.body, WorkingCopySeen)]

    def newest(self, path: str) -> FileChanged | None:
        """What was last recorded about a path."""
        return next((f for f in reversed(self.files) if f.path == path), None)

    def text(self, path: str) -> str:
        """The content that was last recorded."""
        newest = self.newest(path)
        return self.blobs[newest.content].decode() if newest and newest.content else ""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    root = tmp_path / "work"
    root.mkdir()
    made = Repository(root)
    made.git("init", "-q", "-b", "main")
    return made


@pytest.fixture
def recorded() -> Iterator[Recorded]:
    yield Recorded()


@pytest.fixture
async def notices() -> AsyncIterator[Notices]:
    opened = open_notices()
    yield opened
    await asyncio.to_thread(opened.close)


Watching = Callable[..., AbstractAsyncContextManager[FilesWatcher]]


@pytest.fixture
def watching(recorded: Recorded, notices: Notices) -> Watching:
    """Watches a directory until the block ends; the first scan has ended when it begins."""

    @asynccontextmanager
    async def watch(
        root: Path,
        *,
        repository: Path | None = None,
        redact: Callable[[bytes], bytes] = lambda data: data,
        notices: Notices = notices,
        elsewhere: str = "",
    ) -> AsyncGenerator[FilesWatcher, None]:
        watcher = FilesWatcher(
            root,
            COPY,
            in_git=repository is None,
            ignoring=Ignoring(root, repository=repository),
            notices=notices,
            record=recorded,
            memory=recorded,
            redact=redact,
            evidence=evidence,
            clock=SystemClock(),
            elsewhere=elsewhere,
        )
        scans = len([s for s in recorded.seen if s.files >= 0])
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watcher.run())
            await recorded.until(
                lambda: task.done() or len([s for s in recorded.seen if s.files >= 0]) > scans
            )
            yield watcher
            task.cancel()

    return watch


Following = Callable[..., AbstractAsyncContextManager[GitWatcher]]


@pytest.fixture
def following(recorded: Recorded, notices: Notices) -> Following:
    """Follows a repository until the block ends."""

    @asynccontextmanager
    async def follow(
        root: Path,
        redact: Callable[[str], str] = lambda text: text,
        *,
        copy: WorkingCopyId = COPY,
        turns: Turns | None = None,
        notices: Notices = notices,
        clock: Clock = SYSTEM_CLOCK,
    ) -> AsyncGenerator[GitWatcher, None]:
        watcher = GitWatcher(
            root,
            copy,
            notices=notices,
            record=recorded,
            memory=recorded,
            redact=redact,
            moved=nothing,
            clock=clock,
            turns=turns,
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(watcher.run())
            async with asyncio.timeout(20):
                while watcher.state == "starting":  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            yield watcher
            task.cancel()

    return follow


async def nothing() -> None:
    """Nobody else cares that HEAD moved."""
