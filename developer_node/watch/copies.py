"""The working copies of this machine: those watched whole, and those known by their commands."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from common.clock import Clock
from common.daemon.files import write_private
from common.errors import Invalid, Missing, PostDevAIError
from common.model.event import WorkingCopySeen
from common.model.ids import WorkingCopyId
from common.model.laptop import WatchedRepository
from developer_node.text.git import git
from developer_node.text.working_copy import evidence, find_root, working_copy
from developer_node.watch.content import shown
from developer_node.watch.files import GONE, FilesWatcher
from developer_node.watch.git import GitWatcher, Turns
from developer_node.watch.ignoring import Ignoring
from developer_node.watch.mounts import network_mount
from developer_node.watch.notices import Notices
from developer_node.watch.ports import Memory, Record, event_of
from developer_node.watch.privacy import Privacy

log = logging.getLogger(__name__)

RETURN_S = 2.0
"""How often it is looked whether a directory that is gone is back."""

SEEN_MAX = 64
"""Working copies that are followed only because commands ran in them; the oldest is dropped."""


@dataclass(frozen=True, slots=True)
class Redaction:
    """What is applied before anything is kept."""

    text: Callable[[str], str]
    data: Callable[[bytes], bytes]


@dataclass(slots=True)
class _Copy:
    root: Path
    id: WorkingCopyId
    files: FilesWatcher | None
    git: GitWatcher | None
    tasks: tuple[asyncio.Task[None], ...] = ()
    says: str = ""
    """Why nothing is watched now."""

    def state(self) -> str:
        if self.says:
            return self.says
        if self.files is None:
            return "commits only: commands ran here"
        if self.git is not None and self.git.state not in ("watching", "starting"):
            return f"{self.files.state}; git: {self.git.state}"
        return self.files.state


class WorkingCopies:
    """Made by `open`; ends its watchers with the block."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        home: Path,
        *,
        notices: Notices,
        record: Record,
        memory: Memory,
        redaction: Redaction,
        clock: Clock,
    ) -> None:
        self._group = group
        self._home = home
        self._notices = notices
        self._record = record
        self._memory = memory
        self._redaction = redaction
        self._clock = clock
        self._copies: dict[Path, _Copy] = {}
        self._lock = asyncio.Lock()
        self._turns = Turns(asyncio.Lock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        home: Path,
        *,
        notices: Notices,
        record: Record,
        memory: Memory,
        redaction: Redaction,
        clock: Clock,
    ) -> AsyncGenerator[WorkingCopies, None]:
        """Watches what was watched before."""
        async with asyncio.TaskGroup() as group:
            made = cls(
                group,
                home,
                notices=notices,
                record=record,
                memory=memory,
                redaction=redaction,
                clock=clock,
            )
            watched, seen = await asyncio.to_thread(made._remembered)
            for root in watched:
                await made._start(root, whole=True)
            for root in seen:
                if root.is_dir():
                    await made._start_or_say(root)
            try:
                yield made
            finally:
                for copy in made._copies.values():
                    _stop(copy)

    async def watch(self, path: str) -> WatchedRepository:
        """Watches the working copy that holds this directory. Missing, Invalid."""
        root = await asyncio.to_thread(_root_to_watch, path)
        if root.is_relative_to(self._home.resolve()):
            raise Invalid(f"{root} is PostDevAI's own", hint="Name a repository.", field="path")
        async with self._lock:
            copy = self._copies.get(root)
            in_git = await asyncio.to_thread(find_root, root) == root
            if copy is None or copy.files is None or (copy.git is None and in_git):
                if copy is not None:
                    _stop(copy)
                copy = await self._start(root, whole=True)
                await asyncio.to_thread(self._remember)
        return _described(copy)

    async def see(self, root: Path) -> None:
        """A command ran in this working copy: the Dragon is to know it, and its commits."""
        async with self._lock:
            if root in self._copies:
                return
            await self._start(root, whole=False)
            self._drop_oldest_seen()
            await asyncio.to_thread(self._remember)

    def rescan(self) -> None:
        """Nothing counts as recorded any more: everything is reported again."""
        for copy in self._copies.values():
            if copy.files is not None:
                copy.files.rescan(forget=True)
            else:
                self._group.create_task(self._report_or_say(copy.root, copy.id))
            if copy.git is not None:
                copy.git.look_again()

    async def unwatch(self, path: str) -> None:
        """Follows a repository no more; Missing when it is not watched."""
        root = await asyncio.to_thread(Path(path).resolve)  # what was deleted resolves too
        async with self._lock:
            copy = self._copies.get(Path(path)) or self._copies.get(root)
            if copy is None or copy.files is None:
                raise Missing(f"{path} is not watched", hint="postdevai status lists what is.")
            _stop(copy)
            del self._copies[copy.root]
            self._remember()

    def repositories(self) -> tuple[WatchedRepository, ...]:
        """Those watched whole, by path."""
        watched = [c for c in self._copies.values() if c.files is not None]
        return tuple(_described(copy) for copy in sorted(watched, key=lambda c: c.root))

    def known(self) -> dict[str, WorkingCopyId]:
        """Every working copy, by path."""
        return {os.fspath(copy.root): copy.id for copy in self._copies.values()}

    async def _start(self, root: Path, *, whole: bool) -> _Copy:
        name = await asyncio.to_thread(working_copy, self._home, root)
        copy = _Copy(root, name, None, None)
        await self._prepare(copy, whole=whole)
        if whole:
            copy.tasks = (self._group.create_task(self._keep(copy)),)
        else:
            await self._report(root, name)
            if copy.git is not None:
                copy.tasks = (self._group.create_task(copy.git.run()),)
        self._copies[root] = copy
        return copy

    async def _start_or_say(self, root: Path) -> None:
        """One copy that cannot be reported now keeps nobody from the others."""
        try:
            await self._start(root, whole=False)
        except PostDevAIError as error:
            log.warning("cannot be reported now: %s path=%s", error.message, root)

    async def _prepare(self, copy: _Copy, *, whole: bool) -> None:
        """Watchers for the directory as it is now."""
        in_git = await asyncio.to_thread(find_root, copy.root) == copy.root
        copy.files = await self._files(copy.root, copy.id, in_git=in_git) if whole else None
        copy.git = self._git(copy.root, copy.id, copy.files) if in_git else None

    async def _keep(self, copy: _Copy) -> None:
        """Watches until cancelled; a directory that is gone is waited for, and watched anew."""
        while True:
            if await asyncio.to_thread(copy.root.is_dir):
                await _until_gone(copy)
            copy.says = GONE
            await self._until_back(copy)

    async def _until_back(self, copy: _Copy) -> None:
        while copy.says:
            await asyncio.sleep(RETURN_S)
            if await asyncio.to_thread(copy.root.is_dir):
                try:
                    await self._prepare(copy, whole=True)
                    copy.says = ""
                except PostDevAIError as error:
                    copy.says = f"{error.message}. {error.hint}".strip()

    async def _files(self, root: Path, name: WorkingCopyId, *, in_git: bool) -> FilesWatcher:
        privacy = Privacy(self._home, root)
        empty = None if in_git else await asyncio.to_thread(_empty_repository, self._home)
        return FilesWatcher(
            root,
            name,
            in_git=in_git,
            ignoring=Ignoring(root, repository=empty, never=self._home, withheld=privacy.withheld),
            notices=self._notices,
            record=self._record,
            memory=self._memory,
            redact=self._redaction.data,
            evidence=lambda path: travelling(evidence(path)),
            clock=self._clock,
            elsewhere=await asyncio.to_thread(network_mount, root),
            closed=privacy.closed,
        )

    def _git(self, root: Path, name: WorkingCopyId, files: FilesWatcher | None) -> GitWatcher:
        async def moved() -> None:
            if files is not None:
                files.rescan()
            else:
                await self._report(root, name)

        return GitWatcher(
            root,
            name,
            notices=self._notices,
            record=self._record,
            memory=self._memory,
            redact=self._redaction.text,
            moved=moved,
            clock=self._clock,
            turns=self._turns,
            privacy=Privacy(self._home, root),
        )

    async def _report(self, root: Path, name: WorkingCopyId) -> None:
        """Of a working copy without a files watcher: no file of it is kept."""
        found = replace(travelling(await asyncio.to_thread(evidence, root)), files=0)
        await self._record([(event_of(found, name, self._clock.now_ms()), {})])

    async def _report_or_say(self, root: Path, name: WorkingCopyId) -> None:
        try:
            await self._report(root, name)
        except PostDevAIError as error:
            log.warning("cannot be reported now: %s path=%s", error.message, root)

    def _drop_oldest_seen(self) -> None:
        seen = [copy for copy in self._copies.values() if copy.files is None]
        for copy in seen[: max(0, len(seen) - SEEN_MAX)]:
            _stop(copy)
            del self._copies[copy.root]

    @property
    def _list(self) -> Path:
        return self._home / "developer" / "repositories.json"

    def _remembered(self) -> tuple[list[Path], list[Path]]:
        try:
            kept: dict[str, list[str]] = json.loads(self._list.read_text("utf-8"))
        except FileNotFoundError:
            return [], []
        except ValueError:
            log.warning("the list of repositories is damaged: %s", self._list)
            return [], []
        return [Path(p) for p in kept.get("watched", [])], [Path(p) for p in kept.get("seen", [])]

    def _remember(self) -> None:
        copies = list(self._copies.values())
        kept = {
            "watched": [os.fspath(c.root) for c in copies if c.files is not None],
            "seen": [os.fspath(c.root) for c in copies if c.files is None],
        }
        write_private(self._list, json.dumps(kept, indent=1).encode())


async def _until_gone(copy: _Copy) -> None:
    assert copy.files is not None
    async with asyncio.TaskGroup() as group:
        beside = copy.git and group.create_task(_after_sighting(copy.files, copy.git))
        await copy.files.run()
        if beside is not None:
            beside.cancel()


async def _after_sighting(files: FilesWatcher, commits: GitWatcher) -> None:
    """A commit of a copy that the Dragon does not know would become a project of its own."""
    await files.sighted.wait()
    await commits.run()


def travelling(seen: WorkingCopySeen) -> WorkingCopySeen:
    """The evidence with names that are not UTF-8 escaped."""
    remotes = tuple(shown(remote) for remote in seen.remotes)
    return replace(seen, path=shown(seen.path), remotes=remotes, branch=shown(seen.branch))


def _root_to_watch(path: str) -> Path:
    directory = Path(path)
    if not directory.is_absolute():
        raise Invalid(f"{path!r} is not an absolute path", field="path")
    if not directory.is_dir():
        raise Missing(f"There is no directory {path}", hint="Check the path.")
    root = find_root(directory) or directory.resolve()
    if root in (Path("/"), Path.home().resolve()) and find_root(root) is None:
        raise Invalid(f"{root} holds more than a project", hint="Name a repository.", field="path")
    if shown(os.fspath(root)) != os.fspath(root):
        raise Invalid("the path is not UTF-8", hint="Rename the directory.", field="path")
    return root


def _empty_repository(home: Path) -> Path:
    """Lends git's ignore rules to directories that have no git."""
    empty = home / "developer" / "empty.git"
    if not (empty / "HEAD").exists():
        empty.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        git(empty.parent, ["init", "--quiet", "--bare", os.fspath(empty)])
    return empty


def _described(copy: _Copy) -> WatchedRepository:
    files = copy.files.files if copy.files else -1
    skipped = copy.files.skipped if copy.files else 0
    return WatchedRepository(os.fspath(copy.root), copy.id, files, skipped, copy.state())


def _stop(copy: _Copy) -> None:
    for task in copy.tasks:
        task.cancel()
