"""A saved or deleted file: the newest version of it in its working copy."""

from __future__ import annotations

import apsw

from common.model.event import FileChanged
from common.model.ids import WorkingCopyId
from dragon_node.lake.code import renames, saves
from dragon_node.lake.code.docs import Changed, doc_of, release
from dragon_node.lake.code.told import Told
from dragon_node.lake.records import Blobs, Chunker


def saved(
    db: apsw.Connection,
    told: Told,
    file: FileChanged,
    blobs: Blobs,
    chunker: Chunker,
    changed: Changed,
) -> None:
    """The file is now as the record says."""
    key = (told.copy, file.path)
    old = db.execute(
        "SELECT doc, skipped FROM versions WHERE working_copy=? AND path=?", key
    ).fetchone()
    if file.deleted:
        db.execute("DELETE FROM versions WHERE working_copy=? AND path=?", key)
        doc = None
    else:
        doc = doc_of(db, file, told.lsn, blobs, chunker, changed) if file.content else None
        _put(db, told, file, doc)
    _count(db, told.copy, file, was=old is not None and not old[1])
    if old is None or file.deleted:
        renames.on_disk(db, told, file)
    saves.add(db, told, file)
    if old is not None and old[0] != doc:
        release(db, old[0], told.lsn, changed)


def leave(db: apsw.Connection, working_copy: WorkingCopyId, lsn: int, changed: Changed) -> None:
    """The working copy is another project's now: its files are no longer found here.

    What was saved in it while it was this project's can still be asked for."""
    _drop(db, "working_copy=?1", working_copy, lsn, changed)
    db.execute("DELETE FROM copies WHERE working_copy=?", (working_copy,))


def forget_untold(db: apsw.Connection, told: Told, changed: Changed) -> None:
    """The laptop lost its memory and has told every file again: what it did not tell is gone."""
    untold = """working_copy=?1
                AND lsn < (SELECT anew FROM copies WHERE working_copy=?1 AND anew > 0)"""
    paths = db.execute(f"SELECT path FROM versions WHERE {untold}", (told.copy,)).fetchall()
    for (path,) in paths:
        saves.add(db, told, FileChanged(path, deleted=True))
    _drop(db, untold, told.copy, told.lsn, changed)


def _put(db: apsw.Connection, told: Told, file: FileChanged, doc: int | None) -> None:
    what = (file.git_blob, file.size, file.skipped, file.head, file.dirty)
    db.execute(
        "INSERT OR REPLACE INTO versions VALUES(?,?,?,?,?,?,?,?,?,?)",
        (told.copy, file.path, doc, *what, told.at_ms, told.lsn),
    )


def _count(db: apsw.Connection, copy: WorkingCopyId, file: FileChanged, *, was: bool) -> None:
    now = not file.deleted and not file.skipped
    # The laptop's count is from its last report: what comes and goes since then moves it along.
    db.execute(
        """UPDATE copies SET kept=kept+?1,
             files=CASE WHEN files<0 THEN files ELSE max(files+min(?1, 0), kept+?1) END
           WHERE working_copy=?2""",
        (now - was, copy),
    )


def _drop(db: apsw.Connection, where: str, copy: WorkingCopyId, lsn: int, changed: Changed) -> None:
    docs = db.execute(f"SELECT doc FROM versions WHERE {where}", (copy,)).fetchall()
    db.execute(f"DELETE FROM versions WHERE {where}", (copy,))
    for (doc,) in docs:
        release(db, doc, lsn, changed)
