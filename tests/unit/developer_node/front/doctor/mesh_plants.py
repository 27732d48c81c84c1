"""Faults of engines, units, clocks, versions, identities and addresses, planted."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import apsw

from common.model.ids import NodeId
from common.model.node import Node, Role
from common.rpc.certificates import read_leaf
from coordinator_node.gateway.audit_chain import Act, next_line
from coordinator_node.gateway.audit_chain import written as line_as_written
from developer_node.front.service.files import Found, Kind, read
from developer_node.front.service.manager import Standing
from developer_node.front.service.services import Service
from developer_node.front.service.systemd_unit import text
from developer_node.front.service.unit import Unit
from developer_node.front.upgrade.record import Record
from tests.unit.developer_node.front.doctor.conftest import (
    GB,
    MACHINE,
    PLANTS,
    Bench,
    Changed,
    plants,
)

__all__ = ["PLANTS", "service_standing"]
KIND: Kind = "systemd"
ELSEWHERE = 1_000_000
"""A process number on another machine."""


def _unit(bench: Bench, role: Role = "dragon", home: Path | None = None) -> Path:
    program = bench.tmp / "bin" / f"{role}-node"
    program.parent.mkdir(exist_ok=True)
    program.touch(0o700)
    unit = Unit(role, KIND, "user", home or bench.home.root, program)
    path = bench.tmp / unit.name
    path.write_text(text(unit))
    return path


def _found(path: Path, role: Role = "dragon") -> Found:
    return read(path, role, KIND, "user")


def service_standing(bench: Bench, standing: Standing) -> Changed:
    """The Dragon is a service, and its manager says this of it."""
    found = _found(_unit(bench))
    return {"units": (found,), "services": (Service("dragon", found, standing),)}


@plants("unit-broken", 5)
def _unit_broken(bench: Bench) -> Changed:
    path = _unit(bench)
    path.write_text("[Service]\nExecStart=\n")
    return {"units": (_found(path),)}


@plants("unit-program", 2)
def _unit_program(bench: Bench) -> Changed:
    path = _unit(bench)
    (bench.tmp / "bin" / "dragon-node").unlink()
    return {"units": (_found(path),)}


@plants("unit-of-another-home", 1)
def _unit_of_another_home(bench: Bench) -> Changed:
    return {"units": (_found(_unit(bench, home=bench.tmp / "other")),)}


@plants("service-unknown", 1)
def _service_unknown(bench: Bench) -> Changed:
    return service_standing(bench, Standing("unknown", why="Failed to connect to bus"))


@plants("service-failed", 3)
def _service_failed(bench: Bench) -> Changed:
    return service_standing(bench, Standing("failed", enabled=True, last_exit=3))


@plants("service-beside-up", 1)
def _service_beside_up(bench: Bench) -> Changed:
    return service_standing(bench, Standing("stopped", enabled=True))


@plants("service-disabled", 1)
def _service_disabled(bench: Bench) -> Changed:
    return service_standing(bench, Standing("running", enabled=False, pid=os.getpid()))


@plants("upgrade-unfinished", 3)
def _upgrade_unfinished(bench: Bench) -> None:
    place = bench.home.root / "upgrade"
    place.mkdir(mode=0o700)
    Record(1, "0.1.0", "/old", "0.2.0", "/new", ("dragon",), (), (), ()).write(bench.home)


@plants("upgrade-broken", 5)
def _upgrade_broken(bench: Bench) -> None:
    place = bench.home.root / "upgrade"
    place.mkdir(mode=0o700)
    (place / "upgrade.json").write_text("{")


@plants("engine-settings", 2)
def _engine_settings(bench: Bench) -> None:
    (bench.home.directory("coordinator") / "engine.toml").write_text("engine = nats\n")


@plants("own-rules", 2)
def _own_rules(bench: Bench) -> None:
    directory = bench.home.directory("coordinator") / "policies"
    directory.mkdir()
    (directory / "mine.cedar").write_text(
        '@id("x") forbid (principal in Role::"tool", action == Action::"LakeService/Serch",'
        " resource);"
    )


@plants("audit-broken", 5)
def _audit_broken(bench: Bench) -> None:
    """A log of three lines, and then somebody changed the last."""
    place = bench.home.directory("coordinator")
    prev, written = "", b""
    for seq in (1, 2, 3):
        line = next_line(Act("owner", "revoke", f"node {seq}"), seq, "log", seq, prev)
        prev, written = line.hash, written + line_as_written(line)
    (place / "audit.log").write_bytes(written.replace(b"node 3", b"node 9"))
    apsw.Connection(str(place / "state.db")).close()


@plants("engine-unreadable", 5)
def _engine_unreadable(bench: Bench) -> None:
    (bench.home.directory("coordinator") / "state.db").write_bytes(b"not a database" * 100)


@plants("engine-locked", 3)
def _engine_locked(bench: Bench) -> None:
    holder = apsw.Connection(str(bench.home.directory("coordinator") / "state.db"))
    bench.at_end.enter_context(contextlib.closing(holder))
    holder.execute("CREATE TABLE kv (key)")
    holder.execute("BEGIN IMMEDIATE")


@plants("engine-closed", 4)
def _engine_closed(bench: Bench) -> None:
    (bench.home.directory("coordinator") / "state.db").mkdir()


def _three(**said: object) -> Changed:
    """What three servers say that are well, but for this."""
    members = [{"address": f"10.0.0.{n}:4222", "answers": True} for n in (1, 2, 3)]
    well = {"members": members, "copies": {"wanted": 3, "current": 3}, "error": None, "hint": None}
    return {"engine": {**well, **said}}


@plants("engine-away", 3)
def _engine_away(bench: Bench) -> Changed:
    ended = "none of the engine's servers takes the connection"
    return _three(error=ended, hint="start 10.0.0.2:4222 on its machine: `postdevai up`")


@plants("engine-server-away", 3)
def _engine_server_away(bench: Bench) -> Changed:
    there = [{"address": "10.0.0.1:4222", "answers": True}]
    return _three(members=[*there, {"address": "10.0.0.2:4222", "answers": False}])


@plants("engine-copies", 1)
def _engine_copies(bench: Bench) -> Changed:
    return _three(copies={"wanted": 3, "current": 2})


@plants("node-disk-full", 4)
def _node_disk_full(bench: Bench) -> Changed:
    full = bench.home.root / "dragon"
    return {"free_bytes": lambda path: 1000 if path == full else 100 * GB}


@plants("log-blocked", 4)
def _log_blocked(bench: Bench) -> None:
    bench.home.log_path("dragon").mkdir()


@plants("clock-apart", 4)
def _clock_apart(bench: Bench) -> None:
    _node(bench, clock_ahead_ms=3 * 3_600_000)


@plants("versions-apart", 4)
def _versions_apart(bench: Bench) -> None:
    _node(bench, version="0.9.0", pid=ELSEWHERE, machine="shelf")


@plants("certificate-not-renewed", 3)
def _certificate_not_renewed(bench: Bench) -> None:
    _node(bench, certificate_ends_ms=1, pid=ELSEWHERE, machine="shelf")


@plants("identity-twice", 4)
def _identity_twice(bench: Bench) -> None:
    leaf = (bench.home.root / "dragon" / "identity" / "leaf.pem").read_bytes()
    _node(bench, id=NodeId(read_leaf(leaf).identity.id), pid=ELSEWHERE, machine="shelf")


@plants("address-changed", 1)
def _address_changed(bench: Bench) -> None:
    _node(bench, address="192.168.9.9:50051", machine=MACHINE)


@plants("listening-wide", 1)
def _listening_wide(bench: Bench) -> Changed:
    return {"listening": {"dragon": ("0.0.0.0", "127.0.0.1")}}


def _node(bench: Bench, **changed: object) -> None:
    (node,) = bench.script.status.nodes
    assert isinstance(node, Node)
    bench.status(nodes=(replace(node, **changed),))  # type: ignore[arg-type]
