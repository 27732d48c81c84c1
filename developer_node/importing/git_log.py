"""Commits out of a repository's log, redacted, each recorded once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

from common.clock import Clock
from common.errors import Invalid, Missing
from common.model.event import IMPORTED_LOG, Commit, GitOperation
from common.model.ids import WorkingCopyId
from common.model.remedy import ImportProgress
from developer_node.importing.copies import sighting, told_before
from developer_node.importing.sources import UNKNOWN
from developer_node.text.gates import gate
from developer_node.text.git import git, text_of
from developer_node.text.repository_settings import settings_of
from developer_node.text.working_copy import find_root, working_copy
from developer_node.watch.commits import read_commits
from developer_node.watch.ports import Entry, Memory, Record, event_of

COMMITS_MAX = 5_000
"""The newest; a patch comes with each."""
BATCH = 50
"""Commits in one event; their patches share a limit."""
_EVERY = ("--branches", "--tags", "--remotes")
"""Stashes are no history."""


@dataclass(frozen=True, slots=True)
class GitLog:
    """Imports the log of one repository."""

    home: Path
    record: Record
    memory: Memory
    redact: Callable[[str], str]
    clock: Clock

    async def run(self, path: Path) -> AsyncGenerator[ImportProgress]:
        """See Importing.run."""
        root = await asyncio.to_thread(find_root, path)
        if root is None:
            hint = "Name a directory of one: postdevai import git DIR"
            raise Invalid(f"{path} is in no git repository", field="path", hint=hint)
        name = await asyncio.to_thread(working_copy, self.home, root)
        shas, older = await asyncio.to_thread(_log, root)
        known = await self.memory.commits(name)
        new = [sha for sha in shas if sha not in known]
        at = ImportProgress("git", read=len(shas) - len(new), known=len(shas) - len(new))
        cut = 0
        for start in range(0, len(new), BATCH):
            part = new[start : start + BATCH]
            commits = await asyncio.to_thread(self._read, root, part)
            cut += sum(commit.cut for commit in commits)
            await self._tell(root, name, commits, first=start == 0)
            at = _further(at, len(part), len(commits))
            yield at
        yield _ended(at, older, cut)

    def _read(self, root: Path, shas: list[str]) -> list[Commit]:
        """Without what may not be recorded."""

        def withheld(path: str) -> bool:
            return not self._may_keep(root / path)

        return read_commits(root, shas, self.redact, withheld)

    def _may_keep(self, path: Path) -> bool:
        allowed = gate(self.home, path.parent, "").record
        return allowed and not settings_of(path.parent).ignores(path)

    async def _tell(
        self, root: Path, name: WorkingCopyId, commits: list[Commit], *, first: bool
    ) -> None:
        if not commits:
            return
        at_ms = max(commit.author_ms for commit in commits)
        body = GitOperation("other", message=IMPORTED_LOG, commits=tuple(commits))
        entries: list[Entry] = []
        if first and root not in await asyncio.to_thread(told_before, self.home):
            seen = await asyncio.to_thread(sighting, root)
            entries.append((event_of(seen, name, self.clock.now_ms()), {}))
        entries.append((event_of(body, name, at_ms), {}))
        await self.record(entries, news=False)


def _log(root: Path) -> tuple[list[str], int]:
    """The newest commits of every branch, oldest first, and how many older ones there are."""
    try:
        listed = text_of(git(root, ["rev-list", *_EVERY, f"--max-count={COMMITS_MAX}"])).split()
        total = int(text_of(git(root, ["rev-list", *_EVERY, "--count"])).strip() or 0)
    except Missing as error:
        raise Missing(f"{root} has no commits", hint="Nothing was imported.") from error
    if not listed:
        raise Missing(f"{root} has no commits", hint="Nothing was imported.")
    return listed[::-1], total - len(listed)


def _further(at: ImportProgress, read: int, recorded: int) -> ImportProgress:
    return ImportProgress(
        source="git",
        read=at.read + read,
        recorded=at.recorded + recorded,
        known=at.known,
        left_out=at.left_out + read - recorded,
    )


def _ended(at: ImportProgress, older: int, cut: int) -> ImportProgress:
    said = list(UNKNOWN["git"])
    if cut:
        said.append(f"Of {cut} commits the patch is not whole: too large, or not to be recorded.")
    if older:
        said.append(f"Only the newest {COMMITS_MAX} were imported; {older} older were left out.")
    return ImportProgress(
        source="git",
        read=at.read + older,
        recorded=at.recorded,
        known=at.known,
        left_out=at.left_out + older,
        finished=True,
        unknown=tuple(said),
    )
