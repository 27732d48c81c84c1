"""Files that live on under another name, told by equal content: nothing is guessed.

A commit that takes a file away and brings the same one elsewhere has renamed it; so has a person
who does that on disk within a minute. Where several could be meant, the one whose path ends most
alike is; where that does not decide, none is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile

import apsw

from common.model.event import Commit, FileChanged
from dragon_node.lake.code.told import Told

MOVED_WITHIN_MS = 60_000
"""Between the two halves of a move on disk, which arrive in either order."""
ALIKE_MAX = 32
"""Files of the same content; where there are more, none is the one."""
EMPTY_GIT = frozenset(
    {
        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
        "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
    }
)
"""Git's names of the empty file: all empty files are alike."""


def committed(db: apsw.Connection, told: Told, commit: Commit) -> None:
    """Renames in a commit."""
    gone: defaultdict[str, list[str]] = defaultdict(list)
    come: defaultdict[str, list[str]] = defaultdict(list)
    for change in commit.changes:
        if not change.new_git:
            gone[change.old_git].append(change.path)
        elif not change.old_git:
            come[change.new_git].append(change.path)
    for same in sorted((gone.keys() & come.keys()) - EMPTY_GIT):
        for old, new in pairs(gone[same], come[same]):
            _add(db, old, new, commit.sha, commit.author_ms, told.lsn)


def on_disk(db: apsw.Connection, told: Told, file: FileChanged) -> None:
    """Called before a file that has gone or come is among the saves."""
    if file.deleted:
        last = db.execute(
            """SELECT content, git_blob, size FROM saves WHERE path=? AND working_copy=?
               AND NOT deleted ORDER BY id DESC LIMIT 1""",
            (file.path, told.copy),
        ).fetchone()
        if last is not None and last[0] is not None and last[2]:
            new = _only(file.path, _come_lately(db, told, file.path, last[0], last[1]))
            if new:
                _add(db, file.path, new, "", told.at_ms, told.lsn)
    elif file.content and file.size:
        old = _only(file.path, _gone_lately(db, told, file))
        if old:
            _add(db, old, file.path, "", told.at_ms, told.lsn)


def pairs(gone: Sequence[str], come: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Old and new names of equal files, where it is clear which became which."""
    for new in come:
        old = _only(new, gone)
        if old and _only(old, come) == new:
            yield old, new


def _only(path: str, others: Sequence[str]) -> str:
    """The one that ends most like `path`; empty when two do."""
    ranked = sorted(others, key=lambda other: _alike(path, other), reverse=True)
    if len(ranked) > 1 and _alike(path, ranked[0]) == _alike(path, ranked[1]):
        return ""
    return ranked[0] if ranked else ""


def _alike(one: str, other: str) -> int:
    """How many names at the end of two paths are equal."""
    both = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda names: names[0] == names[1], both))


def _come_lately(
    db: apsw.Connection, told: Told, path: str, content: bytes, git_blob: str
) -> list[str]:
    """Files of that content which were first saved just before."""
    rows = db.execute(
        """SELECT DISTINCT path FROM saves WHERE content=? AND git_blob=? AND working_copy=?
           AND path<>? AND at_ms>=? AND NOT EXISTS(
             SELECT 1 FROM saves AS earlier WHERE earlier.path=saves.path
             AND earlier.working_copy=saves.working_copy AND earlier.id=(
               SELECT max(id) FROM saves AS any WHERE any.path=saves.path
               AND any.working_copy=saves.working_copy AND any.id<saves.id)
             AND NOT earlier.deleted) LIMIT ?""",
        (content, git_blob, told.copy, path, told.at_ms - MOVED_WITHIN_MS, ALIKE_MAX + 1),
    ).fetchall()
    return [row[0] for row in rows] if len(rows) <= ALIKE_MAX else []


def _gone_lately(db: apsw.Connection, told: Told, file: FileChanged) -> list[str]:
    """Files of that content which were deleted just before."""
    rows = db.execute(
        """SELECT DISTINCT path FROM saves WHERE content=? AND git_blob=? AND working_copy=?
           AND path<>? LIMIT ?""",
        (bytes.fromhex(file.content), file.git_blob, told.copy, file.path, ALIKE_MAX + 1),
    ).fetchall()
    if len(rows) > ALIKE_MAX:
        return []
    return [path for (path,) in rows if _was_last(db, told, path, bytes.fromhex(file.content))]


def _was_last(db: apsw.Connection, told: Told, path: str, content: bytes) -> bool:
    last = db.execute(
        """SELECT content, deleted, at_ms FROM saves WHERE path=? AND working_copy=?
           ORDER BY id DESC LIMIT 2""",
        (path, told.copy),
    ).fetchall()
    return (
        len(last) == 2
        and bool(last[0][1])
        and last[0][2] >= told.at_ms - MOVED_WITHIN_MS
        and last[1][0] == content
    )


def _add(db: apsw.Connection, old: str, new: str, commit: str, at_ms: int, lsn: int) -> None:
    db.execute("INSERT INTO renames VALUES(NULL,?,?,?,?,?)", (old, new, commit, at_ms, lsn))
