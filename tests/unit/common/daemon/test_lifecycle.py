"""A daemon's life, in real processes: ready, drained, gone; one sentence for each failure."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from common.daemon.home import Home

DAEMON = """
import asyncio, sys
from contextlib import asynccontextmanager
from common.daemon.home import Home
from common.daemon.lifecycle import Running, run_daemon
from common.errors import *

async def fail_soon():
    await asyncio.sleep(0)
    raise Corrupt("the journal is torn", hint="restore it")

@asynccontextmanager
async def open_node():
    what = sys.argv[2]
    if what == "unavailable": raise Unavailable("no Coordinator answers", hint="start it")
    if what == "denied": raise Denied("not welcome")
    if what == "bug": raise KeyError("inside")
    if what == "slow-open":
        print("opening", flush=True)
        await asyncio.Event().wait()
    async with asyncio.TaskGroup() as tasks:
        if what == "background": tasks.create_task(fail_soon())
        try:
            yield Running("127.0.0.1:1", {"a": "b"})
        finally:
            if what == "stuck": await asyncio.Event().wait()
            print("drained", flush=True)

sys.exit(run_daemon("dragon", Home.from_env(sys.argv[1]), open_node, grace_s=float(sys.argv[3]),
                    die_with_parent=len(sys.argv) > 4))
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.from_env(str(tmp_path / "home"))


def start(home: Home, what: str = "good", grace_s: float = 5) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(home.root), what, str(grace_s)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def running(home: Home, what: str = "good", grace_s: float = 5) -> Generator[subprocess.Popen[str]]:
    process = start(home, what, grace_s)
    try:
        while home.ready("dragon") is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
                raise AssertionError(process.communicate()[1])
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_drains(home: Home, number: signal.Signals) -> None:
    with running(home) as process:
        said = home.ready("dragon")
        assert said is not None
        assert (said.pid, said.address, said.extra) == (process.pid, "127.0.0.1:1", {"a": "b"})
        process.send_signal(number)
        assert process.communicate(timeout=30) == ("drained\n", "")
        assert process.returncode == 0
        assert not home.ready_path("dragon").exists()


def test_the_second_signal_ends_at_once(home: Home) -> None:
    with running(home, "stuck", 600) as process:
        process.send_signal(signal.SIGTERM)
        while home.ready_path("dragon").exists():  # gone once the first was heard
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130


def test_what_does_not_drain_in_time_is_left(home: Home) -> None:
    with running(home, "stuck", 0.1) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 3
        assert "did not drain in time" in home.log_path("dragon").read_text()


def test_a_signal_while_it_opens_is_no_failure(home: Home) -> None:
    process = start(home, "slow-open")
    assert process.stdout is not None
    assert process.stdout.readline() == "opening\n"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("what", "code", "complaint"),
    [
        ("unavailable", 3, "dragon: no Coordinator answers\n  start it\n"),
        ("denied", 4, "dragon: not welcome\n"),
        ("background", 5, "dragon: the journal is torn\n  restore it\n"),
    ],
)
def test_a_failure_is_one_sentence_with_its_own_exit_code(
    home: Home, what: str, code: int, complaint: str
) -> None:
    process = start(home, what)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (code, complaint)


def test_a_fault_of_ours_is_told_without_its_inside_and_logged_with_it(home: Home) -> None:
    process = start(home, "bug")
    _, said = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "Traceback" not in said
    assert str(home.log_path("dragon")) in said
    assert "Traceback" in home.log_path("dragon").read_text()


def test_a_second_one_is_refused_and_the_first_goes_on(home: Home) -> None:
    with running(home) as first:
        second = start(home)
        _, said = second.communicate(timeout=30)
        assert second.returncode == 4
        assert f"runs already (pid {first.pid})" in said
        assert home.ready("dragon") is not None


def test_a_ready_file_that_a_killed_one_left_is_replaced(home: Home) -> None:
    with running(home) as first:
        first.kill()
        first.wait()
        assert home.ready_path("dragon").exists()
    with running(home) as second:
        said = home.ready("dragon")
        assert said is not None
        assert said.pid == second.pid


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux only")
def test_it_stops_when_its_parent_is_killed(home: Home) -> None:
    parent = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])\n"
        "print(child.pid, flush=True); child.wait()"
    )
    words = [DAEMON, str(home.root), "good", "5", "die"]
    process = subprocess.Popen(
        [sys.executable, "-c", parent, *words], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    child = psutil.Process(int(process.stdout.readline()))
    while home.ready("dragon") is None:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    child.wait(30)
    assert home.ready("dragon") is None
    process.stdout.close()
