"""What moved HEAD, read from its reflog, with the commits that each movement brought. Blocks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common.clock import Clock
from common.errors import Missing
from common.model.event import GitOperation
from developer_node.text.git import git, text_of
from developer_node.watch.commits import newly_reachable, read_commits
from developer_node.watch.content import shown
from developer_node.watch.head import head_commit
from developer_node.watch.privacy import Withheld, nothing_withheld
from developer_node.watch.reflog import Line, Place, Reflog, branch_after, verb_of

_LIVE_MS = 2_000

Dated = tuple[int, GitOperation]
"""An operation and when it happened."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Of one working copy. Used by one thread at a time."""

    root: Path
    redact: Callable[[str], str]
    clock: Clock
    withheld: Callable[[], Withheld] = lambda: nothing_withheld

    def end_of(self, reflog: Reflog) -> Place:
        """Where HEAD and its reflog stand now."""
        offset, last = reflog.end()
        return Place(offset, last, self._branch(), head_commit(self.root))

    def past(self, reflog: Reflog, place: Place, recorded: set[str]) -> GitOperation | None:
        """The recent past as one operation, so that a new listener knows where things stand."""
        shas = newly_reachable(self.root, "", place.head, recorded)
        if not shas:
            return None
        born = reflog.newest()
        cloned = born is not None and verb_of(born.message) == "clone"
        told = f"history before watching: the last {len(shas)} commits"
        return GitOperation(
            "clone" if cloned else "other",
            new=place.head,
            ref=place.branch,
            message=self.redact(born.message) if born is not None and cloned else told,
            commits=tuple(read_commits(self.root, shas, self.redact, self.withheld())),
        )

    def since(self, reflog: Reflog, place: Place, recorded: set[str]) -> tuple[list[Dated], Place]:
        """Every movement after a place, in order, and where it stands now."""
        lines, offset, last = reflog.read_on(place)
        now = replace(self.end_of(reflog), offset=offset, last=last)
        branch, head = place.branch, place.head
        branches = self._branches() if lines else frozenset[str]()
        operations: list[Dated] = []
        for line in lines:
            branch = branch_after(line.message, branch, branches)
            operations.append((self._when(line), self._operation(line, branch, recorded)))
            head = line.new
        if head != now.head and not lines:  # a reflog that is off or was rewritten
            unseen = Line(head, now.head, self.clock.now_ms(), "")
            operations.append((unseen.at_ms, self._operation(unseen, now.branch, recorded)))
        return operations, now

    def _operation(self, line: Line, branch: str, recorded: set[str]) -> GitOperation:
        """Commits that are reported here are not reported by the next operation."""
        shas = newly_reachable(self.root, line.old, line.new, recorded)
        recorded.update(shas)
        return GitOperation(
            verb_of(line.message),
            old=line.old,
            new=line.new,
            ref=branch,
            message=self.redact(line.message),
            commits=tuple(read_commits(self.root, shas, self.redact, self.withheld())),
        )

    def _when(self, line: Line) -> int:
        """Reflogs know whole seconds only, which would put a commit before what led to it."""
        now_ms = self.clock.now_ms()
        return now_ms if 0 <= now_ms - line.at_ms < _LIVE_MS else line.at_ms

    def _branch(self) -> str:
        try:
            said = git(self.root, ["symbolic-ref", "--short", "--quiet", "HEAD"])
        except Missing:
            return ""
        return shown(text_of(said).strip())

    def _branches(self) -> frozenset[str]:
        listed = git(self.root, ["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"])
        return frozenset(shown(name) for name in text_of(listed).splitlines())
