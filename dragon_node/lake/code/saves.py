"""Every version of a file that was saved, as many as are kept."""

from __future__ import annotations

import apsw

from common.model.event import FileChanged
from dragon_node.lake.code.contents import free
from dragon_node.lake.code.told import Told

SAVES_A_FILE_MAX = 100
"""Of one file in one working copy, the newest; older ones can be had from commits."""


def add(db: apsw.Connection, told: Told, file: FileChanged) -> None:
    """The file as it was saved. Told again unchanged, it stays the version that it was."""
    content = bytes.fromhex(file.content) or None
    last = db.execute(
        """SELECT id, content, git_blob, deleted, skipped, dirty FROM saves
           WHERE path=? AND working_copy=? ORDER BY id DESC LIMIT 1""",
        (file.path, told.copy),
    ).fetchone()
    if last is None and file.deleted:
        return
    if last is not None and last[1:5] == (content, file.git_blob, file.deleted, file.skipped):
        _again(db, last[0], told, file, clean=not last[5])
        return
    db.execute(
        "INSERT INTO saves VALUES(NULL,?,?,?,?,?,?,?,?,?,?,?)",
        (
            told.copy,
            file.path,
            content,
            file.git_blob,
            file.size,
            file.skipped,
            file.deleted,
            file.head,
            file.dirty,
            told.at_ms,
            told.lsn,
        ),
    )
    if last is not None:
        _drop_oldest(db, told, file.path)


def thin(db: apsw.Connection, before_ms: int) -> int:
    """For retention: drops versions saved before a time that are no file's newest. How many."""
    rows = db.execute(
        """DELETE FROM saves WHERE at_ms<? AND EXISTS(
             SELECT 1 FROM saves AS later WHERE later.path=saves.path
             AND later.working_copy=saves.working_copy AND later.id>saves.id)
           RETURNING content""",
        (before_ms,),
    ).fetchall()
    _free(db, rows)
    return len(rows)


def _again(db: apsw.Connection, save: int, told: Told, file: FileChanged, *, clean: bool) -> None:
    if file.deleted or file.dirty:
        return
    if not clean:
        db.execute("UPDATE saves SET commit_sha=?, dirty=0 WHERE id=?", (file.head, save))
    elif file.head:
        db.execute(
            "INSERT OR IGNORE INTO committed VALUES(?,?,?,0,0,?,?)",
            (file.head, file.path, bytes.fromhex(file.content) or None, told.at_ms, told.lsn),
        )


def _drop_oldest(db: apsw.Connection, told: Told, path: str) -> None:
    rows = db.execute(
        """DELETE FROM saves WHERE id IN (
             SELECT id FROM saves WHERE path=? AND working_copy=?
             ORDER BY id DESC LIMIT -1 OFFSET ?) RETURNING content""",
        (path, told.copy, SAVES_A_FILE_MAX),
    ).fetchall()
    _free(db, rows)


def _free(db: apsw.Connection, rows: list[tuple[bytes | None, ...]]) -> None:
    for content in {row[0] for row in rows if row[0] is not None}:
        free(db, content)
