"""Moves the Coordinator's state from one engine to another, and believes only what it read back.

The old state stays as it was; engine.toml names the new one only once all of it was compared.
A move that was cut off changed nothing: the next one begins in a new place.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from common.clock import Clock
from common.daemon.addresses import machine_name
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.daemon.ports import Ports
from common.errors import Conflict, Corrupt, Invalid, PostDevAIError
from common.model.node import id_in
from coordinator_node.engine.jetstream.link import open_link
from coordinator_node.engine.moving import JobRow, KeyRow, LeaseRow, LogRow, Movable
from coordinator_node.engine.nats_engine import NatsEngine
from coordinator_node.engine.nats_server import ServerSettings
from coordinator_node.engine.ports import Kv, Line
from coordinator_node.engine.settings import (
    EngineSettings,
    NatsSettings,
    read_settings,
    write_settings,
)
from coordinator_node.engine.sqlite_engine import open_sqlite
from coordinator_node.gateway.audit import Audit
from coordinator_node.gateway.audit_chain import Act
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.members import Members
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.opening import (
    MOVED,
    not_moved,
    open_engine,
    open_settings,
    server_of,
    shared,
    tls_of,
)
from coordinator_node.registry.coordinators import there_now

LINES_AT_ONCE = 256
EARLIER_MS = 2_000
"""Terms are in whole seconds on one side: so much may they differ."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One port's part of a move."""

    port: str
    count: int
    sha256: str


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
        after = _wanted(before, to, directory, nats, Ports.of(home))
        async with AsyncExitStack() as stack:
            source = await stack.enter_async_context(
                open_settings(before, directory, authority, clock)
            )
            await not_moved(source.kv)
            own = await asyncio.to_thread(OwnIdentity.id_in, home.identity_directory("coordinator"))
            others = await _others(source.kv, own)
            target = await stack.enter_async_context(_made(after, directory, authority, clock))
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
        _compared("kv", _lasting(keys, now_ms), _lasting(await target.keys(), now_ms)),
        _compared("leases", _lasting(leases, now_ms), _lasting(await target.leases(), now_ms)),
        await _compared_logs(source, logs, target, await target.logs()),
        _compared("queue", _jobs(jobs, now_ms), _jobs(await target.jobs(), now_ms)),
    )


def _lasting(rows: Iterable[KeyRow | LeaseRow], now_ms: int) -> list[bytes]:
    """Each row but those that end while they are moved; not when it ends, only whether."""
    return [
        _bytes(*astuple(replace(row, ends_ms=min(1, row.ends_ms))))
        for row in rows
        if not 0 < row.ends_ms <= now_ms
    ]


def _jobs(rows: Iterable[JobRow], now_ms: int) -> list[bytes]:
    """Each job; of one that was done only that it was."""
    said: list[bytes] = []
    for row in rows:
        if row.queued.state != "done":
            said.append(_bytes(*astuple(row)))
        elif row.ends_ms > now_ms:
            said.append(_bytes(row.queue, row.queued.job.id, "done", row.token))
    return said


async def _compared_logs(
    source: Movable, logs: tuple[LogRow, ...], target: Movable, found: tuple[LogRow, ...]
) -> Moved:
    said = await _logs_part(source, logs)
    return _same(said, await _logs_part(target, found))


async def _logs_part(engine: Movable, rows: tuple[LogRow, ...]) -> Moved:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        _add(digest, _bytes(*astuple(row)))
        async for line in engine.lines(row):
            _add(digest, _bytes(*astuple(line)))
            count += 1
    return Moved("log", count, digest.hexdigest())


def _compared(port: str, written: list[bytes], read: list[bytes]) -> Moved:
    return _same(Moved(port, len(written), _sha256(written)), Moved(port, len(read), _sha256(read)))


def _same(said: Moved, got: Moved) -> Moved:
    if said != got:
        raise Corrupt(
            f"{said.port} was not moved as it is: {said.count} entries ({said.sha256[:12]}) here,"
            f" {got.count} ({got.sha256[:12]}) there; nothing was switched",
            hint="the state is where it was; try again, and report it when this comes again",
        )
    return said


def _bytes(*fields: object) -> bytes:
    plain = [each.hex() if isinstance(each, bytes) else each for each in _flat(fields)]
    return json.dumps(plain, separators=(",", ":")).encode()


def _flat(fields: Iterable[object]) -> Iterable[object]:
    for each in fields:
        if isinstance(each, tuple | list):
            yield "("
            yield from _flat(each)  # pyright: ignore[reportUnknownArgumentType]
            yield ")"
        else:
            yield each


def _sha256(rows: list[bytes]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        _add(digest, row)
    return digest.hexdigest()


def _add(digest: hashlib._Hash, row: bytes) -> None:
    digest.update(len(row).to_bytes(8, "big") + row)


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


def _wanted(
    before: EngineSettings, to: str, directory: Path, nats: NatsSettings | None, ports: Ports
) -> EngineSettings:
    """The settings after the move: always a place where nothing was before."""
    if to == before.engine:
        raise Conflict(f"the state is in {to} already", hint="see `postdevai mesh engine`")
    if to == "sqlite":
        used = {path.name for path in directory.glob("state.db*")}
        name = next(n for k in range(1, 10_000) if (n := f"state.db.{k}") not in used)
        return EngineSettings("sqlite", name if "state.db" in used else "state.db", before.nats)
    if to != "nats":
        raise Invalid(f"there is no engine {to!r}; there are sqlite and nats", field="to")
    base = nats or before.nats or _own(ports)
    return replace(before, engine="nats", nats=replace(base, space=f"g{secrets.token_hex(5)}"))


def _own(ports: Ports) -> NatsSettings:
    """One server, of this Coordinator, on this machine."""
    port = ports.reserve("engine", "127.0.0.1")
    server = ServerSettings("one", "127.0.0.1", port)
    return NatsSettings("new", (f"tls://127.0.0.1:{port}",), 1, "", server)


@asynccontextmanager
async def _made(
    after: EngineSettings, directory: Path, authority: Authority, clock: Clock
) -> AsyncGenerator[Movable]:
    """The place to move to. One that was not finished is taken away again."""
    if after.nats is None or after.engine == "sqlite":
        path = directory / after.file
        try:
            async with open_sqlite(path, clock) as engine:
                yield engine.moving
        except BaseException:
            for left in (
                path,
                path.with_name(path.name + "-wal"),
                path.with_name(path.name + "-shm"),
            ):
                left.unlink(missing_ok=True)
            raise
        return
    nats = after.nats
    async with (
        server_of(nats, directory, authority),
        open_link(nats.servers, tls_of(nats, directory)) as link,
    ):
        moving = NatsEngine(link, nats.space, nats.replicas).moving
        try:
            yield moving
        except BaseException:
            with contextlib.suppress(PostDevAIError):
                await moving.drop()
            raise
