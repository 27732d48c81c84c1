"""The Coordinator's own store: its settings, and whether it can be read and written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import closing

from developer_node.front.doctor.finding import (
    CORRUPT,
    NOT_INSTALLED,
    REFUSED,
    UNAVAILABLE,
    Finding,
    Ground,
)

BUSY_MS = 3_000
"""A Coordinator that works holds its file for milliseconds."""


def settings(ground: Ground) -> Iterator[Finding]:
    """HOME/coordinator/engine.toml, where a person wrote one."""
    path = ground.home.root / "coordinator" / "engine.toml"
    try:
        tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        yield Finding(
            "engine-settings",
            f"{path} cannot be read: {error}. The Coordinator does not start with it.",
            "Mend that file (docs/engine.md), or move it away: then the state lies in SQLite.",
            NOT_INSTALLED,
        )


def state(ground: Ground) -> Iterator[Finding]:
    """HOME/coordinator/state.db: whether it opens, is whole in its head, and may be written."""
    import apsw

    path = ground.home.root / "coordinator" / "state.db"
    if not path.exists():
        return
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as db:
            db.set_busy_timeout(BUSY_MS)
            db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")
    except apsw.BusyError:
        yield Finding(
            "engine-locked",
            f"Somebody holds {path} for more than {BUSY_MS // 1000} seconds: the Coordinator "
            "cannot write.",
            f"See who does: fuser {path}. A backup tool or another sqlite3 is to be ended.",
            UNAVAILABLE,
        )
    except (apsw.NotADBError, apsw.CorruptError) as error:
        yield Finding(
            "engine-unreadable",
            f"{path}, the Coordinator's state, is damaged: {error}.",
            "Stop the Coordinator and put the file of a backup back. Without one move it away: "
            "nodes register anew, and certificates stay good.",
            CORRUPT,
        )
    except apsw.Error as error:
        yield Finding(
            "engine-closed",
            f"{path} cannot be opened for writing: {error}.",
            f"Look who may: ls -l {path}",
            REFUSED,
        )
