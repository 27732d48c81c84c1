"""An operation of git's that stopped because two changes meet: which one, and in which files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from common.errors import Missing
from common.model.event import GitOperation
from developer_node.text.git import git, text_of
from developer_node.watch.content import shown

NAMED_MAX = 20
"""Files of a conflict that are named; the others are counted."""

_STATES = (
    ("rebase-merge", "rebase", "REBASE_HEAD"),
    ("rebase-apply", "rebase", "REBASE_HEAD"),
    ("CHERRY_PICK_HEAD", "cherry-pick", "CHERRY_PICK_HEAD"),
    ("REVERT_HEAD", "revert", "REVERT_HEAD"),
    ("MERGE_HEAD", "merge", "MERGE_HEAD"),
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Files that wait for a person."""

    during: str
    """Merge, rebase, cherry-pick or revert; empty for what leaves no trace, such as a stash."""
    other: str
    """The commit that could not be brought in."""
    files: tuple[str, ...]

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Conflict | None:
        """None when nothing was kept."""
        if not text:
            return None
        kept = json.loads(text)
        return cls(kept["during"], kept["other"], tuple(kept["files"]))

    def is_news_after(self, before: Conflict | None) -> bool:
        """Whether it is another one, not what is left of the one before."""
        if before is None or (self.during, self.other) != (before.during, before.other):
            return True
        return not set(self.files) <= set(before.files)

    def told(self, head: str, branch: str) -> GitOperation:
        """The event."""
        more = len(self.files) - NAMED_MAX
        names = ", ".join(self.files[:NAMED_MAX]) + (f" and {more:,} more" if more > 0 else "")
        of = f" of {self.other[:10]}" if self.other else ""
        message = f"{self.during or 'stash or checkout'}{of}: conflict in {names}"
        return GitOperation("conflict", head, head, branch, message)


def read_conflict(root: Path, directory: Path) -> Conflict | None:
    """What waits now in the working copy that has this directory of git's."""
    unmerged = text_of(git(root, ["ls-files", "--unmerged", "-z"])).split("\0")
    files = {shown(entry.partition("\t")[2]) for entry in unmerged if entry}
    if not files:
        return None
    for mark, during, other in _STATES:
        if (directory / mark).exists():
            return Conflict(during, _commit(root, other), tuple(sorted(files)))
    return Conflict("", "", tuple(sorted(files)))


def _commit(root: Path, name: str) -> str:
    try:
        return text_of(git(root, ["rev-parse", "--verify", "--quiet", name])).strip()
    except Missing:
        return ""
