"""Services of a HOME: who may be installed, what is asked of which manager, in which order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home
from common.errors import Conflict, Invalid, Missing, Unavailable
from common.model.node import Role
from developer_node.front.service import files, launchd, systemd
from developer_node.front.service.files import ROLES
from developer_node.front.service.manager import Said, Standing
from developer_node.front.service.services import Services
from tests.support.typed import Terminal

SHOWN = """\
LoadState=loaded
ActiveState={active}
SubState={sub}
UnitFileState=enabled
MainPID={pid}
NRestarts=4
ExecMainStatus={code}
Result={result}
"""
"""As systemd 252 prints it."""
PRINTED = """\
gui/501/com.postdevai.dragon = {
	active count = 1
	path = /Users/ada/Library/LaunchAgents/com.postdevai.dragon.plist
	type = LaunchAgent
	state = running

	program = /Users/ada/postdevai/bin/dragon-node
	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}
	domain = gui/501 [100005]
	minimum runtime = 10
	exit timeout = 600
	runs = 3
	pid = 4021
	immediate reason = speculative
	forks = 0
	last exit code = 3
	spawn type = interactive (4)
}
"""
"""In the shape that `launchctl print` is known to have; not recorded on a Mac of ours."""


@dataclass
class Tool:
    """What a manager's tool was asked, and what it answers by a word of the question."""

    answers: dict[str, Said] = field(default_factory=dict[str, Said])
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, words: Sequence[str]) -> Said:
        line = " ".join(words)
        self.asked.append(line)
        return next((said for word, said in self.answers.items() if word in line), Said(0, "", ""))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """With all three nodes, and a place for units that is not the person's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "person")
    return made(tmp_path / "home")


def made(root: Path) -> Home:
    home = Home.from_env(str(root))
    for role in ("dragon", "developer"):
        write_private(home.identity_directory(role) / "leaf.pem", b"leaf")
    (home.directory("coordinator") / "authority").mkdir(mode=0o700)
    write_private(home.root / "coordinator" / "authority" / "ca.pem", b"ca")
    return home


def installed(home: Home, tool: Tool, *roles: Role, kind: files.Kind = "systemd") -> Services:
    services = Services(home, kind=kind, run=tool)
    services.install(services.plan(roles or ROLES, "user", {}), "user")
    tool.asked.clear()
    return services


def test_systemd_is_asked_in_order_and_uninstall_leaves_no_file(home: Home) -> None:
    tool = Tool()
    services = Services(home, kind="systemd", run=tool)
    services.install(services.plan(ROLES, "user", {}), "user")
    assert [each.role for each in services.mine(ROLES)] == list(ROLES)
    services.start(ROLES)
    services.stop(ROLES)
    units = [f"postdevai-{role}.service" for role in ROLES]
    assert tool.asked == [
        "systemctl --version",
        "systemctl --user --no-pager daemon-reload",
        f"systemctl --user --no-pager enable {' '.join(units)}",
        *(f"systemctl --user --no-pager start {unit}" for unit in units),
        *(f"systemctl --user --no-pager stop {unit}" for unit in reversed(units)),
    ]
    assert services.uninstall(ROLES) == 3
    assert services.mine(ROLES) == []
    assert f"systemctl --user --no-pager disable --now {units[0]}" in tool.asked


def test_launchd_loads_to_start_and_unloads_to_stop(home: Home) -> None:
    """One that is only signalled would be started again."""
    absent = Said(113, "", "Could not find service")
    tool = Tool({"print": absent})
    services = installed(home, tool, "dragon", kind="launchd")
    services.start(["dragon"])
    services.stop(["dragon"])
    domain = f"gui/{os.getuid()}"
    path = files.directory("launchd", "user") / "com.postdevai.dragon.plist"
    assert tool.asked == [
        f"/bin/launchctl print {domain}/com.postdevai.dragon",
        f"/bin/launchctl bootstrap {domain} {path}",
        f"/bin/launchctl bootout {domain}/com.postdevai.dragon",
    ]
    tool.answers = {"bootout": absent}
    services.stop(["dragon"])  # one that is not loaded has stopped


def test_a_node_that_up_runs_is_not_started_as_a_service_beside_it(home: Home) -> None:
    tool = Tool()
    services = installed(home, tool, "dragon")
    program = (
        "import sys; from pathlib import Path; from common.daemon.locks import only_instance\n"
        "with only_instance(Path(sys.argv[1]), 'dragon'): print('held', flush=True); input()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, str(home.lock_path("dragon"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(Conflict, match="runs already") as refused:
            services.start(["dragon"])
        assert "postdevai down" in refused.value.hint
        assert tool.asked == []
    finally:
        holder.communicate(b"\n", timeout=60)


def test_where_the_manager_does_not_answer_nothing_new_stays(home: Home) -> None:
    tool = Tool({"daemon-reload": Said(1, "", "Failed to connect to bus: No medium found")})
    services = Services(home, kind="systemd", run=tool)
    with pytest.raises(Unavailable, match="No medium found") as refused:
        services.install(services.plan(ROLES, "user", {}), "user")
    assert "--system" in refused.value.hint
    assert services.mine(ROLES) == []


def test_units_can_be_removed_although_the_manager_does_not_answer(home: Home) -> None:
    tool = Tool()
    services = installed(home, tool, "dragon")
    (unit,) = services.mine(["dragon"])
    wanted = unit.path.parent / "default.target.wants" / unit.path.name
    wanted.parent.mkdir()
    wanted.symlink_to(unit.path)
    tool.answers = {"disable": Said(1, "", "Failed to connect to bus: No medium found")}
    said: list[str] = []
    assert services.uninstall(ROLES, lambda _, told: said.append(told)) == 1
    assert not unit.path.exists() and not wanted.is_symlink()
    assert "was not told" in said[0]


def test_one_machine_has_one_service_of_a_node(home: Home, tmp_path: Path) -> None:
    installed(home, Tool(), "dragon")
    other = Services(made(tmp_path / "other"), kind="systemd", run=Tool())
    with pytest.raises(Conflict, match=str(home.root)) as refused:
        other.plan(ROLES, "user", {})
    assert f"POSTDEVAI_HOME={home.root} postdevai service uninstall dragon" in refused.value.hint
    assert other.mine(ROLES) == [], "those of another directory are not touched"
    with pytest.raises(Missing, match="no service"):
        other.stop(["dragon"])


def test_a_node_that_is_not_here_is_not_installed(tmp_path: Path) -> None:
    services = Services(Home.from_env(str(tmp_path / "bare")), kind="systemd", run=Tool())
    with pytest.raises(Invalid, match="no dragon node yet") as refused:
        services.plan(["dragon"], "user", {})
    assert "postdevai up" in refused.value.hint


def test_units_are_pointed_to_another_version_and_keep_their_settings(home: Home) -> None:
    services = Services(home, kind="systemd", run=Tool())
    services.install(services.plan(ROLES, "user", {"POSTDEVAI_RAM": "shm"}), "user")
    assert services.repoint(Path("/new one/bin")) == list(ROLES)
    for each in services.mine(ROLES):
        assert each.program == Path(f"/new one/bin/{each.role}-node")
        assert "POSTDEVAI_RAM=shm" in each.path.read_text()
    assert services.repoint(Path("/new one/bin")) == []


@pytest.mark.parametrize(
    ("active", "sub", "pid", "code", "result", "means"),
    [
        ("active", "running", 7, 0, "success", Standing("running", True, 7, 4, None)),
        ("activating", "start", 7, 0, "success", Standing("starting", True, 7, 4, None)),
        ("activating", "auto-restart", 0, 3, "exit-code",
         Standing("failed", True, 0, 4, 3, "exit-code")),
        ("inactive", "dead", 0, 0, "success", Standing("stopped", True, 0, 4, 0)),
        ("failed", "failed", 0, 2, "exit-code", Standing("failed", True, 0, 4, 2, "exit-code")),
    ],
)  # fmt: skip
def test_what_systemd_shows_is_understood(
    active: str, sub: str, pid: int, code: int, result: str, means: Standing
) -> None:
    assert systemd.read(SHOWN.format(**locals())) == means


def test_what_launchd_prints_is_understood() -> None:
    assert launchd.read(PRINTED, enabled=True) == Standing("running", True, 4021, 2, None)
    ended = PRINTED.replace("\tpid = 4021\n", "").replace("state = running", "state = waiting")
    assert launchd.read(ended, enabled=True) == Standing("failed", True, 0, 2, 3)


@pytest.fixture
def terminal(home: Home, tmp_path: Path) -> Iterator[Terminal]:
    """Where `systemctl` is a script that answers as one that runs all."""
    tools = tmp_path / "tools"
    tools.mkdir()
    answer = SHOWN.format(active="active", sub="running", pid=7, code=0, result="success")
    (tools / "answer").write_text(answer)
    (tools / "systemctl").write_text(f"#!/bin/sh\ncat {tools}/answer\n")
    (tools / "systemctl").chmod(0o755)
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": f"{tools}:{os.defpath}"}
    env["HOME"] = str(tmp_path / "person")
    yield Terminal(home.root, tmp_path, env)


@pytest.mark.skipif(sys.platform != "linux", reason="systemctl is asked on Linux")
async def test_a_person_installs_looks_and_removes(terminal: Terminal) -> None:
    before = await terminal.type("service")
    assert before.code == 1 and "service install all" in before.out
    shown = await terminal.type("service", "install", "all", "--dry-run")
    assert shown.code == 0 and "Type=notify" in shown.out
    assert (await terminal.type("service", "--json")).json["services"][0]["installed"] is False

    done = await terminal.type("service", "install")
    assert done.code == 0 and "postdevai service start all" in done.out
    status = await terminal.type("service", "status", "--json")
    assert status.code == 0
    assert {each["state"] for each in status.json["services"]} == {"running"}
    assert (await terminal.type("service", "restart", "dragon")).code == 0
    both = await terminal.type("service", "install", "--user", "--system")
    assert both.code == 2 and "exclude each other" in both.err

    gone = await terminal.type("service", "uninstall")
    assert gone.code == 0 and gone.out.count("removed") == 3
    assert (await terminal.type("service", "stop")).code == 1
    assert json.loads((await terminal.type("service", "--json")).out)["services"]


@pytest.mark.skipif(sys.platform != "linux", reason="systemctl is asked on Linux")
async def test_uninstall_takes_the_services_first(terminal: Terminal) -> None:
    """Nodes that were stopped alone would be started again, and find nothing."""
    assert (await terminal.type("service", "install")).code == 0
    told = await terminal.type("uninstall", "--dry-run")
    assert told.out.count("the service of the") == 3
    done = await terminal.type("uninstall", "--yes")
    assert done.code == 0, done.err
    assert done.out.index("dragon service: removed") < done.out.index("Nothing is running")
    assert (await terminal.type("service")).code == 1
