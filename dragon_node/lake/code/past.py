"""Files as they were: earlier versions by time, by commit, and under earlier names."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, dropwhile, takewhile
from typing import Any

import apsw

from common.model.ids import ContentHash

COMMITS_WALKED_MAX = 10_000
"""From the commit that was asked for to one that is known to hold the file or not."""
_ALWAYS = 1 << 62


@dataclass(frozen=True, slots=True)
class FileVersion:
    """A file as it was once."""

    path: str
    content: ContentHash
    """Empty when it was deleted, or when its content is not kept."""
    at_ms: int
    """Saved then; of a version known from a commit alone, when that was authored."""
    lsn: int
    working_copy: str = ""
    """Path on the laptop; empty when it is known from a commit alone."""
    commit: str = ""
    dirty: bool = False
    """It differs from that commit."""
    deleted: bool = False


def file_versions(db: apsw.Connection, path: str, limit: int = 100) -> list[FileVersion]:
    """Saved and committed versions of a path, newest first; a deletion is one too."""
    return _versions(db, path, _ALWAYS, limit)


def history_of(db: apsw.Connection, path: str, limit: int = 100) -> list[FileVersion]:
    """Versions of the file that lies under a path now or did last, under earlier names as well."""
    found: list[FileVersion] = []
    below, upto = _ALWAYS, _ALWAYS
    while len(found) < limit:
        row = db.execute(
            """SELECT id, old_path, lsn FROM renames WHERE new_path=? AND id<? AND lsn<=?
               ORDER BY id DESC LIMIT 1""",
            (path, below, upto),
        ).fetchone()
        versions = _versions(db, path, upto, limit)
        found += _life(versions, earlier_name=below < _ALWAYS, begins=row is not None)
        if row is None:
            break
        below, path, upto = row
    return found[:limit]


def content_at(
    db: apsw.Connection, path: str, *, commit: str = "", at_ms: int = 0, working_copy: str = ""
) -> FileVersion | None:
    """The file in a commit, or as it was on disk at a time; None when that is not known.

    `working_copy` is an id or a path on the laptop, for a time; empty for the newest of all."""
    if commit:
        return _in_commit(db, path, _whole_name(db, commit))
    row = db.execute(
        f"""{_SAVES}
            WHERE saves.path=?1 AND at_ms<=?2 AND (?3='' OR working_copy=?3 OR copies.path=?3)
            ORDER BY at_ms DESC, id DESC LIMIT 1""",
        (path, at_ms, working_copy),
    ).fetchone()
    return None if row is None else _version(row)


_SAVES = """SELECT saves.path, content, at_ms, lsn, coalesce(copies.path, ''), commit_sha, dirty,
              deleted FROM saves LEFT JOIN copies USING(working_copy)"""
_COMMITTED = "SELECT path, content, at_ms, lsn, '', commit_sha, 0, absent FROM committed"


def _version(row: tuple[Any, ...]) -> FileVersion:
    path, content, at_ms, lsn, copy, commit, dirty, deleted = row
    key = ContentHash((content or b"").hex())
    return FileVersion(path, key, at_ms, lsn, copy, commit, bool(dirty), bool(deleted))


def _versions(db: apsw.Connection, path: str, upto: int, limit: int) -> list[FileVersion]:
    bindings = (path, upto, limit)
    saved = db.execute(f"{_SAVES} WHERE saves.path=? AND lsn<=? ORDER BY id DESC LIMIT ?", bindings)
    versions = [_version(row) for row in saved]
    known = {(version.commit, version.content) for version in versions if not version.dirty}
    committed = db.execute(
        f"{_COMMITTED} WHERE path=? AND lsn<=? AND changed ORDER BY lsn DESC LIMIT ?", bindings
    )
    versions += [v for v in map(_version, committed) if (v.commit, v.content) not in known]
    return sorted(versions, key=lambda v: (v.at_ms, v.lsn), reverse=True)[:limit]


def _life(versions: list[FileVersion], *, earlier_name: bool, begins: bool) -> list[FileVersion]:
    """Versions of one name: without the deletion that was the move, and of one file only."""
    life = list(dropwhile(_is_deleted, versions)) if earlier_name else versions
    if not begins:
        return life
    deletions = list(takewhile(_is_deleted, life))
    return deletions + list(takewhile(lambda v: not v.deleted, life[len(deletions) :]))


def _is_deleted(version: FileVersion) -> bool:
    return version.deleted


def _in_commit(db: apsw.Connection, path: str, commit: str) -> FileVersion | None:
    """As the nearest commit tells it from which on, or up to which, nobody has changed it."""
    for near in chain(_back(db, commit), _forth(db, commit)):
        found = _told(db, path, near)
        if found is not None:
            return replace(found, commit=commit)
    return None


def _told(db: apsw.Connection, path: str, commit: str) -> FileVersion | None:
    """What is known of a file in a commit without looking at others."""
    row = db.execute(f"{_COMMITTED} WHERE path=? AND commit_sha=?", (path, commit)).fetchone()
    if row is None:
        row = db.execute(
            f"{_SAVES} WHERE saves.path=? AND commit_sha=? AND NOT dirty AND NOT deleted",
            (path, commit),
        ).fetchone()
    if row is None and _is_root(db, commit):
        row = (path, None, 0, 0, "", commit, 0, 1)
    return None if row is None else _version(row)


def _is_root(db: apsw.Connection, commit: str) -> bool:
    """A first commit that was told whole holds what it brought and nothing else."""
    row = db.execute("SELECT 1 FROM commits WHERE sha=? AND parent='' AND whole", (commit,))
    return row.fetchone() is not None


def _back(db: apsw.Connection, commit: str) -> Iterator[str]:
    """The commit and those before it, as far as each is known to have changed no other file."""
    for _ in range(COMMITS_WALKED_MAX):
        yield commit
        row = db.execute("SELECT parent FROM commits WHERE sha=? AND whole", (commit,)).fetchone()
        if row is None or not row[0]:
            return
        commit = row[0]


def _forth(db: apsw.Connection, commit: str) -> Iterator[str]:
    """Commits after it, nearest first: what the next one changes is told of this one too."""
    waiting = deque([commit])
    for _ in range(COMMITS_WALKED_MAX):
        if not waiting:
            return
        rows = db.execute(
            "SELECT sha FROM commits WHERE parent=? AND whole", (waiting.popleft(),)
        ).fetchall()
        for (sha,) in rows:
            yield sha
            waiting.append(sha)


def _whole_name(db: apsw.Connection, commit: str) -> str:
    """A commit's full name, where what was given begins one only."""
    rows = db.execute(
        "SELECT sha FROM commits WHERE sha>=?1 AND sha<?1||'g' LIMIT 2", (commit,)
    ).fetchall()
    return rows[0][0] if len(rows) == 1 else commit
