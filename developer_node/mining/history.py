"""Commits as the git log tells them, page by page, newest first, merges left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import Missing
from developer_node.text.git import git, text_of

COMMITS_MAX = 2000
PAGE = 100
_BEGIN, _BETWEEN, _END = "\x01", "\x02", "\x03"
_FORMAT = f"format:{_BEGIN}%H{_BETWEEN}%at{_BETWEEN}%ae{_BETWEEN}%s{_BETWEEN}%b{_END}"
_BODY_CHARACTERS_MAX = 4000


@dataclass(frozen=True, slots=True)
class Logged:
    """A commit with the paths that it changes."""

    sha: str
    author_ms: int
    email: str
    subject: str
    body: str
    paths: tuple[str, ...]
    deleted: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()


def commits(root: Path) -> list[str]:
    """Their ids, at most COMMITS_MAX; none where there is no commit yet. Those without a parent
    are left out: there is nothing that they could have mended."""
    arguments = ["rev-list", "--no-merges", "--min-parents=1", f"--max-count={COMMITS_MAX}", "HEAD"]
    try:
        return text_of(git(root, arguments)).split()
    except Missing:
        return []


def page(root: Path, wanted: Sequence[str]) -> list[Logged]:
    """What those commits changed."""
    arguments = ["log", "--no-walk=unsorted", "--stdin", "--no-renames", "--raw", "-z"]
    arguments += ["--diff-merges=off", f"--format={_FORMAT}"]
    said = git(root, arguments, stdin="".join(f"{sha}\n" for sha in wanted).encode())
    return parse(said.decode("utf-8", "replace"))


def parse(said: str) -> list[Logged]:
    """Reads git's answer; a commit whose message holds our marks is passed over."""
    found: list[Logged] = []
    for part in said.split(_BEGIN)[1:]:
        about, end, changes = part.partition(_END)
        fields = about.split(_BETWEEN)
        if end and len(fields) == 5 and fields[1].isdigit():
            found.append(_logged(fields, changes))
    return found


def own_email(root: Path) -> str:
    """Of the person, as git knows it here; empty when it does not."""
    try:
        return text_of(git(root, ["config", "user.email"])).strip()
    except Missing:
        return ""


def _logged(fields: list[str], changes: str) -> Logged:
    sha, seconds, email, subject, body = fields
    words = [word for word in changes.strip("\n").split("\0") if word]
    paths: list[str] = []
    deleted: set[str] = set()
    added: set[str] = set()
    for about, path in zip(words[::2], words[1::2], strict=False):
        paths.append(path)
        status = about.strip().rpartition(" ")[2]
        if status == "D":
            deleted.add(path)
        elif status == "A":
            added.add(path)
    kept = body.strip()[:_BODY_CHARACTERS_MAX]
    named = tuple(paths), frozenset(deleted), frozenset(added)
    return Logged(sha, int(seconds) * 1000, email, subject, kept, *named)
