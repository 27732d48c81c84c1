"""Commits: which files each of them changed, and into what.

A commit's changes are against its first parent. So they tell two things of each file: what it is
from this commit on, and what it was in the parent; where a commit is told whole, every other file
is in it as it is in the parent.
"""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from common.model.event import Commit, GitOperation, PathChange
from common.model.ids import ContentHash
from dragon_node.lake.code import renames
from dragon_node.lake.code.contents import free
from dragon_node.lake.code.told import Told

CONTENTS_A_FILE_MAX = 200
"""Of one path over all commits, the newest; that an older commit changed it is still known."""
CHANGES_TOLD_MAX = 1_000
"""Of one commit: with as many, there may be more that were not told."""

_Fact = tuple[str, str, bytes | None, bool, bool, int, int]


def told(db: apsw.Connection, told: Told, git: GitOperation) -> None:
    """Commits that have become reachable, oldest first."""
    for commit in git.commits:
        _cleaned(db, told, commit)
        if _new(db, told, commit):
            db.executemany(
                """INSERT INTO committed VALUES(?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET
                     content=coalesce(content, excluded.content),
                     changed=max(changed, excluded.changed)""",
                list(_facts(told, commit)),
            )
            for path in {change.path for change in commit.changes}:
                _drop_oldest(db, path)
            renames.committed(db, told, commit)


def _new(db: apsw.Connection, told: Told, commit: Commit) -> bool:
    whole = not commit.cut and len(commit.changes) < CHANGES_TOLD_MAX
    parent = commit.parents[0] if commit.parents else ""
    db.execute(
        "INSERT OR IGNORE INTO commits VALUES(?,?,?,?,?)",
        (commit.sha, parent, commit.author_ms, whole, told.lsn),
    )
    return db.changes() == 1


def _facts(told: Told, commit: Commit) -> Iterator[_Fact]:
    for change in commit.changes:
        yield (commit.sha, change.path, *_side(change, new=True), commit.author_ms, told.lsn)
        if commit.parents:
            before = _side(change, new=False)
            yield (commit.parents[0], change.path, *before, commit.author_ms, told.lsn)


def _side(change: PathChange, *, new: bool) -> tuple[bytes | None, bool, bool]:
    content = change.new_content if new else change.old_content
    absent = not (change.new_git if new else change.old_git)
    return _key(content), absent, new


def _key(content: ContentHash) -> bytes | None:
    return bytes.fromhex(content) or None


def _cleaned(db: apsw.Connection, told: Told, commit: Commit) -> None:
    """Versions on disk that are now committed."""
    rows = [
        (commit.sha, told.copy, change.path, change.new_git)
        for change in commit.changes
        if change.new_git
    ]
    for table in ("versions", "saves"):
        newest = "" if table == "versions" else "AND dirty"
        db.executemany(
            f"""UPDATE {table} SET dirty=0, commit_sha=?
                WHERE working_copy=? AND path=? AND git_blob=? {newest}""",
            rows,
        )


def _drop_oldest(db: apsw.Connection, path: str) -> None:
    rows = db.execute(
        """SELECT commit_sha, content FROM committed WHERE path=? AND content IS NOT NULL
           ORDER BY lsn DESC LIMIT -1 OFFSET ?""",
        (path, CONTENTS_A_FILE_MAX),
    ).fetchall()
    for commit, content in rows:
        db.execute(
            "UPDATE committed SET content=NULL WHERE commit_sha=? AND path=?", (commit, path)
        )
        free(db, content)
