"""References besides HEAD: what tags, stashes, branches and remote branches did between two looks.

Shared by all worktrees of a repository, so that what one of them has told the others do not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from common.errors import Missing
from common.model.event import GitOperation, GitVerb
from developer_node.text.git import git, text_of
from developer_node.watch.content import shown

REFS_MAX = 10_000
"""With more references than this only HEAD is followed, and the state says so."""

REFS_TOLD_MAX = 50
"""More of one sort at once are told as one operation with their number."""

NAMED_MAX = 5

_FORMAT = "%(objectname)%00%(refname)%00%(symref)%00%(worktreepath)"
_KINDS = ("refs/heads", "refs/tags", "refs/remotes", "refs/stash")
_STASH = "refs/stash"


@dataclass(frozen=True, slots=True)
class Refs:
    """References by their whole name, with the object that each names."""

    named: dict[str, str] = field(default_factory=dict[str, str])
    held: tuple[str, ...] = ()
    """Branches that some worktree has checked out: it tells of them itself."""
    many: bool = False
    """There are too many to be followed."""

    def to_text(self) -> str:
        """As it is kept."""
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Refs | None:
        """None when nothing was kept."""
        if not text:
            return None
        kept = json.loads(text)
        return cls(kept["named"], tuple(kept["held"]), kept["many"])


@dataclass(frozen=True, slots=True)
class Moved:
    """What is told before and after the movements of HEAD of the same look."""

    before: tuple[GitOperation, ...] = ()
    after: tuple[GitOperation, ...] = ()


def read_refs(root: Path) -> Refs:
    """As they are now."""
    asked = ["for-each-ref", f"--count={REFS_MAX + 1}", f"--format={_FORMAT}", *_KINDS]
    lines = text_of(git(root, asked)).split("\n")
    rows = [row for line in lines if len(row := line.split("\0")) == 4]
    if len(rows) > REFS_MAX:
        return Refs(many=True)
    named = {shown(name): sha for sha, name, symbolic, _ in rows if not symbolic}
    return Refs(named, tuple(shown(name) for _, name, _, place in rows if place))


def moved(root: Path, old: Refs, new: Refs, told: Collection[str]) -> Moved:
    """What changed. `told` are commits to which HEAD moved meanwhile: that is told as such."""
    if old.many or new.many:
        return Moved()
    changes = [
        (name, old.named.get(name, ""), new.named.get(name, ""))
        for name in sorted(old.named.keys() | new.named.keys())
        if old.named.get(name) != new.named.get(name)
    ]
    before: list[GitOperation] = []
    after: list[GitOperation] = []
    remote = [change for change in changes if change[0].startswith("refs/remotes/")]
    for verb, found in _remote(root, remote).items():
        (after if verb == "push" else before).extend(_folded(verb, found))
    branches = [change for change in changes if change[0].startswith("refs/heads/")]
    born = [c for c in branches if not c[1]]
    other = [c for c in branches if c[1] and not _is_heads_own(c, {*old.held, *new.held}, told)]
    before += _folded("branch", [_of_branch(*change) for change in born])
    after += _folded("branch", [_of_branch(*change) for change in other])
    tags = [change for change in changes if change[0].startswith("refs/tags/")]
    after += _folded("tag", [_of_tag(*change) for change in tags])
    after += [_of_stash(root, a, b) for name, a, b in changes if name == _STASH]
    return Moved(tuple(before), tuple(after))


def _is_heads_own(
    change: tuple[str, str, str], held: Collection[str], told: Collection[str]
) -> bool:
    """A branch that moved because somebody worked on it."""
    name, _, new = change
    return bool(new) and (name in held or new in told)


def _folded(verb: GitVerb, found: Sequence[GitOperation]) -> Iterator[GitOperation]:
    """Many of one sort as one."""
    if len(found) <= REFS_TOLD_MAX:
        yield from found
        return
    names = ", ".join(operation.ref for operation in found[:NAMED_MAX])
    more = len(found) - NAMED_MAX
    yield GitOperation(verb, message=f"{verb}: {len(found)} references: {names} and {more:,} more")


def _of_branch(name: str, old: str, new: str) -> GitOperation:
    short = name.removeprefix("refs/heads/")
    did = "moved" if old and new else "created" if new else "deleted"
    return GitOperation("branch", old, new, short, f"branch: {did} {short}")


def _of_tag(name: str, old: str, new: str) -> GitOperation:
    did = "moved" if old and new else "created" if new else "deleted"
    return GitOperation("tag", old, new, name, f"tag: {did} {name.removeprefix('refs/tags/')}")


def _of_stash(root: Path, old: str, new: str) -> GitOperation:
    """A pop and a drop leave the same references."""
    below = _said(root, "rev-parse", "--verify", "--quiet", f"{_STASH}@{{1}}") if old else ""
    if new and (not old or below == old):
        return GitOperation("stash", old, new, _STASH, _message(root, _STASH) or "stash: pushed")
    return GitOperation("stash", old, new, _STASH, "stash: popped, dropped or cleared")


def _remote(
    root: Path, changes: Sequence[tuple[str, str, str]]
) -> dict[GitVerb, list[GitOperation]]:
    """Pushes and fetches, told apart by git's own words where it has kept any."""
    found: dict[GitVerb, list[GitOperation]] = {"fetch": [], "push": []}
    for number, (name, old, new) in enumerate(changes):
        said = _message(root, name) if new and number <= REFS_TOLD_MAX else ""
        verb: GitVerb = "push" if said == "update by push" else "fetch"
        if not new:
            said = f"{name.removeprefix('refs/remotes/')} is gone there"
        found[verb].append(GitOperation(verb, old, new, name, said))
    return found


def _message(root: Path, name: str) -> str:
    return shown(_said(root, "log", "-g", "--max-count=1", "--format=%gs", name, "--"))


def _said(root: Path, *arguments: str) -> str:
    try:
        return text_of(git(root, arguments)).strip()
    except Missing:
        return ""
