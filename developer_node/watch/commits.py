"""Commits with what they changed, read from git within limits."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import Missing, Unavailable
from common.model.event import Commit, PathChange
from developer_node.text.git import git, git_environment, text_of
from developer_node.watch.content import shown
from developer_node.watch.privacy import Withheld, nothing_withheld

COMMITS_MAX = 200
CHANGES_MAX = 1_000
PATCH_BYTES_MAX = 256 << 10
EVENT_PATCH_BYTES_MAX = 1 << 20
"""Patches of all commits of one operation; the newest commits get theirs first."""
EVENT_CHANGES_MAX = 10_000
PRIVATE_MAX = 500
"""Files that are withheld of one commit; with more of them no patch of it is kept."""

_PATCH = (
    "diff-tree",
    "-p",
    "--root",
    "--no-commit-id",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--diff-merges=first-parent",
)
_LOG = (
    "log",
    "--no-walk=unsorted",
    "--stdin",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--diff-merges=first-parent",
    "--format=%x01%H%x00%P%x00%at%x00%s",
)

_RECORD = re.compile(r"(?:^|(?<=\0))\x01(?=[0-9a-f]{40,64}\0)")


@dataclass(slots=True)
class _Budget:
    patch_bytes: int = EVENT_PATCH_BYTES_MAX
    changes: int = EVENT_CHANGES_MAX


def newly_reachable(root: Path, old: str, new: str, recorded: Collection[str]) -> list[str]:
    """Commits reachable from `new` and not from `old`, less those recorded; oldest first."""
    if not new:
        return []
    arguments = ["rev-list", f"--max-count={COMMITS_MAX}", new]
    for excluded in ([f"^{old}"] if old else [], []):
        try:
            listed = text_of(git(root, [*arguments, *excluded, "--"])).split()
        except Missing:  # the old commit was pruned, or the new one is gone
            continue
        return [sha for sha in reversed(listed) if sha not in recorded]
    return []


def read_commits(
    root: Path,
    shas: Sequence[str],
    redact: Callable[[str], str],
    withheld: Withheld = nothing_withheld,
) -> list[Commit]:
    """The commits in the order given; those that are gone are left out, and so is what is
    withheld of the others."""
    if not shas:
        return []
    found = {commit.sha: commit for commit in _logged(root, shas)}
    budget = _Budget()
    whole: list[Commit] = []
    for sha in reversed(shas):  # the newest first: they are the likely remedies
        if commit := found.get(sha):
            whole.append(_within(root, commit, budget, redact, withheld))
    return whole[::-1]


def _logged(root: Path, shas: Sequence[str]) -> Iterator[Commit]:
    settings = ["-c", "log.showRoot=true", "-c", "log.showSignature=false"]
    try:
        output = git(root, [*settings, *_LOG], stdin="\n".join(shas).encode() + b"\n")
    except Missing:
        if len(shas) == 1:
            return
        for sha in shas:  # one of them is gone
            yield from _logged(root, [sha])
        return
    for record in _RECORD.split(text_of(output))[1:]:
        yield _commit(record)


def _commit(record: str) -> Commit:
    sha, parents, author_s, subject, *rest = record.split("\0")
    return Commit(
        sha=sha.strip(),
        parents=tuple(parents.split()),
        author_ms=int(author_s) * 1000 if author_s.lstrip("-").isdigit() else 0,
        subject=shown(subject.partition("\n")[0]),
        changes=tuple(_changes(rest)),
    )


def _changes(fields: Sequence[str]) -> Iterator[PathChange]:
    pairs = [field for field in fields if field]
    for raw, path in zip(pairs[0::2], pairs[1::2], strict=False):
        if (words := raw.lstrip("\n")).startswith(":"):
            _, _, old, new, _ = words[1:].split(" ", 4)
            yield PathChange(shown(path), _id(old), _id(new))


def _within(
    root: Path,
    commit: Commit,
    budget: _Budget,
    redact: Callable[[str], str],
    withheld: Withheld,
) -> Commit:
    private = [change.path for change in commit.changes if withheld(change.path)]
    open_ones = [change for change in commit.changes if change.path not in set(private)]
    changes = tuple(open_ones[: min(CHANGES_MAX, budget.changes)])
    budget.changes -= len(changes)
    allowed = min(PATCH_BYTES_MAX, budget.patch_bytes) if len(private) <= PRIVATE_MAX else 0
    patch, cut = _patch(root, commit.sha, allowed, private) if allowed else ("", bool(changes))
    patch = redact(patch)
    if len(patch.encode()) > allowed:  # placeholders may be longer than what they hide
        patch, cut = patch.encode()[:allowed].decode("utf-8", "ignore"), True
    budget.patch_bytes -= len(patch.encode())
    cut = cut or len(changes) < len(commit.changes)
    return replace(commit, subject=redact(commit.subject), changes=changes, patch=patch, cut=cut)


def _patch(root: Path, sha: str, limit: int, without: Sequence[str]) -> tuple[str, bool]:
    """As much of the patch as is allowed, in whole lines; git is ended when there is more."""
    command = ["git", "-C", os.fspath(root), *_PATCH, sha]
    if without:
        command += ["--", ".", *(f":(top,exclude,literal){path}" for path in without)]
    try:
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=git_environment(),
        ) as running:
            assert running.stdout is not None
            data = running.stdout.read(limit + 1)
            running.kill()
    except FileNotFoundError as error:
        raise Unavailable("git is not installed", hint="install git") from error
    cut = len(data) > limit
    if cut:
        data = data[: data.rfind(b"\n", 0, limit) + 1]
    return data.decode("utf-8", "replace"), cut


def _id(text: str) -> str:
    return "" if set(text) == {"0"} else text
