"""The commit is a label of a remedy, found afterwards and only when it is shown. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from common.model.event import PathChange
from dragon_node.failures.changes import only_mode
from dragon_node.failures.diffs import Lines

_BY_REVERTING = "made to pass by reverting"
UNCOMMITTED = "uncommitted"
GONE = "commit gone, diff kept"
_CLOCK_SLACK_MS = 1000
"""Git's times are in whole seconds."""
_LINE_CHARS_MIN = 4
"""A remedy whose every line is shorter (`)`, `}`) is found by content only."""


@dataclass(frozen=True, slots=True)
class KnownCommit:
    """A commit that touches a path of the remedy."""

    sha: str
    subject: str
    at_ms: int
    gone: bool
    """No branch leads to it any more."""
    before: bool
    """An ancestor of the failing run's HEAD: it was there when it failed."""
    changes: Mapping[str, tuple[str, str]]
    """Old and new git id by path."""
    patch: Mapping[str, Lines]

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.sha[:7]} {self.subject}".strip()


@dataclass(frozen=True, slots=True)
class Label:
    """What a remedy is called."""

    text: str
    commit: str = ""
    """Set only when one commit carries all of the remedy."""


def label(
    related: Sequence[PathChange],
    lines: Mapping[str, Lines],
    commits: Sequence[KnownCommit],
    failed_at_ms: int,
) -> Label:
    """The commit that carries every path of the remedy, or words for why there is none.

    A commit carries a path when it leaves the file as the passing run had it, or when its patch
    holds the lines that the remedy added (removed, if it added none). Where HEAD had the file so
    when it failed, the remedy took an uncommitted edit back, and all its lines count, also those
    that it removed: a commit that leaves it so again mended something else.
    """
    stood = {p.path for p in related if _stood(commits, p)}
    later = [c for c in commits if not c.before and c.at_ms >= failed_at_ms - _CLOCK_SLACK_MS]
    carried = {
        c.sha: {p.path for p in related if _carries(c, p, lines, stood=p.path in stood)}
        for c in later
    }
    exact = {c.sha: sum(_leaves_so(c, p) for p in related) for c in later}
    whole = [c for c in later if len(carried[c.sha]) == len(related)]
    present = sorted(
        (c for c in whole if not c.gone), key=lambda c: (-exact[c.sha], c.at_ms, c.sha)
    )
    gone = [c for c in whole if c.gone]
    undone = _undone(related, lines, commits)
    if present:
        return Label(_present(present[0], related, later, gone, undone), present[0].sha)
    parts = [c for c in later if carried[c.sha] and not c.gone]
    if parts:
        return Label(_parts(parts, carried, related))
    if gone:
        return Label(GONE)
    if undone:
        return Label(f"{UNCOMMITTED}, {_BY_REVERTING} {undone}")
    known = not any(only_mode(p) for p in related)
    stands = [c for c in commits if known and c.before and all(_leaves_so(c, p) for p in related)]
    if stands:
        newest = max(stands, key=lambda c: (c.at_ms, c.sha))
        return Label(f"an uncommitted edit undone, back to {newest.name}")
    return Label(UNCOMMITTED)


def _present(
    chosen: KnownCommit,
    related: Sequence[PathChange],
    later: Sequence[KnownCommit],
    gone: Sequence[KnownCommit],
    undone: str,
) -> str:
    notes: list[str] = []
    if gone:
        notes.append(f"was {gone[0].sha[:7]}")
    if undone:
        notes.append(f"{_BY_REVERTING if _is_revert(chosen) else 'takes back'} {undone}")
    back = [c for c in later if not c.gone and any(_reverts(c, p) for p in related)]
    if back:
        how = "reverted" if _is_revert(back[-1]) else "taken back"
        part = "" if all(_reverts(back[-1], p) for p in related) else "partly "
        notes.append(f"{part}{how} by {back[-1].sha[:7]}")
    return f"{chosen.name} ({'; '.join(notes)})" if notes else chosen.name


def _is_revert(commit: KnownCommit) -> bool:
    """Whether `git revert` made it, as the subject says that it writes."""
    return commit.subject.startswith(('Revert "', 'Reapply "'))


def _undone(
    related: Sequence[PathChange], lines: Mapping[str, Lines], commits: Sequence[KnownCommit]
) -> str:
    """Which commit was taken back, when every path of the remedy is the inverse of what it did."""
    undone = [c for c in commits if c.before and all(_undoes(c, p, lines) for p in related)]
    if not undone:
        return ""
    newest = max(undone, key=lambda c: (c.at_ms, c.sha))
    part = "" if newest.changes.keys() <= {p.path for p in related} else "part of "
    return f"{part}{newest.name}"


def _undoes(commit: KnownCommit, path: PathChange, lines: Mapping[str, Lines]) -> bool:
    if _reverts(commit, path):
        return True
    ours, theirs = lines.get(path.path), commit.patch.get(path.path)
    if ours is None or theirs is None or not (ours.added or ours.removed):
        return False
    if ours.added == ours.removed:  # lines that moved: where to, they do not tell
        return False
    telling = any(len(line) >= _LINE_CHARS_MIN for line in (*ours.added, *ours.removed))
    return telling and (ours.added, ours.removed) == (theirs.removed, theirs.added)


def _parts(
    parts: Sequence[KnownCommit],
    carried: Mapping[str, set[str]],
    related: Sequence[PathChange],
) -> str:
    together: set[str] = set()
    for commit in parts:
        together |= carried[commit.sha]
    named = "; ".join(c.name for c in parts[:3])
    if len(together) == len(related):
        return f"in {len(parts)} commits: {named}"
    return f"partly {UNCOMMITTED}; partly in {named}"


def _leaves_so(commit: KnownCommit, path: PathChange) -> bool:
    sides = commit.changes.get(path.path)
    if only_mode(path):  # git tells of one as a change between equal contents
        return sides == (path.old_git, path.new_git)
    return sides is not None and sides[1] == path.new_git


def _reverts(commit: KnownCommit, path: PathChange) -> bool:
    sides = (path.new_git, path.old_git)
    return not only_mode(path) and commit.changes.get(path.path) == sides


def _stood(commits: Sequence[KnownCommit], path: PathChange) -> bool:
    """Whether the failing run's HEAD held the path as the remedy leaves it: a commit brought it,
    and none changed it from there."""
    before = [c.changes[path.path] for c in commits if c.before and path.path in c.changes]
    brought = any(new == path.new_git for _, new in before)
    return brought and not only_mode(path) and all(old != path.new_git for old, _ in before)


def _carries(
    commit: KnownCommit, path: PathChange, lines: Mapping[str, Lines], *, stood: bool
) -> bool:
    if _leaves_so(commit, path) and not stood:
        return True
    wanted, found = lines.get(path.path), commit.patch.get(path.path)
    if wanted is None or found is None:
        return False
    ours, theirs = (wanted.added, found.added) if wanted.added else (wanted.removed, found.removed)
    if stood and not wanted.removed <= found.removed:
        return False
    return any(len(line) >= _LINE_CHARS_MIN for line in ours) and ours <= theirs
