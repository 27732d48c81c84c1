"""What happened on a developer's machine, as the laptop records it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from common.model.failure import Failure, ProofVerdict, TestReport
from common.model.ids import ContentHash, EventId, Fingerprint, WorkingCopyId

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
    "fetch",
    "push",
    "stash",
    "tag",
    "branch",
    "conflict",
    "clone",
    "other",
]
BESIDE_HEAD: frozenset[GitVerb] = frozenset({"fetch", "push", "stash", "tag", "branch", "conflict"})
"""Operations that leave HEAD where it is; `old` and `new` are those of the reference in `ref`."""
EventKind = Literal["working_copy", "file", "git", "command", "editor", "proof", "act"]
Recorder = Literal["", "run", "shell", "atuin", "bash", "zsh", "fish"]
"""Who told of a command; empty from before this was noted."""
IMPORTED_LOG = "imported from the git log"
"""The message of a git operation that tells of a log that was imported."""
ActVerb = Literal["drafted", "tried", "branched", "reverted", "refused"]
Autonomy = Literal["observer", "notifier", "advisor", "assistant", "pair programmer"]


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
    mode: str = ""
    """Git's mode after, such as 100755 or 120000; empty when as before or an ordinary file's."""


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
    dirty: tuple[PathChange, ...] = ()
    """How `tree` differs from HEAD's: together with `head` it can be rebuilt. At most 1,000."""


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
    recorder: Recorder = ""
    ci: bool = False
    """The variable CI was set."""
    run: EventId = EventId("")
    """Shared by the parts of a program that tells of itself while it runs; else empty."""
    running: bool = False
    """A part: the program still ran, so there are no exit codes yet."""


@dataclass(frozen=True, slots=True)
class EditorEvent:
    """An editor opened or saved a file, or reported a diagnostic."""

    action: Literal["open", "save", "diagnostic"]
    path: str
    line: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True)
class ProofFinished:
    """A remedy was tried again: the failing tree rebuilt, run, mended with it alone, run again."""

    remedy_id: str
    """Of the failure memory; empty for a fix that was found in the git log."""
    fingerprint: Fingerprint
    verdict: ProofVerdict
    reason: str = ""
    """Why it is not confirmed, in a sentence; empty when it is."""
    red: int = 0
    green: int = 0
    runs: int = 0
    """Runs that were wanted of each."""
    command: str = ""
    commit: str = ""
    """Of a mined fix."""
    test: str = ""
    sandbox: str = ""
    """What kept it from the network and from the person's files."""
    output: Output = Output()


@dataclass(frozen=True, slots=True)
class ActDone:
    """Something was done, or refused, in the owner's name, with its evidence."""

    level: Autonomy
    action: ActVerb
    remedy_id: str
    sentence: str
    """What was done and why, for people."""
    kind: str = ""
    """The class of acts that the owner allowed: code, dependency or environment."""
    worktree: str = ""
    branch: str = ""
    commit: str = ""
    command: str = ""
    exit_code: int = -1
    """Of the failing command there; -1 when it was not run."""
    files_before: ContentHash = ContentHash("")
    """Over the person's own files, by path and content, before the act and after it."""
    files_after: ContentHash = ContentHash("")
    reverts: EventId = EventId("")
    """The act that this one took back."""
    output: Output = Output()


Body = (
    WorkingCopySeen
    | FileChanged
    | GitOperation
    | CommandFinished
    | EditorEvent
    | ProofFinished
    | ActDone
)


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
        case ProofFinished():
            return "proof"
        case ActDone():
            return "act"


def is_imported(body: Body) -> bool:
    """Whether it comes out of somebody's records from before, and not from watching."""
    match body:
        case CommandFinished(recorder="atuin" | "bash" | "zsh" | "fish"):
            return True
        case GitOperation(operation="other", message=message):
            return message == IMPORTED_LOG
        case _:
            return False


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
            for change in (*ground.changes, *ground.dirty):
                found += [change.old_content, change.new_content]
        case _:
            pass
    return tuple(dict.fromkeys(h for h in found if h)) if found else ()
