"""`up` and `down` over real processes that hold nothing: starting, staying, stopping, dying."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from common.daemon.home import Home
from common.errors import Unavailable
from developer_node.front.up import daemons

ROOT = Path(__file__).resolve().parents[5]
ROLES = daemons.ORDER


class Machine:
    """One HOME, and the words typed there."""

    def __init__(self, root: Path) -> None:
        self.home = Home.from_env(str(root))
        self.env = os.environ | {
            "POSTDEVAI_HOME": str(root),
            "PYTHONPATH": str(ROOT),
            "NO_COLOR": "1",
        }

    def words(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "tests.support.rehearsed.postdevai", *args]

    def type(self, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
        """To its end."""
        return subprocess.run(
            self.words(*args),
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def begin(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """In the foreground of another terminal."""
        return subprocess.Popen(
            self.words(*args),
            env=self.env | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pids(self) -> dict[str, int]:
        found = {role: self.home.ready(role) for role in ROLES}
        return {role: ready.pid for role, ready in found.items() if ready}

    def left(self) -> list[str]:
        """Command lines of whatever still runs with this HOME."""
        found: list[str] = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("POSTDEVAI_HOME") == str(self.home.root):
                    found.append(" ".join(process.cmdline()))
            except psutil.Error:
                continue
        return found


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "home")
    yield made
    for pid in made.pids().values():
        os.kill(pid, signal.SIGKILL)


def until_said(process: subprocess.Popen[str], word: str) -> str:
    """What it printed, up to the piece that holds the word; past Python's own buffer."""
    assert process.stdout is not None
    said = ""
    end = time.monotonic() + 60
    while word not in said:
        assert time.monotonic() < end, f"it never said {word!r}: {said}"
        if select.select([process.stdout], [], [], 1)[0]:
            piece = os.read(process.stdout.fileno(), 4096)
            assert piece, f"it ended without {word!r}: {said}"
            said += piece.decode()
    return said


def test_up_starts_the_three_and_down_leaves_no_process(machine: Machine) -> None:
    up = machine.type("up", "--detach")
    assert up.returncode == 0, up.stdout + up.stderr
    assert set(machine.pids()) == set(ROLES)
    down = machine.type("down")
    assert down.returncode == 0, down.stdout + down.stderr
    assert machine.left() == []


def test_a_node_gets_its_code_in_a_private_file_that_does_not_stay(machine: Machine) -> None:
    machine.type("up", "--detach")
    leaves = {r: (machine.home.root / r / "identity/leaf.pem").read_text() for r in ROLES}
    assert leaves["dragon"] == "code-for-dragon 600"
    assert leaves["developer"] == "code-for-developer-admin 600", "the first laptop is admin"
    assert not [p for p in machine.home.root.rglob("join") if p.is_file()]


def test_a_node_with_an_identity_spends_no_second_code(machine: Machine) -> None:
    leaf = machine.home.identity_directory("dragon") / "leaf.pem"
    leaf.write_text("expired three days ago")
    machine.home.directory("coordinator")
    assert machine.type("up", "--detach").returncode == 0
    assert leaf.read_text() == "expired three days ago", "it renews by itself"


def test_started_twice_it_says_so_and_starts_nothing(machine: Machine) -> None:
    machine.type("up", "--detach")
    before = machine.pids()
    again = machine.type("up")
    assert again.returncode == 0, "it has nothing of its own to stay for"
    assert "already running" in again.stdout
    assert all(str(pid) in again.stdout for pid in before.values())
    assert machine.pids() == before


def test_told_to_listen_elsewhere_it_starts_those_again_that_do_not(machine: Machine) -> None:
    """Recording goes on meanwhile: the laptop's own node listens on a Unix socket only."""
    machine.type("up", "--detach")
    before = machine.pids()
    moved = machine.type("up", "--detach", "--host", "all")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    assert "listen at every address of this machine" in moved.stdout
    after = machine.pids()
    assert {role for role in ROLES if after[role] != before[role]} == {"coordinator", "dragon"}
    assert all(
        (r := machine.home.ready(role)) and r.address.startswith("0.0.0.0:")
        for role in ("coordinator", "dragon")
    )
    again = machine.type("up", "--detach", "--host", "all")
    assert "already running" in again.stdout
    assert machine.pids() == after, "they listen there already"


def test_a_killed_daemon_alone_is_started_again(machine: Machine) -> None:
    machine.type("up", "--detach")
    before = machine.pids()
    os.kill(before["dragon"], signal.SIGKILL)
    psutil.wait_procs([psutil.Process(before["dragon"])], timeout=10)
    assert machine.type("up", "--detach").returncode == 0
    after = machine.pids()
    assert after["dragon"] != before["dragon"]
    assert {r: after[r] for r in ("coordinator", "developer")} == {
        r: before[r] for r in ("coordinator", "developer")
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_in_the_foreground_a_signal_stops_all_three_in_order(
    machine: Machine, number: signal.Signals
) -> None:
    up = machine.begin("up")
    until_said(up, "Ctrl-C")
    up.send_signal(number)
    said, _ = up.communicate(timeout=30)
    assert up.returncode == 0, "make would print an error line"
    stopped = [text.split()[0] for text in said.splitlines() if text.endswith("stopped")]
    assert stopped == ["developer", "dragon", "coordinator"]
    assert machine.left() == []


def test_daemons_of_the_foreground_die_with_it(machine: Machine) -> None:
    up = machine.begin("up")
    until_said(up, "Ctrl-C")
    processes = [psutil.Process(pid) for pid in machine.pids().values()]
    up.kill()
    up.wait()
    assert psutil.wait_procs(processes, timeout=20)[1] == []


def test_daemons_that_were_detached_outlive_it(machine: Machine) -> None:
    machine.type("up", "--detach")
    sessions = {os.getsid(pid) for pid in machine.pids().values()}
    assert sessions == set(machine.pids().values()), "no terminal's end reaches them"


def test_down_from_elsewhere_ends_the_foreground_too(machine: Machine) -> None:
    up = machine.begin("up")
    until_said(up, "Ctrl-C")
    assert machine.type("down").returncode == 0
    assert up.wait(timeout=20) == 0
    assert machine.left() == []


def test_a_daemon_that_dies_in_the_foreground_is_named_and_started_again(machine: Machine) -> None:
    up = machine.begin("up")
    until_said(up, "Ctrl-C")
    before = machine.pids()["dragon"]
    os.kill(before, signal.SIGKILL)
    said = until_said(up, "again, pid")
    assert "the dragon node has ended: signal 9" in said.lower()
    assert "started again in 1 s" in said
    end = time.monotonic() + 60
    while machine.pids().get("dragon", before) == before:
        assert time.monotonic() < end, "it never served again"
        time.sleep(0.05)
    up.terminate()
    assert up.wait(timeout=60) == 0
    assert machine.left() == [], "the new one is stopped with the others"


def test_a_daemon_that_a_service_runs_is_left_by_up_and_by_down(machine: Machine) -> None:
    """The process has what a unit gives it; no manager is needed to see that."""
    assert machine.type("up", "--detach").returncode == 0
    pid = machine.pids()["dragon"]
    os.kill(pid, signal.SIGTERM)
    psutil.wait_procs([psutil.Process(pid)], timeout=30)
    command = daemons.command("dragon", machine.home, join_file=None, with_parent=False)
    rehearsed = [each.replace("dragon_node", "tests.support.rehearsed.dragon") for each in command]
    service = subprocess.Popen(rehearsed, env=machine.env | {"POSTDEVAI_SERVICE": "systemd:user"})
    try:
        end = time.monotonic() + 60
        while machine.pids().get("dragon") != service.pid:
            assert time.monotonic() < end
            time.sleep(0.05)
        up = machine.type("up", "--detach")
        assert "already running as a service" in up.stdout
        wide = machine.type("up", "--detach", "--host", "all")
        assert "until: postdevai service restart dragon" in wide.stdout
        assert machine.pids()["dragon"] == service.pid
        down = machine.type("down")
        assert down.returncode == 4
        assert "postdevai service stop dragon" in down.stderr
        assert machine.pids() == {"dragon": service.pid}, "the others were stopped"
    finally:
        service.terminate()
        assert service.wait(60) == 0


def test_a_daemon_that_cannot_start_says_why_and_nothing_is_left(machine: Machine) -> None:
    up = machine.type("up", "--detach", REHEARSED_DRAGON_FAILS="the disk is full")
    assert up.returncode == 3
    assert "the disk is full" in up.stderr
    assert "Traceback" not in up.stderr + up.stdout
    assert machine.left() == []


def test_a_repository_that_is_not_there_is_wrong_usage_and_starts_nothing(machine: Machine) -> None:
    up = machine.type("up", "--detach", "--repo", str(machine.home.root / "nowhere"))
    assert up.returncode == 2
    assert "is not a directory" in up.stderr
    assert machine.left() == []


def test_repositories_are_watched_whether_the_daemon_is_new_or_not(
    machine: Machine, tmp_path: Path
) -> None:
    first = machine.type("up", "--detach", "--repo", str(tmp_path))
    again = machine.type("up", "--detach", "--repo", str(tmp_path))
    assert f"Watching {tmp_path}" in first.stdout
    assert f"Watching {tmp_path}" in again.stdout
    assert "This is no git repository: every file below it is recorded" in first.stdout


def test_of_a_git_repository_nothing_is_said_but_that_it_is_watched(
    machine: Machine, tmp_path: Path
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    up = machine.type("up", "--detach", "--repo", str(tmp_path))
    assert f"Watching {tmp_path}" in up.stdout
    assert "no git repository" not in up.stdout


def test_waiting_for_vectors_ends_where_nobody_brings_the_model_and_the_nodes_go_on(
    machine: Machine,
) -> None:
    up = machine.type("up", "--detach", "--wait", "vectors", REHEARSED_SCENE="model missing")
    assert up.returncode == 3
    assert "bge-small is missing" in up.stderr and "models pull bge-small" in up.stderr
    assert set(machine.pids()) == set(ROLES), "what can be done without the model goes on"


def test_a_daemon_that_dies_while_it_is_waited_for_ends_the_wait(machine: Machine) -> None:
    up = machine.begin("up", "--detach", "--wait", "vectors", REHEARSED_SCENE="model arriving")
    until_said(up, "40 %")
    os.kill(machine.pids()["dragon"], signal.SIGKILL)
    said, _ = up.communicate(timeout=30)
    assert up.returncode == 3
    assert "dragon node has ended: signal 9" in said


def test_a_signal_while_it_waits_stops_what_it_started(machine: Machine) -> None:
    up = machine.begin("up", "--wait", "vectors", REHEARSED_SCENE="model arriving")
    until_said(up, "40 %")
    up.terminate()
    assert up.wait(timeout=30) == 0
    assert machine.left() == []


def test_a_tui_without_a_terminal_is_a_foreground_that_says_where_to_connect(
    machine: Machine,
) -> None:
    up = machine.begin("up", "--tui")
    said = until_said(up, "Ctrl-C")
    ready = machine.home.ready("developer")
    assert ready is not None and ready.address in said
    up.terminate()
    assert up.wait(timeout=30) == 0


def test_two_that_start_at_once_start_one_mesh(machine: Machine) -> None:
    both = [machine.begin("up", "--detach") for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("already running" in text for text in said) == 1
    assert len(machine.left()) == 3


def test_down_takes_the_directory_of_the_sockets_away(machine: Machine) -> None:
    machine.type("up", "--detach")
    directory = machine.home.runtime_directory()
    assert machine.type("down").returncode == 0
    assert not directory.exists()


def test_down_with_nothing_running_is_done(machine: Machine) -> None:
    down = machine.type("down", "--free")
    assert down.returncode == 0
    assert down.stdout.splitlines() == ["Nothing is running.", "RAM disk given back"]


async def test_a_daemon_that_does_not_stop_is_killed_on_linux_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.type("up", "--detach", REHEARSED_DRAGON_DEAF="1")
    pid = machine.pids()["dragon"]
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(Unavailable, match=str(pid)):
        await daemons.stop(pid, "dragon", drain_s=0.3)
    assert psutil.pid_exists(pid), "a Mac may lose the GPU memory that it had wired"
    monkeypatch.setattr(sys, "platform", "linux")
    assert (await daemons.stop(pid, "dragon", drain_s=0.3)).startswith("killed")
