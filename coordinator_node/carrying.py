"""What a newer version kept, carried into the state that an older one goes on with.

`python -m coordinator_node.carrying out FILE` prints everything in a state.db that this program
reads, `in HOME` makes HOME/coordinator/state.db of that, and believes only what it read back.
`careful HOME` is for a newer version that cannot tell: nobody who was put out since comes back.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from common.clock import Clock, SystemClock
from common.daemon.home import Home
from common.daemon.lifecycle import complain
from common.errors import Corrupt, PostDevAIError
from common.model.audit import AuditLine
from common.model.ids import NodeId
from common.model.node import Role
from coordinator_node.carried_rows import Carried, read_rows, rows_of
from coordinator_node.engine.ports import Kv
from coordinator_node.engine.settings import read_settings
from coordinator_node.engine.sqlite_engine import SqliteEngine, open_sqlite
from coordinator_node.gateway.acts import OWNER
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.enrolment import CODES
from coordinator_node.gateway.members import Member, Members
from coordinator_node.gateway.ticket_keys import TicketKeys
from coordinator_node.opening import shared
from coordinator_node.registry.coordinators import there_now
from coordinator_node.registry.leads import PREFIX as LEADS
from coordinator_node.registry.leads import successors
from coordinator_node.registry.seen import Seen
from coordinator_node.sync.kept import latest
from coordinator_node.tasks.book import Book

DRAFT = "state.db.carried"
FAR = 1 << 32
"""Nobody gives so many revisions and epochs while a version is looked at."""


async def out(path: Path, to: TextIO, clock: Clock) -> int:
    """Prints everything in the file; how many rows."""
    printed = 0
    async with open_sqlite(path, clock) as engine:
        async for row in rows_of(engine.moving):
            to.write(row + "\n")
            printed += 1
    to.write(json.dumps({"end": printed}) + "\n")
    return printed


async def carry_in(home: Home, given: Iterable[str], clock: Clock) -> int:
    """Makes the state anew of what was printed, in place of the one that is there.

    Corrupt, and nothing is changed, where it is not whole or means nothing to this program.
    """
    directory = home.directory("coordinator")
    path, draft = directory / read_settings(directory).file, directory / DRAFT
    carried = read_rows(given)
    with shared(directory, alone=True):
        _remove(draft)
        try:
            async with open_sqlite(draft, clock) as engine:
                await carried.write(engine.moving)
                await _compare(carried, engine, clock)
                await _understood(engine, clock)
                reason = f"{carried.count} rows of a newer version were carried over"
                await Audit(directory, engine.kv, clock).append(
                    Act(OWNER, "migrate", path.name, reason=reason)
                )
            for beside in ("-wal", "-shm"):
                path.with_name(path.name + beside).unlink(missing_ok=True)
            draft.replace(path)
        finally:
            _remove(draft)
    return carried.count


async def careful(home: Home, clock: Clock) -> tuple[NodeId, ...]:
    """The state of before, made safe by what was not put back: who is out by the audit log is
    out, no code is good, tickets are signed by a new key, and each number is higher than any that
    was given; whom it put out."""
    directory = home.directory("coordinator")
    path = directory / read_settings(directory).file
    with shared(directory, alone=True):
        async with open_sqlite(path, clock) as engine:
            await engine.moving.leap(FAR)
            audit, members = Audit(directory, engine.kv, clock), Members(engine.kv)
            out = put_out(await audit.lines())
            for node, role in out.items():
                await _deny(members, node, role)
            for entry in await engine.kv.entries(CODES):
                await engine.kv.remove(entry.key)
            await _without_followers(engine.kv)
            kid = await TicketKeys(engine.kv, clock).replace()
            await audit.append(
                Act(OWNER, "migrate", path.name, reason="the state of before an upgrade"),
                Act(OWNER, "ticket-keys", kid, reason="all of them were replaced"),
            )
    return tuple(out)


def put_out(lines: Iterable[AuditLine]) -> dict[NodeId, str]:
    """Who was put out by the log, with the role where it tells; a mesh begun anew forgets them."""
    found: dict[NodeId, str] = {}
    for line in lines:
        if line.action == "rekey" and line.outcome == "done":
            found.clear()
        elif line.action == "revoke" and line.outcome == "done":
            said = line.reason.removeprefix("a ").split(" ")[0]
            found[NodeId(line.subject)] = said
    return found


async def _deny(members: Members, node: NodeId, role: str) -> None:
    known = await members.get(node)
    if known is None:  # it joined after the copy was made
        known = Member(node, _role(role), admin=False, keys=(), leaf_ends_ms=0)
    if not known.denied:
        await members.keep(replace(known, denied=True))


def _role(said: str) -> Role:
    match said:
        case "coordinator" | "dragon" | "developer":
            return said
        case _:
            return "tool"


async def _without_followers(kv: Kv) -> None:
    """Who followed then may lack what was acknowledged since: the leaders name them again."""
    for entry in await kv.entries(LEADS):
        said = json.loads(entry.value)
        value = json.dumps({**said, "followers": []}).encode()
        await kv.put(entry.key, value, expected=entry.revision)


async def _compare(carried: Carried, engine: SqliteEngine, clock: Clock) -> None:
    rows = [row async for row in rows_of(engine.moving)]
    found = read_rows([*rows, json.dumps({"end": len(rows)})])
    now_ms = clock.now_ms()
    if carried.lasting(now_ms) != found.lasting(now_ms):
        raise Corrupt("what was carried over is not what was written")


async def _understood(engine: SqliteEngine, clock: Clock) -> None:
    """Reads all that a Coordinator reads at its start."""
    try:
        await Members(engine.kv).refresh()
        await TicketKeys(engine.kv, clock).refresh()
        await Seen(engine.kv).all()
        await there_now(engine.kv)
        await successors(engine.kv)
        await latest(engine)
        await Book(engine.kv).recall()
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Corrupt(
            f"this version does not understand what the newer one kept: {error}"
        ) from error


def _remove(draft: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def main() -> int:
    """Runs one of the three."""
    parser = argparse.ArgumentParser("coordinator_node.carrying")
    parser.add_argument("what", choices=("out", "in", "careful"))
    parser.add_argument("path", type=Path)
    said = parser.parse_args()
    clock = SystemClock()
    try:
        match said.what:
            case "out":
                asyncio.run(out(said.path, sys.stdout, clock))
            case "in":
                asyncio.run(carry_in(Home.from_env(str(said.path)), sys.stdin, clock))
            case _:
                asyncio.run(careful(Home.from_env(str(said.path)), clock))
    except PostDevAIError as error:
        return complain("coordinator-node", error)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
