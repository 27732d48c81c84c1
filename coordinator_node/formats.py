"""The format of the Coordinator's file, told without starting it: `coordinator_node.formats`.

state.db only grows: a program that knows fewer of its tables goes on with those that it knows.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import apsw

from common.daemon.formats import StoreFormat, print_formats

WRITES = 1


def formats(home: Path) -> list[StoreFormat]:
    """Of HOME/coordinator/state.db."""
    path, store = home / "coordinator" / "state.db", "coordinator/state.db"
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
