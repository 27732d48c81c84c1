"""The format of the Coordinator's file, told without starting it: `coordinator_node.formats`.

state.db only grows: a program that knows fewer of its tables goes on with those that it knows.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import apsw

from common.daemon.formats import StoreFormat, print_formats
from common.errors import PostDevAIError
from coordinator_node.engine.settings import read_settings

WRITES = 1


def formats(home: Path) -> list[StoreFormat]:
    """Of HOME/coordinator/state.db, or of the file that took its place; of none where the state is
    in the engine's servers."""
    directory = home / "coordinator"
    try:
        settings = read_settings(directory)
    except PostDevAIError as error:
        return [StoreFormat("coordinator/state.db", 0, WRITES, WRITES, error.message)]
    if settings.engine != "sqlite":
        return []
    path, store = directory / settings.file, f"coordinator/{settings.file}"
    if not path.is_file() or not path.stat().st_size:
        return [StoreFormat(store, 0, WRITES, WRITES)]
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
            said = db.execute("PRAGMA user_version").fetchall()
    except apsw.Error as error:
        return [StoreFormat(store, 0, WRITES, WRITES, f"{path} cannot be read: {error}")]
    return [StoreFormat(store, int(str(said[0][0])) or 1, WRITES, WRITES)]


if __name__ == "__main__":
    raise SystemExit(print_formats(formats(Path(sys.argv[1]))))
