"""The import graph: which file names which, looked up again when files come and go."""

from __future__ import annotations

import apsw

from common.model.ids import WorkingCopyId
from dragon_node.lake.records import Chunker, Pieces
from dragon_node.lake.relations.naming import Module, meant, module_of, stem_of


class Hearing:
    """A chunker that remembers what the files it cut import."""

    def __init__(self, chunker: Chunker) -> None:
        self._chunker = chunker
        self._heard: dict[str, tuple[str, ...]] = {}

    def __call__(self, path: str, text: str) -> Pieces:
        """Cuts as the chunker does."""
        pieces = self._chunker(path, text)
        self._heard[path] = pieces.imports
        return pieces

    def taken(self) -> dict[str, tuple[str, ...]]:
        """By path, since the last time that it was asked."""
        heard, self._heard = self._heard, {}
        return heard


def told(
    db: apsw.Connection, copy: WorkingCopyId, path: str, named: tuple[str, ...] | None
) -> None:
    """The newest version of a file is in the lake; `named` when it was cut for the first time."""
    row = db.execute(
        "SELECT doc FROM versions WHERE working_copy=? AND path=?", (copy, path)
    ).fetchone()
    if row is not None and row[0] is not None:
        _came(db, path)
        for each in named or ():
            _names(db, row[0], module_of(path, each))
    look_up(db)


def look_up(db: apsw.Connection) -> None:
    """Finds the files of all modules that may mean another one since the last time."""
    rows = db.execute("SELECT key, name, last, other FROM modules WHERE path IS NULL").fetchall()
    for row in rows:
        module = Module(*row)
        stems = (module.last, module.other or module.last)
        files = db.execute("SELECT path FROM files WHERE stem IN (?,?)", stems).fetchall()
        path = meant(module, [each for (each,) in files]) if module.last else ""
        db.execute("UPDATE modules SET path=? WHERE key=?", (path, module.key))


def _came(db: apsw.Connection, path: str) -> None:
    stem = stem_of(path)
    db.execute("INSERT OR IGNORE INTO files VALUES(?,?)", (path, stem))
    if db.changes():
        db.execute("UPDATE modules SET path=NULL WHERE last=?", (stem,))
        db.execute("UPDATE modules SET path=NULL WHERE other=? AND other<>''", (stem,))


def _names(db: apsw.Connection, doc: int, module: Module) -> None:
    db.execute("INSERT OR IGNORE INTO imports VALUES(?,?)", (doc, module.key))
    db.execute(
        "INSERT OR IGNORE INTO modules VALUES(?,?,?,?,NULL)",
        (module.key, module.name, module.last, module.other),
    )
