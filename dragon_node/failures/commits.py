"""Commits as they were seen being made, and which of them are still on a branch."""

from __future__ import annotations

import zlib

import apsw

from common.model.event import Commit, Event, GitOperation
from dragon_node.failures.outside import touched
from dragon_node.lake.records import Accepted

_MAKES = frozenset(("commit", "amend", "merge", "rebase", "cherry-pick", "revert"))
"""Operations whose new commits were made then and there; a pull brings older ones too."""

_MOVES_BACK = frozenset(("amend", "reset", "rebase"))
"""Operations that take commits off a branch."""

_REFERENCES = frozenset(("branch", "tag", "fetch", "push"))
"""Operations on one reference; without a new commit it is deleted."""

_ANCESTORS_MAX = 10_000


def apply(db: apsw.Connection, record: Accepted, event: Event, moved: GitOperation) -> None:
    """Keeps new commits, moves the branch's head, and marks what no branch leads to any more."""
    for commit in moved.commits:
        _keep(db, record.project, event.at_ms, moved.operation in _MAKES, commit)
    if not moved.new:
        _deleted(db, record.project, event.working_copy, moved)
        return
    db.execute(
        "INSERT OR REPLACE INTO heads VALUES (?,?,?,?)",
        (event.working_copy, moved.ref, record.project, moved.new),
    )
    touched(db, record.lsn, event.working_copy, record.project_name, moved.new[:7])
    if moved.operation in _MOVES_BACK and moved.old:
        _let_go(db, record.project, moved.old)
    if lost := _gone(db, record.project):
        back = lost & ancestors(db, record.project, moved.new)
        _mark(db, record.project, back, gone=False)


def _keep(db: apsw.Connection, project: str, seen_ms: int, made: bool, commit: Commit) -> None:
    db.execute(
        "INSERT OR IGNORE INTO commits VALUES (?,?,?,?,?,0,?)",
        (
            *(project, commit.sha, commit.subject),
            seen_ms if made else commit.author_ms,
            made,
            zlib.compress(commit.patch.encode("utf-8", "surrogateescape")),
        ),
    )
    db.executemany(
        "INSERT OR IGNORE INTO commit_parents VALUES (?,?,?)",
        [(project, commit.sha, parent) for parent in commit.parents],
    )
    db.executemany(
        "INSERT OR IGNORE INTO commit_paths VALUES (?,?,?,?,?)",
        [(project, c.path, commit.sha, c.old_git, c.new_git) for c in commit.changes],
    )


def _deleted(db: apsw.Connection, project: str, wc: str, moved: GitOperation) -> None:
    """A reference of this working copy leads nowhere any more; another clone may have its own."""
    if moved.operation not in _REFERENCES or not (moved.ref and moved.old):
        return
    db.execute(
        "DELETE FROM heads WHERE wc=? AND ref IN (?,?)",
        (wc, moved.ref, f"refs/heads/{moved.ref}"),
    )
    _let_go(db, project, moved.old)


def _gone(db: apsw.Connection, project: str) -> set[str]:
    rows = db.execute(  # by its name: SQLite takes the primary key for the better index
        "SELECT sha FROM commits INDEXED BY commits_gone WHERE project=? AND gone", (project,)
    )
    return {str(sha) for (sha,) in rows}


def _let_go(db: apsw.Connection, project: str, old: str) -> None:
    held: set[str] = set()
    for (sha,) in db.execute("SELECT DISTINCT sha FROM heads WHERE project=?", (project,)):
        held |= ancestors(db, project, str(sha))
    _mark(db, project, ancestors(db, project, old) - held, gone=True)


def _mark(db: apsw.Connection, project: str, shas: set[str], *, gone: bool) -> None:
    db.executemany(
        "UPDATE commits SET gone=? WHERE project=? AND sha=? AND gone<>?",
        [(gone, project, sha, gone) for sha in sorted(shas)],
    )


def ancestors(db: apsw.Connection, project: str, sha: str) -> set[str]:
    """As far as they were seen, the commit itself included."""
    rows = db.execute(  # CROSS: otherwise every step may look at all commits of the project
        """WITH RECURSIVE up(sha) AS (
             SELECT ? UNION
             SELECT parent FROM up CROSS JOIN commit_parents p ON p.project=? AND p.sha=up.sha
           ) SELECT sha FROM up LIMIT ?""",
        (sha, project, _ANCESTORS_MAX),
    )
    return {str(row[0]) for row in rows}
