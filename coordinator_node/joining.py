"""One more Coordinator: spends its code, and keeps the mesh's keys that the code buys.

HOME/joining/coordinator/    what arrives; it becomes HOME/coordinator when all of it is there and
                             the engine has been reached
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.clock import Clock
from common.daemon.elsewhere import came, went
from common.daemon.files import write_private
from common.daemon.home import Home
from common.daemon.locks import only_instance
from common.errors import Conflict, Corrupt, Invalid, PostDevAIError, Unavailable
from common.model.node import Identity, Role
from common.rpc import pinned
from common.rpc.certificates import (
    key_from_pem,
    key_to_pem,
    new_key,
    read_leaf,
    request_pem,
)
from common.rpc.join_code import JoinCode, read_code
from coordinator_node.adopting import leave_behind, read_server, stopped_server, take_over
from coordinator_node.engine.settings import EngineSettings, NatsSettings, write_settings
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.grant import Grant, opened
from coordinator_node.gateway.own_identity import OwnIdentity
from coordinator_node.gateway.own_rules import DIRECTORY as RULES
from coordinator_node.opening import open_settings

NODES: tuple[Role, ...] = ("dragon", "developer")


@dataclass(frozen=True, slots=True)
class Joined:
    """What this HOME is now."""

    identity: Identity
    coordinator_address: str
    """Of the one that let it in."""


async def join(code: str, home: Home, clock: Clock, server: Path | None = None) -> Joined:
    """A Coordinator in this HOME, which has none yet; it does not run. With `server` it starts
    the engine's server of that directory itself.

    Until all of it is there nothing has changed, and the same code may be typed again here.
    """
    parts = read_code(code)
    if not parts.for_coordinator:
        raise Invalid("this is a code for another node", field="code")
    directory = home.root / "coordinator"
    if any(
        (directory / name).exists() for name in ("authority", "identity/key.pem", "engine.toml")
    ):
        raise Conflict(
            f"there is a Coordinator in {home.root} already",
            hint="Join with a HOME of its own: POSTDEVAI_HOME=DIR postdevai join CODE",
        )
    with only_instance(home.lock_path("coordinator"), "coordinator"):
        arriving = home.root / "joining" / "coordinator"
        arriving.mkdir(mode=0o700, parents=True, exist_ok=True)
        if server is not None:
            read_server(server)  # before the code is spent
        grant, coordinator = await _granted(parts, arriving, clock)
        try:
            authority = await asyncio.to_thread(_keep, arriving, grant, parts, home, clock)
            await _reach(arriving, grant.nats, authority, clock)
        except PostDevAIError:
            await asyncio.to_thread(_forget, arriving)
            raise
        nats = grant.nats
        if server is not None:
            own = stopped_server(server, nats)
            await asyncio.to_thread(take_over, server, arriving / "engine", own, authority)
            nats = replace(nats, own=own)
        write_settings(arriving, _placed(nats, grant, directory))
        identity = await asyncio.to_thread(OwnIdentity, arriving / "identity", authority)
        await asyncio.to_thread(_arrive, home, arriving)
        if server is not None:
            await asyncio.to_thread(leave_behind, server)
    return Joined(identity.identity, coordinator)


async def _granted(parts: JoinCode, arriving: Path, clock: Clock) -> tuple[Grant, str]:
    """What the code buys, and the address of who gave it."""
    key = await asyncio.to_thread(_key, arriving / "identity")
    sealing, csr = X25519PrivateKey.generate(), request_pem(key)
    given = await pinned.enrol(
        parts, key, clock, csr_pem=csr, sealing_key=sealing.public_key().public_bytes_raw()
    )
    grant = opened(given.sealed_grant, sealing, parts.id, parts.secret, csr)
    if grant.authority["ca.pem"].encode() != given.ca_pem:
        raise Corrupt("the Coordinator sent the keys of another mesh than its own")
    return grant, given.coordinator_address


def _keep(arriving: Path, grant: Grant, parts: JoinCode, home: Home, clock: Clock) -> Authority:
    """The keys and the rules, on this disk; Conflict when this HOME is of another mesh."""
    _write(arriving / "authority", grant.authority)
    authority = Authority.open(arriving / "authority", clock)
    if authority.pin != parts.pin:
        raise Corrupt("the Coordinator sent another enrolment key than the code names")
    for role in NODES:
        leaf = home.root / role / "identity" / "leaf.pem"
        if _is_node(home, role) and read_leaf(leaf.read_bytes()).identity.mesh != authority.mesh:
            raise Conflict(
                f"{home.root} holds a {role} of another mesh",
                hint="Join with a HOME of its own: POSTDEVAI_HOME=DIR postdevai join CODE",
            )
    if grant.rules:
        _write(arriving / RULES, grant.rules)
    if grant.tls:
        _write(arriving / "engine" / "shown", grant.tls)
    return authority


async def _reach(arriving: Path, nats: NatsSettings, authority: Authority, clock: Clock) -> None:
    """The engine can be used from this machine; Unavailable, and nothing has changed, if not."""
    shown = arriving / "engine" / "shown"
    there = EngineSettings("nats", nats=replace(nats, tls=str(shown) if shown.is_dir() else ""))
    try:
        async with open_settings(there, arriving, authority, clock):
            return
    except PostDevAIError as error:
        raise Unavailable(
            f"the engine cannot be used from here, and nothing was changed: {error.message}",
            hint="the same code is good for ten minutes; on this machine it may be typed again",
        ) from error


def _forget(arriving: Path) -> None:
    """No key of the mesh stays on a machine that did not become its Coordinator."""
    for name in ("authority", RULES, "engine"):
        if not (arriving / name / "store").exists():  # a server's copy of the state
            shutil.rmtree(arriving / name, ignore_errors=True)


def _placed(nats: NatsSettings, grant: Grant, directory: Path) -> EngineSettings:
    tls = str(directory / "engine" / "shown") if grant.tls else ""
    return EngineSettings("nats", nats=replace(nats, tls=tls))


def _arrive(home: Home, arriving: Path) -> None:
    """In its place, beside what an earlier life left there: a log at most."""
    directory = home.root / "coordinator"
    for left in directory.iterdir() if directory.is_dir() else ():
        if left.is_dir() and (arriving / left.name).exists():
            left.rmdir()  # made in passing: an empty identity
        else:
            left.rename(arriving / left.name)
    if directory.is_dir():
        directory.rmdir()
    arriving.rename(directory)
    arriving.parent.rmdir()
    # `up` makes no Dragon and no laptop here that nobody asked for.
    went(home, frozenset(role for role in NODES if not _is_node(home, role)))
    came(home, "coordinator")


def _is_node(home: Home, role: Role) -> bool:
    return (home.root / role / "identity" / "leaf.pem").is_file()


def _key(directory: Path) -> ec.EllipticCurvePrivateKey:
    """That of an attempt that was cut off, or a new one: a code is good for one key."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "key.pem"
    if not path.exists():
        write_private(path, key_to_pem(new_key()))
    return key_from_pem(path.read_bytes())


def _write(directory: Path, files: Mapping[str, str]) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, text in files.items():
        write_private(directory / name, text.encode())
