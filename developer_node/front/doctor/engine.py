"""The Coordinator's own store: its settings, whether it can be read and written, its servers."""

from __future__ import annotations

import asyncio
import json
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from common.daemon.home import Home
from developer_node.front.doctor.finding import (
    ATTENTION,
    CORRUPT,
    NOT_INSTALLED,
    REFUSED,
    UNAVAILABLE,
    Finding,
    Ground,
)

ASKED_S = 40.0
"""The engine's own patience is less."""
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


async def asked(home: Home, *, runs: bool) -> Mapping[str, Any] | None:
    """What `coordinator-node engine` says of NATS servers; None where there are none, or where
    the one of this machine stands still with its Coordinator."""
    place = home.root / "coordinator"
    try:
        said = tomllib.loads((place / "engine.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    nats: dict[str, Any] = said.get("nats") or {}
    if said.get("engine") != "nats" or not (runs or "server" not in nats):
        return None
    answer = await printed_by(home, "engine", "--json")
    return answer or {"error": "it gave no answer that can be read", "hint": "", "members": []}


async def printed_by(home: Home, *words: str) -> Mapping[str, Any] | None:
    """What a command of `coordinator-node` printed; None where it refused, or gave no answer."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "coordinator_node", *words, "--home", str(home.root)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(ASKED_S):
            printed, _ = await process.communicate()
        return json.loads(printed)
    except TimeoutError:
        process.kill()
        await process.wait()
    except ValueError:
        pass
    return None


def servers(ground: Ground) -> Iterator[Finding]:
    """Whether most of the servers agree, and whether each of them is there."""
    if (said := ground.engine) is None:
        return
    silent = [str(each["address"]) for each in said["members"] if not each["answers"]]
    if said["error"]:
        error, hint = str(said["error"]), str(said["hint"] or "Type: postdevai mesh engine")
        yield Finding(
            "engine-away",
            f"The Coordinator's state cannot be used: {error}.",
            f"{hint[:1].upper()}{hint[1:]}.",
            UNAVAILABLE,
        )
    elif silent:
        yield Finding(
            "engine-server-away",
            f"{', '.join(silent)} of the engine's servers does not answer here. The others go on, "
            "and may not lose another one.",
            "Start it on its machine, with its Coordinator: postdevai up; else with nats-server -c "
            "(docs/engine.md).",
            UNAVAILABLE,
        )
    elif (copies := said["copies"])["current"] < copies["wanted"]:
        yield Finding(
            "engine-copies",
            f"{copies['current']} of {copies['wanted']} copies of the Coordinator's state are "
            "current: a server catches up, or has lost the others.",
            "Look again in a minute: postdevai mesh engine. Its nats.log tells what keeps it.",
            ATTENTION,
        )
