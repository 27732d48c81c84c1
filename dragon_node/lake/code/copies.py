"""Working copies: where each is, what its HEAD is, and how much of it is indexed."""

from __future__ import annotations

import apsw

from common.model.answer import ProjectFreshness
from common.model.event import BESIDE_HEAD, GitOperation, WorkingCopySeen
from common.model.ids import WorkingCopyId
from dragon_node.lake.code.docs import Changed
from dragon_node.lake.code.files import forget_untold
from dragon_node.lake.code.told import Told


def seen(db: apsw.Connection, told: Told, seen: WorkingCopySeen, changed: Changed) -> None:
    """The laptop describes a working copy; with a count of its files, a scan has ended."""
    counted = seen.files >= 0
    if counted:
        forget_untold(db, told, changed)
    kept: int = db.execute(
        "SELECT count(*) FROM versions WHERE working_copy=? AND skipped=''", (told.copy,)
    ).get
    indexed = seen.head if counted else ""
    anew = told.lsn if seen.anew else 0
    db.execute(
        """INSERT INTO copies VALUES(?,?,?,?,?,?,?) ON CONFLICT(working_copy) DO UPDATE SET
             path=excluded.path, head=excluded.head, kept=excluded.kept,
             files=CASE WHEN excluded.files >= 0 THEN excluded.files ELSE files END,
             indexed=CASE WHEN excluded.files >= 0 THEN excluded.indexed ELSE indexed END,
             anew=CASE WHEN excluded.files >= 0 THEN 0 ELSE max(anew, excluded.anew) END""",
        (told.copy, seen.path, seen.head, indexed, seen.files, kept, anew),
    )


def moved(db: apsw.Connection, copy: WorkingCopyId, git: GitOperation) -> None:
    """Git moved HEAD, or a reference beside it."""
    if git.operation in BESIDE_HEAD:
        return
    if git.operation in ("commit", "amend"):
        # A commit moves no file; after any other verb only the laptop's next report says that
        # the files have followed.
        db.execute(
            "UPDATE copies SET indexed=? WHERE working_copy=? AND indexed<>'' AND indexed=head",
            (git.new, copy),
        )
    if git.new:
        db.execute("UPDATE copies SET head=? WHERE working_copy=?", (git.new, copy))


def freshness(db: apsw.Connection, project: str) -> list[ProjectFreshness]:
    """One entry a working copy."""
    rows = db.execute(
        "SELECT working_copy, path, indexed, head, files, kept FROM copies ORDER BY path"
    )
    return [
        ProjectFreshness(project, path, indexed, head, _behind(files, kept), WorkingCopyId(copy))
        for copy, path, indexed, head, files, kept in rows
    ]


def _behind(files: int, kept: int) -> int:
    return -1 if files < 0 else max(0, files - kept)


def counts(db: apsw.Connection) -> tuple[int, int]:
    """Files at their newest version, and chunks."""
    files: int = db.execute("SELECT count(*) FROM versions").get
    chunks: int = db.execute("SELECT count(*) FROM chunks").get
    return files, chunks
