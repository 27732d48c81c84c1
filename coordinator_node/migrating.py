"""Moves the Coordinator's state from one engine to another, and believes only what it read back.

The old state stays as it was; engine.toml names the new one only once all of it was compared.
A move that was cut off changed nothing: the next one begins in a new place.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from common.clock import Clock
from common.daemon.addresses import machine_name
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.daemon.ports import Ports
from common.errors import Conflict
from common.model.node import id_in
from coordinator_node.comparing import Moved, of_jobs, of_logs, of_rows, same
from coordinator_node.destination import made, wanted
from coordinator_node.engine.moving import Movable
from coordinator_node.engine.ports import Kv, Line
from coordinator_node.engine.settings import NatsSettings, read_settings, write_settings
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.members import Members
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.opening import MOVED, not_moved, open_engine, open_settings, shared
from coordinator_node.registry.coordinators import there_now

LINES_AT_ONCE = 256
EARLIER_MS = 2_000
"""Terms are in whole seconds on one side: so much may they differ."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that is done."""

    before: str
    after: str
    parts: tuple[Moved, ...]


Say = Callable[[str], None]


async def migrate(home: Home, to: str, clock: Clock, say: Say, nats: NatsSettings | None) -> Move:
    """Moves everything to `sqlite` or `nats`. `nats` names servers that are there; without it
    the Coordinator gets one of its own.

    Conflict while a Coordinator runs or when it is there already; Corrupt, and nothing is
    switched, when what was read back is not what was written.
    """
    directory = home.directory("coordinator")
    authority = await asyncio.to_thread(Authority.open, directory / "authority", clock)
    with only_instance(home.lock_path("coordinator"), "coordinator"), shared(directory, alone=True):
        before = read_settings(directory)
        after = wanted(before, to, directory, nats, Ports.of(home))
        async with AsyncExitStack() as stack:
            source = await stack.enter_async_context(
                open_settings(before, directory, authority, clock)
            )
            await not_moved(source.kv)
            own = await asyncio.to_thread(OwnIdentity.id_in, home.identity_directory("coordinator"))
            others = await _others(source.kv, own)
            target = await stack.enter_async_context(made(after, directory, authority, clock))
            parts = await move(source.moving, target, clock, say)
            write_settings(directory, after)
            if others:
                await source.kv.put(MOVED, f"{after.engine} on {machine_name()}".encode())
    return Move(before.engine, after.engine, parts)


async def _others(kv: Kv, own: str) -> bool:
    """Whether there are other Coordinators which have not left; Conflict while one of them is
    there: it would go on with what stays behind."""
    members = Members(kv)
    for each in await there_now(kv):
        named = id_in(each.identity)
        known = await members.get(named)
        if named == own or (known is not None and known.denied):  # put out, or stolen
            continue
        raise Conflict(
            f"the Coordinator {named} at {each.addresses[0]} uses this state",
            hint="on its machine: postdevai leave coordinator; it joins again after the move",
        )
    return await members.has_coordinators(beside=own)


async def write_down(home: Home, done: Move, clock: Clock) -> None:
    """The move, in the audit log."""
    directory = home.directory("coordinator")
    authority = await asyncio.to_thread(Authority.open, directory / "authority", clock)
    async with open_engine(directory, authority, clock) as engine:
        act = Act("owner", "migrate", f"{done.before} to {done.after}")
        await Audit(directory, engine.kv, clock).append(act)


async def move(source: Movable, target: Movable, clock: Clock, say: Say) -> tuple[Moved, ...]:
    """Copies everything to an empty place and compares; Corrupt when the two differ."""
    floor = await source.floor()
    await target.begin(floor)
    keys, leases = await source.keys(), await source.leases()
    logs, jobs = await source.logs(), await source.jobs()
    for number, row in enumerate(keys, 1):
        await target.put_key(row)
        _tell(say, "keys", number, len(keys))
    for row in leases:
        await target.put_lease(row)
    for number, row in enumerate(logs, 1):
        await target.put_log(row)
        async for lines in _batches(source.lines(row)):
            await target.put_lines(row, lines)
        _tell(say, "logs", number, len(logs))
    for number, row in enumerate(jobs, 1):
        await target.put_job(row)
        _tell(say, "jobs", number, len(jobs))
    if await source.floor() != floor:
        raise Conflict(
            "somebody wrote to the state while it was moved; nothing was switched",
            hint="stop every Coordinator of this mesh, then move again",
        )
    say("comparing")
    now_ms = clock.now_ms() + EARLIER_MS
    return (
        same(of_rows("kv", keys, now_ms), of_rows("kv", await target.keys(), now_ms)),
        same(of_rows("leases", leases, now_ms), of_rows("leases", await target.leases(), now_ms)),
        same(await of_logs(source, logs), await of_logs(target, await target.logs())),
        same(of_jobs(jobs, now_ms), of_jobs(await target.jobs(), now_ms)),
    )


async def _batches(lines: AsyncGenerator[Line]) -> AsyncGenerator[list[Line]]:
    batch: list[Line] = []
    async for line in lines:
        batch.append(line)
        if len(batch) == LINES_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _tell(say: Say, what: str, number: int, total: int) -> None:
    if number == total or number % 100 == 0:
        say(f"{what} {number} of {total}")
