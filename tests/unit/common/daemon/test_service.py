"""What a daemon says to its service manager, over a real socket, from a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.daemon.home import Home
from common.daemon.logs import PRINTED_BYTES_MAX
from common.daemon.service import Manager
from common.daemon.starts import MOST_S, Starts, StartsFile
from tests.support.unit_runner import NotifySocket

DAEMON = """
import asyncio, os, sys
from contextlib import asynccontextmanager
from common.daemon.home import Home
from common.daemon.lifecycle import Running, run_daemon
from common.errors import *

@asynccontextmanager
async def open_node():
    what = sys.argv[2]
    if what == "invalid": raise Invalid("engine.toml makes no sense")
    if what == "corrupt": raise Corrupt("the journal is torn")
    if what == "denied": raise Denied("not welcome")
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "POSTDEVAI_SERVICE"} & set(os.environ)
    yield Running("127.0.0.1:1")
    if what == "stuck": await asyncio.Event().wait()

sys.exit(run_daemon("dragon", Home.from_env(sys.argv[1]), open_node, grace_s=600))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env(str(tmp_path / "home"))


@pytest.fixture
def listening() -> Iterator[NotifySocket]:
    made = NotifySocket()
    yield made
    made.close()


def start(
    home: Home, what: str, printed: int = subprocess.DEVNULL, /, **env: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(home.root), what],
        env=os.environ | env,
        stderr=printed,
    )


def test_ready_is_said_when_it_serves_and_stopping_when_it_drains(
    home: Home, listening: NotifySocket
) -> None:
    process = start(home, "good", NOTIFY_SOCKET=str(listening.path))
    listening.until("READY=1")
    assert home.ready("dragon") is not None, "what READY promises is there"
    assert "STATUS=serves at 127.0.0.1:1" in listening.heard
    assert "STOPPING=1" not in listening.heard and "WATCHDOG=1" not in listening.heard
    process.send_signal(signal.SIGTERM)
    listening.until("STOPPING=1")
    assert process.wait(60) == 0


def test_a_second_signal_ends_it_at_once_as_a_service_too(
    home: Home, listening: NotifySocket
) -> None:
    process = start(home, "stuck", NOTIFY_SOCKET=str(listening.path))
    listening.until("READY=1")
    process.send_signal(signal.SIGTERM)
    listening.until("STOPPING=1")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130


def test_a_watchdog_hears_of_a_loop_that_turns(home: Home, listening: NotifySocket) -> None:
    process = start(home, "good", NOTIFY_SOCKET=str(listening.path), WATCHDOG_USEC="100000")
    listening.until("WATCHDOG=1", times=3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_a_manager_that_has_gone_is_no_reason_to_end(home: Home, tmp_path: Path) -> None:
    process = start(home, "good", NOTIFY_SOCKET=str(tmp_path / "gone"))
    while home.ready("dragon") is None:
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert "was not told" in home.log_path("dragon").read_text()


@pytest.mark.parametrize(
    ("what", "manager", "code"),
    [
        ("invalid", "launchd:user", 0),
        ("corrupt", "launchd:system", 0),
        ("denied", "launchd:user", 4),
        ("invalid", "systemd:user", 2),
        ("corrupt", "", 5),
    ],
)
def test_launchd_sees_an_end_that_it_does_not_restart_where_no_restart_helps(
    home: Home, what: str, manager: str, code: int
) -> None:
    """systemd is told such codes in the unit; launchd restarts whatever does not end with 0."""
    assert start(home, what, POSTDEVAI_SERVICE=manager).wait(60) == code


@pytest.mark.parametrize(("manager", "kept"), [("systemd:user", 0), ("", PRINTED_BYTES_MAX + 1)])
def test_what_a_manager_appended_is_bounded_and_a_person_s_file_is_not_touched(
    home: Home, tmp_path: Path, manager: str, kept: int
) -> None:
    printed = tmp_path / "printed"
    printed.write_bytes(b"x" * (PRINTED_BYTES_MAX + 1))
    with printed.open("ab") as file:
        process = start(home, "denied", file.fileno(), POSTDEVAI_SERVICE=manager)
        assert process.wait(60) == 4
    said = printed.read_bytes()
    assert said[kept:].startswith(b"dragon: not welcome") and len(said) < kept + 1000


def test_a_service_that_ended_again_and_again_waits_and_can_be_stopped_meanwhile(
    home: Home, listening: NotifySocket
) -> None:
    starts = StartsFile(home.directory("dragon") / "starts.json")
    starts.begin(Starts(4), time.time_ns() // 1_000_000)
    said = {"POSTDEVAI_SERVICE": "systemd:user", "NOTIFY_SOCKET": str(listening.path)}
    process = start(home, "good", **said)
    listening.until_like("STATUS=waits")
    assert home.ready("dragon") is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert starts.read().in_a_row == 5, "it was not given a chance"


def test_each_start_that_comes_to_nothing_is_counted_and_a_stop_forgets_them(
    home: Home, listening: NotifySocket
) -> None:
    """Killed while it serves counts too, before a minute has passed."""
    starts = StartsFile(home.directory("dragon") / "starts.json")
    said = {"POSTDEVAI_SERVICE": "systemd:user", "NOTIFY_SOCKET": str(listening.path)}
    assert start(home, "denied", **said).wait(60) == 4
    assert starts.read().in_a_row == 1
    starts.begin(Starts(0), 0)  # long ago: it need not wait
    killed = start(home, "good", **said)
    listening.until("READY=1")
    killed.kill()
    killed.wait(60)
    assert starts.read().in_a_row == 2
    starts.begin(Starts(1), 0)
    process = start(home, "good", **said)
    listening.until("READY=1", times=2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert starts.read() == Starts()


@given(st.integers(0, 10_000), st.integers(0, 10**13), st.integers(-(10**9), 10**9))
def test_a_wait_is_bounded_grows_with_each_end_and_never_comes_from_a_clock_set_back(
    ends: int, at_ms: int, passed_ms: int
) -> None:
    wait, longer = (Starts(n, at_ms).wait_s(at_ms + passed_ms) for n in (ends, ends + 1))
    assert 0 <= wait <= longer <= MOST_S
    if ends == 0 or passed_ms < 0 or passed_ms >= MOST_S * 1000:
        assert wait == 0


def test_words_of_a_manager_are_read_once_and_only_when_they_are_meant() -> None:
    said = {"POSTDEVAI_SERVICE": "systemd:user", "NOTIFY_SOCKET": "/n", "WATCHDOG_USEC": "4000000",
            "WATCHDOG_PID": str(os.getpid()), "PATH": "/p"}  # fmt: skip
    assert Manager.of(said) == Manager("systemd:user", "/n", 4.0)
    assert said == {"PATH": "/p"}
    assert Manager.of({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}).watchdog_s == 0
    assert Manager.of({"WATCHDOG_USEC": "soon"}) == Manager()
