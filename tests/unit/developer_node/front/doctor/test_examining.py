"""Each fault is planted for real where it can be, and found by its name alone."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home
from common.daemon.ports import Ports
from common.errors import Unavailable
from common.model.ids import NodeId
from common.model.laptop import Circuit, NearStatus, OutboxStatus
from common.model.llm import InferenceStats, Model
from common.model.task import Task, TaskId
from common.rpc.certificates import read_leaf
from developer_node.front.cli import commands
from developer_node.front.doctor import finding as words
from developer_node.front.doctor.examining import examine, unusable
from developer_node.front.doctor.finding import Mount
from developer_node.front.service.manager import Standing
from developer_node.front.shell.recorded.installing import SIGN
from developer_node.front.upgrade.record import Record
from tests.unit.developer_node.front.doctor.conftest import (
    GB,
    MACHINE,
    PLANTS,
    Bench,
    Changed,
    plants,
)
from tests.unit.developer_node.front.doctor.mesh_plants import PLANTS as MESH_PLANTS
from tests.unit.developer_node.front.doctor.mesh_plants import service_standing
from tests.unit.developer_node.front.doctor.what_mends import MENDS

COMMANDS = {name for name, _, _ in commands.every()}
SOURCES = Path(words.__file__).parent
PLANTS.update(MESH_PLANTS)


async def test_of_a_healthy_mesh_nothing_is_said(bench: Bench) -> None:
    assert await bench.examined() == []


@plants("disk-full", 4)
def _disk_full(bench: Bench) -> Changed:
    return {"free_bytes": lambda _: 100_000_000}


@plants("home-network", 4)
def _home_network(bench: Bench) -> Changed:
    return {"mounts": (Mount("/", "ext4"), Mount(str(bench.tmp), "nfs4"))}


@plants("secret-open", 4)
def _secret_open(bench: Bench) -> None:
    (bench.home.root / "dragon" / "identity" / "key.pem").chmod(0o644)


@plants("key-open", 4)
def _key_open(bench: Bench) -> None:
    (bench.home.root / "dragon" / "key").chmod(0o640)


@plants("key-missing", 4)
def _key_missing(bench: Bench) -> None:
    (bench.home.root / "developer" / "key").unlink()


@plants("key-damaged", 5)
def _key_damaged(bench: Bench) -> None:
    write_private(bench.home.root / "developer" / "key", b"not a key\n")


@plants("key-other", 4)
def _key_other(bench: Bench) -> None:
    write_private(bench.home.root / "developer" / "key", b"ab" * 32)


@plants("keychain", 4)
def _keychain(bench: Bench) -> None:
    note = bench.home.root / "developer" / "key.json"
    write_private(note, json.dumps({"id": "00" * 8, "kept": "keychain"}).encode())


@plants("stale-pid", 3)
def _stale_pid(bench: Bench) -> None:
    bench.stop("dragon", killed=True)
    bench.start("dragon")
    write_private(bench.home.ready_path("dragon"), _of_a_dead_process(bench))


NOBODY = 99_999_999
"""More than any process number."""


def _of_a_dead_process(bench: Bench) -> bytes:
    said = json.loads(bench.home.ready_path("dragon").read_text())
    return json.dumps(said | {"pid": NOBODY}).encode()


@plants("ready-broken", 5)
def _ready_broken(bench: Bench) -> None:
    write_private(bench.home.ready_path("dragon"), b"{")


@plants("lock-held", 3)
def _lock_held(bench: Bench) -> None:
    bench.home.ready_path("dragon").unlink()
    os.utime(bench.home.lock_path("dragon"), (1, 1))


@plants("port-taken", 4)
def _port_taken(bench: Bench) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    Ports.of(bench.home).remember("dragon", listener.getsockname()[1])
    bench.stop("dragon")
    bench.at_end.enter_context(listener)


@plants("token-missing", 3)
def _token_missing(bench: Bench) -> None:
    (bench.home.root / "developer" / "token").unlink(missing_ok=True)
    ready = json.loads(bench.home.ready_path("developer").read_text())
    Path(ready["extra"]["token_file"]).unlink(missing_ok=True)


@plants("socket-missing", 3)
def _socket_missing(bench: Bench) -> None:
    Path(json.loads(bench.home.ready_path("developer").read_text())["extra"]["socket"]).unlink()


@plants("door-open", 4)
def _door_open(bench: Bench) -> None:
    ready = json.loads(bench.home.ready_path("developer").read_text())
    Path(ready["extra"]["token_file"]).chmod(0o644)


@plants("dragon-away", 3)
def _dragon_away(bench: Bench) -> None:
    bench.stop("dragon")
    bench.status(dragon_unavailable="nobody answers at that address", lake=None)


@plants("coordinator-away", 3)
def _coordinator_away(bench: Bench) -> None:
    bench.stop("coordinator")
    bench.status(coordinator_unavailable="nobody answers at that address")


@plants("developer-away", 3)
def _developer_away(bench: Bench) -> None:
    bench.environment["away"] = "developer"


@plants("dragon-hung", 3)
def _dragon_hung(bench: Bench) -> None:
    bench.status(dragon_unavailable="no answer in time", lake=None)


@plants("coordinator-hung", 3)
def _coordinator_hung(bench: Bench) -> None:
    bench.status(coordinator_unavailable="no answer in time")


@plants("developer-hung", 3)
def _developer_hung(bench: Bench) -> None:
    bench.script.refusal = Unavailable("no answer in time")


@plants("version", 1)
def _version(bench: Bench) -> None:
    bench.stop("dragon")
    bench.start("dragon", version="0.0.9")


@plants("certificate-missing", 5)
def _certificate_missing(bench: Bench) -> None:
    (bench.home.root / "dragon" / "identity" / "leaf.pem").unlink()


@plants("certificate-damaged", 5)
def _certificate_damaged(bench: Bench) -> None:
    write_private(bench.home.root / "dragon" / "identity" / "leaf.pem", b"torn")


@plants("certificate-expired", 3)
def _certificate_expired(bench: Bench) -> None:
    bench.identity("developer", hours=-25)


@plants("certificate-expiring", 1)
def _certificate_expiring(bench: Bench) -> None:
    bench.identity("developer", hours=-22)


@plants("wrong-mesh", 4)
def _wrong_mesh(bench: Bench) -> None:
    bench.identity("developer", directory=bench.tmp / "another")


@plants("clock", 4)
def _clock(bench: Bench) -> None:
    bench.identity("dragon", hours=5)


@plants("node-silent", 3)
def _node_silent(bench: Bench) -> None:
    [node] = bench.script.status.nodes
    bench.status(nodes=(replace(node, lease_s=-30.0),))


@plants("left-behind", 1)
def _left_behind(bench: Bench) -> None:
    (bench.home.root / "dragon" / "parted-20260102-030405").mkdir()


@plants("follower-behind", 1)
def _follower_behind(bench: Bench) -> None:
    [node] = bench.script.status.nodes
    bench.status(nodes=(replace(node, follows="1" * 16, behind=-1),))


@plants("circuit-open", 3)
def _circuit_open(bench: Bench) -> None:
    bench.status(circuits=(Circuit("lake", "open", 4, 1, "no answer in time"),))


@plants("put-out", 4)
def _put_out(bench: Bench) -> None:
    why = "node 128a is no longer welcome"
    bench.status(put_out=why, dragon_unavailable=why, coordinator_unavailable=why, lake=None)


def _lake(bench: Bench, **changed: Any) -> None:
    assert bench.script.status.lake is not None
    bench.status(lake=replace(bench.script.status.lake, **changed))


@plants("lake-not-ram", 1)
def _lake_not_ram(bench: Bench) -> None:
    _lake(bench, ram=False, back_end="directory", why="a mount was refused")


@plants("ram-disk-gone", 5)
def _ram_disk_gone(bench: Bench) -> None:
    (bench.tmp / "lake").rmdir()


@plants("lake-full", 4)
def _lake_full(bench: Bench) -> None:
    _lake(bench, bytes=GB, refuse_bytes=GB - 1)


@plants("lake-inodes", 4)
def _lake_inodes(bench: Bench) -> None:
    _lake(bench, inodes_free=12)


@plants("outbox-refused", 4)
def _outbox_refused(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(refused=2))


@plants("outbox-gaps", 5)
def _outbox_gaps(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(gaps=2))


@plants("outbox-backlog", 1)
def _outbox_backlog(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(waiting=5000))


@plants("outbox-full", 4)
def _outbox_full(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(bytes=95, bytes_max=100))


@plants("outbox-disk", 4)
def _outbox_disk(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(sentence="The disk is full: nothing more is recorded."))


@plants("outbox-not-taken", 4)
def _outbox_not_taken(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(waiting=6, refusal="the Dragon refuses this laptop: denied"))


@plants("model-damaged", 5)
def _model_damaged(bench: Bench) -> None:
    failed = Model("big", "code", "failed", detail="a file is not what was written")
    bench.status(models=(*bench.script.status.models, failed))


@plants("model-fit", 4)
def _model_fit(bench: Bench) -> None:
    bench.status(models=(*bench.script.status.models, Model("big", "code", "ready", bytes=9 * GB)))


@plants("model-missing", 1)
def _model_missing(bench: Bench) -> None:
    bench.status(models=(Model("small", "fast", "missing"),))


@plants("tasks-dead", 1)
def _tasks_dead(bench: Bench) -> Changed:
    failed = Task(TaskId("feed0123456789ab"), "reindex", state="dead", reason="it has no room")
    return {"dead_tasks": (failed,)}


@plants("inference", 3)
def _inference(bench: Bench) -> None:
    bench.status(inference=InferenceStats(8 * GB, fault="The engine has ended."))


def _watched(bench: Bench, state: str) -> None:
    [watched] = bench.script.status.repositories
    bench.status(repositories=(replace(watched, state=state),))


@plants("watched-in-part", 1)
def _watched_in_part(bench: Bench) -> None:
    said = "the kernel gives no more than 8 directory watches here"
    _watched(bench, f"watching in part, everything is compared every 60 s: {said}")


@plants("network-mount", 1)
def _network_mount(bench: Bench) -> None:
    said = "/mnt is nfs4 from nas:/code, which others may change"
    _watched(bench, f"watching, everything is compared every 60 s: {said}")


@plants("watch-failed", 3)
def _watch_failed(bench: Bench) -> None:
    _watched(bench, "the directory is gone")


@plants("near", 1)
def _near(bench: Bench) -> None:
    bench.status(
        near=NearStatus(as_of_ms=1, sentence="What is remembered here could not be refreshed.")
    )


@plants("packages", 2)
def _packages(bench: Bench) -> Changed:
    return {"lacking": ("tantivy (for the Dragon)",)}


def _program(bench: Bench, text: str) -> None:
    place = bench.tmp / "bin"
    place.mkdir()
    (place / "git").write_text(f"#!/bin/sh\n{text}\n")
    (place / "git").chmod(0o755)
    bench.environment["PATH"] = str(place)


@plants("git-missing", 2)
def _git_missing(bench: Bench) -> None:
    bench.environment["PATH"] = str(bench.tmp)


@plants("git-old", 2)
def _git_old(bench: Bench) -> None:
    _program(bench, "echo git version 2.11.0")


@plants("watch-limit", 4)
def _watch_limit(bench: Bench) -> Changed:
    return {"watches_max": 4096}


@plants("budget", 4)
def _budget(bench: Bench) -> None:
    bench.environment["POSTDEVAI_LAKE_BYTES"] = "64GB"


@plants("egress", 4)
def _egress(bench: Bench) -> None:
    bench.environment["HF_HUB_OFFLINE"] = "0"


@plants("shell-line", 1)
def _shell_line(bench: Bench) -> None:
    gone = bench.tmp / "gone" / "postdevai"
    line = f"[[ -x {gone} ]] && {{ {gone} shell --from-rc && exit || stty sane; }} {SIGN}\n"
    (bench.tmp / ".bashrc").write_text(line)


@plants("paused", 1)
def _paused(bench: Bench) -> None:
    (bench.home.root / "developer" / "paused").write_text("until resumed\n")


@plants("pause-broken", 5)
def _pause_broken(bench: Bench) -> None:
    (bench.home.root / "developer" / "paused").write_text("soon\n")


@plants("never-broken", 5)
def _never_broken(bench: Bench) -> None:
    (bench.home.root / "developer" / "never.json").write_text("{")


@plants("settings-broken", 5)
def _settings_broken(bench: Bench) -> None:
    (bench.tmp / "thing" / ".postdevai.toml").write_text("[record\n")


COMPANY = {"port-taken": {"dragon-away"}}
"""What else is found, because it follows from what was planted."""
ALONE = ("developer-away", "no-mesh", "dragon-unreachable", "home", "socket-stale")
"""Those that have a test of their own below."""


@pytest.mark.parametrize("name", [name for name in PLANTS if name not in ALONE])
async def test_a_planted_fault_is_named_explained_and_nothing_else_is(
    name: str, bench: Bench
) -> None:
    code, plant = PLANTS[name]
    found = {each.name: each for each in await bench.examined(**(plant(bench) or {}))}
    assert set(found) == {name} | COMPANY.get(name, set())
    assert found[name].code == code
    assert not found[name].sentence[0].islower() and found[name].sentence.endswith(".")
    assert MENDS[name] in found[name].next
    assert set(re.findall(r"postdevai ([a-z]+)", found[name].next)) <= COMMANDS


async def test_a_laptop_without_its_daemon_is_named(bench: Bench) -> None:
    ground = await bench.ground()
    left = {role: ready for role, ready in ground.ready.items() if role != "developer"}
    home = Home.from_env(str(bench.tmp / "second"))
    home.identity_directory("developer")
    alone = replace(ground, home=home, ready=left, status=Unavailable("not running"))
    assert "developer-away" in {each.name for each in examine(alone)}


async def test_a_home_without_a_mesh_says_how_one_is_made(bench: Bench) -> None:
    ground = await bench.ground()
    bare = replace(
        ground,
        home=Home.from_env(str(bench.tmp / "bare")),
        ready={},
        status=Unavailable("not running"),
    )
    assert [each.name for each in examine(bare)] == ["no-mesh"]


async def test_a_dragon_on_another_machine_that_cannot_be_reached_is_named(bench: Bench) -> None:
    ground = await bench.ground()
    laptop = Home.from_env(str(bench.tmp / "laptop"))
    away = replace(bench.script.status, dragon_unavailable="nobody answers", lake=None)
    found = examine(replace(ground, home=laptop, ready={}, status=away))
    assert "dragon-unreachable" in {each.name for each in found}


async def test_an_old_leaf_of_a_node_that_stands_still_is_no_fault(bench: Bench) -> None:
    bench.identity("dragon", hours=-25)
    bench.stop("dragon")
    assert [each.name for each in await bench.examined()] == ["dragon-away"]


async def test_the_old_program_after_an_upgrade_names_the_new_one(bench: Bench) -> None:
    """`down` and `up` of the old one would start it on files that it cannot read."""
    bench.stop("dragon")
    bench.start("dragon", "0.2.0")
    (bench.home.root / "upgrade").mkdir(mode=0o700)
    made = Record(1, "0.1.0", "/old", "0.2.0", "/new", ("dragon",), (), (), (), state="done")
    made.write(bench.home)
    (found,) = await bench.examined()
    assert found.name == "version" and found.next.endswith("Type: /new/bin/postdevai")


async def test_records_that_going_back_left_aside_are_not_called_lost(bench: Bench) -> None:
    bench.status(outbox=OutboxStatus(gaps=2))
    aside = bench.home.root / "upgrade" / "after.1" / "dragon"
    aside.mkdir(parents=True)
    (aside / "journal.db").touch()
    (found,) = await bench.examined()
    assert str(aside) in found.next and "Nothing" not in found.next


async def test_a_node_that_was_just_started_anew_is_no_second_one(bench: Bench) -> None:
    """Its last process may be known to the Coordinator for a moment."""
    leaf = (bench.home.root / "dragon" / "identity" / "leaf.pem").read_bytes()
    (node,) = bench.script.status.nodes
    own = replace(node, id=NodeId(read_leaf(leaf).identity.id), machine=MACHINE)
    bench.status(nodes=(replace(own, pid=NOBODY),))
    assert await bench.examined() == []
    bench.status(nodes=(replace(own, pid=os.getppid()),))
    assert [each.name for each in await bench.examined()] == ["identity-twice"], "the control"


async def test_a_dragon_without_models_does_not_hide_those_of_another(bench: Bench) -> None:
    (node,) = bench.script.status.nodes
    first = replace(node, id=NodeId("1" * 16), machine="studio", models=("small",))
    for nodes, named in (((first, node), []), ((node,), ["model-missing"])):
        bench.status(models=(Model("small", "fast", "missing"),), nodes=nodes)
        assert [each.name for each in await bench.examined()] == named


async def test_where_nodes_are_services_the_advice_is_for_services(bench: Bench) -> None:
    """`down` would leave them, and say so."""
    bench.stop("dragon", killed=True)
    installed = service_standing(bench, Standing("stopped", enabled=True))
    found = {each.name: each.next for each in await bench.examined(**installed)}
    assert found["dragon-away"] == "Type: postdevai service start all"
    assert "Type: postdevai up" in {e.name: e.next for e in await bench.examined()}["dragon-away"]


async def test_loopback_is_not_everywhere_however_it_is_written(bench: Bench) -> None:
    """gRPC listens to 127.0.0.1 with a socket of IPv6."""
    near = {"dragon": ("127.0.0.1", "::1", "::ffff:127.0.0.1")}
    assert await bench.examined(listening=near) == []


def test_a_home_that_cannot_be_used_is_a_finding_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)
    with pytest.raises(Exception, match="open to others") as refused:
        Home.from_env(str(tmp_path / "home"))
    found = unusable(refused.value)  # type: ignore[arg-type]
    assert (found.name, found.code) == ("home", 4)
    assert "chmod 700" in found.next


def test_every_name_that_the_doctor_knows_is_planted_somewhere() -> None:
    text = "".join(path.read_text() for path in SOURCES.glob("*.py"))
    known = set(re.findall(r'Finding\(\s*"([a-z-]+)"', text))
    known |= set(re.findall(r'return "(key-[a-z]+|keychain)"', text))
    assert len(known) >= 40
    assert known <= {*PLANTS, *ALONE}
    docs = (Path(__file__).resolve().parents[5] / "docs" / "cli.md").read_text()
    told = set(re.findall(r"`([a-z-]+)`", docs.partition("The names are stable:")[2][:2400]))
    assert {*PLANTS, *ALONE} <= told
