"""The case of a fix in the git log: red is its parent with the fix's own tests, green the fix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from common.errors import Missing
from common.model.event import PathChange
from common.model.failure import Failure
from common.tests_by_name import belongs_to_tests
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.judging import Tried
from developer_node.proof.newness import brings, new_names, wanted
from developer_node.proof.prepared import About, Prepared
from developer_node.proof.runners import command_for
from developer_node.proof.shown import shown
from developer_node.proof.surroundings import usual
from developer_node.proof.trees import Tree
from developer_node.text.git import git, text_of

_GONE = "000000"


@dataclass(frozen=True, slots=True)
class MinedCase:
    """A commit that changes code together with tests."""

    root: Path
    commit: str
    parent: str
    changes: tuple[PathChange, ...]
    command: str
    hindrance: str = ""
    """Why it cannot be tried, known before anything is rebuilt."""

    @property
    def what(self) -> str:
        """For people."""
        return f"{self.parent[:8]}, the commit before {self.commit[:8]}"

    @property
    def about(self) -> About:
        """For the record."""
        return About("", self.command, self.commit)

    async def prepare(self, directory: Path) -> Prepared:
        """Both trees, from git alone; Hindrance when the tests cannot be run here."""
        if self.hindrance:
            raise Hindrance(self.hindrance)
        return await asyncio.to_thread(self._rebuild, directory)

    def _rebuild(self, directory: Path) -> Prepared:
        failing = Tree.of(self.root, directory / "failing")
        failing.read(self.parent)
        failing.apply([c for c in self.changes if belongs_to_tests(c.path)], {})
        mended = Tree.of(self.root, directory / "mended")
        mended.read(self.commit)
        sources = [c for c in self.changes if not belongs_to_tests(c.path)]
        return Prepared(
            failing=failing.files,
            mended=mended.files,
            root=self.root,
            cwd=self.root,
            command=self.command,
            paths=tuple(c.path for c in sources if c.new_git),
            surroundings=usual(self.root, self.root, os.environ),
            shown=shown(self.root, mended.entries()),
            choice=partial(self._choice, new_names(self.root, sources)),
        )

    def _choice(self, new: Collection[str], tried: Tried) -> Failure | str:
        """A failure of one of the fix's own tests, and not for want of what the fix brings."""
        if tried.stopped:
            return f"its tests did not come to an end: {tried.stopped}"
        own = {c.path for c in self.changes}
        found = tried.command.failures
        named = [f for f in found if f.test.partition("::")[0] in own] or list(found)
        told = [f for f in named if not wanted(f, new)]
        if named:
            return told[0] if told else brings(named[0], new)
        if any(tried.command.exit_codes):
            return (
                f"its tests end with exit code {tried.command.exit_codes[-1]}, for no known reason"
            )
        return "its tests pass on the commit before it too: they do not tell the fix"


def mined_case(root: Path, commit: str) -> MinedCase:
    """Missing when there is no such commit, or it has not one parent."""
    root = root.resolve()
    try:
        said = text_of(git(root, ["rev-list", "--parents", "-n", "1", commit, "--"])).split()
    except Missing as error:
        raise Missing(f"there is no commit {commit} in {root}", hint="See git log.") from error
    if len(said) != 2:
        raise Missing(f"{commit} has {len(said) - 1} parents: there is no one tree before it")
    sha, parent = said
    changes = _changes(root, parent, sha)
    tests = [c.path for c in changes if c.new_git and belongs_to_tests(c.path)]
    try:
        return MinedCase(root, sha, parent, changes, command_for(root, tests))
    except Hindrance as hindrance:
        return MinedCase(root, sha, parent, changes, "", hindrance.sentence)


def _changes(root: Path, parent: str, commit: str) -> tuple[PathChange, ...]:
    arguments = ["diff-tree", "-r", "-z", "--raw", "--no-renames", parent, commit]
    fields = text_of(git(root, arguments)).split("\0")[:-1]
    found: list[PathChange] = []
    for about, path in zip(fields[::2], fields[1::2], strict=True):
        before, after, old, new, _ = about[1:].split(" ")
        mode = "" if after in (before, _GONE) else after
        ids = (old if before != _GONE else "", new if after != _GONE else "")
        found.append(PathChange(path, *ids, mode=mode))
    return tuple(found)
