"""What happened on a developer's machine, as the laptop records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.model.failure import Failure, TestReport
from common.model.ids import ContentHash, EventId, WorkingCopyId

GitVerb = Literal[
    "commit",
    "amend",
    "checkout",
    "merge",
    "reset",
    "rebase",
    "cherry-pick",
    "revert",
    "pull",
    "other",
]
EventKind = Literal["working_copy", "file", "git", "command", "editor"]


@dataclass(frozen=True, slots=True)
class WorkingCopySeen:
    """The evidence from which the Dragon decides which project a working copy belongs to."""

    path: str
    machine: str
    """Host name, for people."""
    remotes: tuple[str, ...] = ()
    """Normalised (host/owner/name); remotes that are local paths are left out."""
    roots: tuple[str, ...] = ()
    """Root commits reachable from HEAD; empty without commits or in a shallow clone."""
    shallow: bool = False
    head: str = ""
    branch: str = ""
    files: int = -1
    """Files to be kept; -1 before the first scan has ended."""
    anew: bool = False
    """What was told before is not known any more: every file that is there follows, and others
    are gone with the next report that counts the files."""


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A file was saved or deleted. The content travels as a blob."""

    path: str
    deleted: bool = False
    content: ContentHash = ContentHash("")
    git_blob: str = ""
    """Git's object id of the content on disk (before redaction)."""
    size: int = 0
    skipped: str = ""
    """Why no content is kept; empty when it is."""
    head: str = ""
    dirty: bool = False
    """Differs from HEAD, or HEAD has no such file."""


@dataclass(frozen=True, slots=True)
class PathChange:
    """A path before and after; an empty id on one side means that it was not there."""

    path: str
    old_git: str = ""
    new_git: str = ""
    old_content: ContentHash = ContentHash("")
    new_content: ContentHash = ContentHash("")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, as much of it as the failure memory needs."""

    sha: str
    parents: tuple[str, ...]
    author_ms: int
    subject: str
    changes: tuple[PathChange, ...] = ()
    """Against the first parent, at most 1,000."""
    patch: str = ""
    """Redacted, at most 256 KiB."""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class GitOperation:
    """Git moved a reference."""

    operation: GitVerb
    old: str = ""
    new: str = ""
    ref: str = ""
    message: str = ""
    """Git's own reflog message."""
    commits: tuple[Commit, ...] = ()
    """Newly reachable, oldest first, at most 200."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a command printed, redacted, head and tail kept."""

    text: str = ""
    bytes_total: int = 0
    bytes_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What a run stood on: enough to tell what changed between two runs."""

    head: str = ""
    branch: str = ""
    tree: str = ""
    """Git tree id of the files as they were on disk when the command started."""
    tree_after: str = ""
    previous_tree: str = ""
    """Tree of the run recorded before this one here; empty when there is none."""
    changes: tuple[PathChange, ...] = ()
    """Between previous_tree and tree."""
    lock_hash: str = ""
    interpreter: str = ""
    packages: ContentHash = ContentHash("")
    """Blob: one "name==version" a line, sorted."""
    variables: ContentHash = ContentHash("")
    """Blob: one "NAME=hash of value" a line, sorted."""
    cut: tuple[str, ...] = ()
    """What was left out and why, in words."""
    unnamed: int = 0
    """How many more files changed than are named in `changes`."""


@dataclass(frozen=True, slots=True)
class CommandFinished:
    """A recorded command ended."""

    command: str
    cwd: str
    exit_codes: tuple[int, ...]
    duration_ms: int
    output: Output = Output()
    ground: Ground | None = None
    failures: tuple[Failure, ...] = ()
    tests: TestReport | None = None


@dataclass(frozen=True, slots=True)
class EditorEvent:
    """An editor opened or saved a file, or reported a diagnostic."""

    action: Literal["open", "save", "diagnostic"]
    path: str
    line: int = 0
    message: str = ""


Body = WorkingCopySeen | FileChanged | GitOperation | CommandFinished | EditorEvent


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Made once on the laptop, never changed afterwards."""

    id: EventId
    at_ms: int
    """Milliseconds since 1970 UTC, by the laptop's clock."""
    working_copy: WorkingCopyId
    """Empty outside any."""
    body: Body


def kind_of(body: Body) -> EventKind:
    """The word that people and filters use for this sort of event."""
    match body:
        case WorkingCopySeen():
            return "working_copy"
        case FileChanged():
            return "file"
        case GitOperation():
            return "git"
        case CommandFinished():
            return "command"
        case EditorEvent():
            return "editor"


def content_hashes(body: Body) -> tuple[ContentHash, ...]:
    """Every blob that a body refers to, without repeats, in order."""
    found: list[ContentHash] = []
    match body:
        case FileChanged(content=content):
            found.append(content)
        case GitOperation(commits=commits):
            for commit in commits:
                for change in commit.changes:
                    found += [change.old_content, change.new_content]
        case CommandFinished(ground=Ground() as ground):
            found += [ground.packages, ground.variables]
            for change in ground.changes:
                found += [change.old_content, change.new_content]
        case _:
            pass
    return tuple(dict.fromkeys(h for h in found if h)) if found else ()
