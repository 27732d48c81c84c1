"""How atuin keeps its history: an SQLite file, read without writing to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from common.errors import Corrupt
from developer_node.importing.past import COMMAND_CHARACTERS_MAX, PastCommand

_NEEDED = {"timestamp", "duration", "exit", "command", "cwd", "hostname"}
_WAIT_S = 5.0


def atuin(path: Path) -> Iterator[PastCommand]:
    """What was not deleted there, oldest first; Corrupt when it is no history.

    A command of another machine comes without its directory: the same path is another one there.
    """
    try:
        uri = f"file:{quote(os.fspath(path))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_S)) as db:
            for row in db.execute(_query(db, path)):
                yield _command(*row)
    except sqlite3.Error as error:
        raise Corrupt(f"{path} cannot be read: {error}", hint="name atuin's history.db") from error


def _query(db: sqlite3.Connection, path: Path) -> str:
    columns = {str(row[1]) for row in db.execute("PRAGMA table_info(history)")}
    if not columns >= _NEEDED:
        raise Corrupt(f"{path} is no history of atuin", hint="name atuin's history.db")
    where = "WHERE deleted_at IS NULL " if "deleted_at" in columns else ""
    text = f"substr(command, 1, {COMMAND_CHARACTERS_MAX})"
    return (
        f"SELECT timestamp, duration, exit, {text}, cwd, hostname "
        f"FROM history {where}ORDER BY timestamp"
    )


def _command(
    at_ns: object, duration_ns: object, code: object, command: object, cwd: object, host: object
) -> PastCommand:
    here = str(host).partition(":")[0] == os.uname().nodename
    known = isinstance(duration_ns, int) and duration_ns >= 0  # -1 while it ran, or was killed
    return PastCommand(
        command=str(command),
        at_ms=at_ns // 1_000_000 if isinstance(at_ns, int) else 0,
        cwd=str(cwd) if here and os.path.isabs(str(cwd)) else "",
        exit_code=code if known and isinstance(code, int) and code >= 0 else None,
        duration_ms=duration_ns // 1_000_000 if known and isinstance(duration_ns, int) else 0,
    )
