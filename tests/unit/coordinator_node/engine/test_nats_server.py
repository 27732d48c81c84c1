"""The server that a Coordinator owns: it is there while its owner is, and never longer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest

from common.alongside import alongside
from common.clock import SystemClock
from coordinator_node.engine import nats_server
from coordinator_node.engine.nats_probe import greets
from coordinator_node.engine.nats_server import NatsServer, ServerSettings, answers, configuration
from coordinator_node.gateway.authority import Authority
from coordinator_node.gateway.engine_leaf import is_due, write_engine_leaf
from tests.support.nats_servers import HOST, free_ports

PATIENCE_S = 60.0
OWNER = """
import asyncio, sys
from pathlib import Path
from coordinator_node.engine import nats_server
from coordinator_node.engine.nats_probe import greets
from coordinator_node.engine.nats_server import NatsServer, ServerSettings

async def main():
    server = NatsServer(ServerSettings("a", "127.0.0.1", int(sys.argv[2])), Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a certificate."""
    authority = Authority.make(tmp_path / "authority", SystemClock())
    write_engine_leaf(authority, tmp_path / "engine", (HOST,))
    return tmp_path / "engine"


@pytest.fixture
def settings() -> Generator[ServerSettings]:
    yield ServerSettings("a", HOST, free_ports(1)[0])


async def test_it_is_private_and_gone_when_it_was_stopped(
    place: Path, settings: ServerSettings
) -> None:
    server = NatsServer(settings, place)
    await server.start()
    try:
        assert await asyncio.to_thread(answers, HOST, settings.port)
        for kept in (place, place / "store"):
            assert kept.stat().st_mode & 0o077 == 0
        assert (place / "nats.conf").stat().st_mode & 0o077 == 0
    finally:
        await server.stop()
    assert not psutil.pid_exists(server.pid)


async def _another_comes_after(what: signal.Signals, server: NatsServer, port: int) -> int:
    """The process to which that was done."""
    await server.start()
    try:
        first = server.pid
        async with alongside(server.keep_running()):
            os.kill(first, what)
            await _until(lambda: server.pid != first and answers(HOST, port))
        return first
    finally:
        await server.stop()


async def test_one_that_died_is_started_again(place: Path, settings: ServerSettings) -> None:
    await _another_comes_after(signal.SIGKILL, NatsServer(settings, place), settings.port)


async def test_one_that_hangs_is_ended_and_started_again(
    place: Path,
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(nats_server, "STOP_S", 0.5)
    server = NatsServer(settings, place, watch_s=0.5)
    first = await _another_comes_after(signal.SIGSTOP, server, settings.port)
    assert _is_gone(first)
    assert f"does not answer and is ended pid={first}" in caplog.text


async def test_a_look_at_one_that_runs_is_no_failure_in_its_log(
    place: Path, settings: ServerSettings
) -> None:
    server = NatsServer(settings, place)
    await server.start()
    try:
        before = _failures(place)
        for _ in range(3):
            assert await greets(HOST, settings.port, place / "tls", PATIENCE_S)
    finally:
        await server.stop()
    assert _failures(place) <= before + 1  # of the look at its start, which may be logged late


def _failures(place: Path) -> int:
    return (place / "nats.log").read_text().count("handshake error")


async def test_it_does_not_outlive_an_owner_that_was_killed(
    place: Path, settings: ServerSettings
) -> None:
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(place), str(settings.port)),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )
    assert owner.stdout is not None
    pid = int(await asyncio.wait_for(owner.stdout.readline(), PATIENCE_S))
    assert psutil.pid_exists(pid)
    owner.kill()
    await owner.wait()
    await _until(lambda: _is_gone(pid))


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.05)


def test_every_acknowledgement_waits_for_the_disk(place: Path) -> None:
    """The servers' own default does not: an acknowledged write could be lost with the power."""
    said = configuration(ServerSettings("a", HOST, 1, 2, ("h:2",)), place)
    assert '"sync_interval": "always"' in said
    assert said.count('"verify_and_map": true') == 2


def test_a_certificate_is_due_at_two_thirds_and_for_another_ca(tmp_path: Path) -> None:
    class Clock(SystemClock):
        ahead_ms = 0

        def now_ms(self) -> int:
            return super().now_ms() + self.ahead_ms

    clock = Clock()
    authority = Authority.make(tmp_path / "authority", clock)
    assert is_due(authority, tmp_path / "engine")
    write_engine_leaf(authority, tmp_path / "engine", (HOST,))
    assert not is_due(authority, tmp_path / "engine")
    assert is_due(Authority.make(tmp_path / "other", clock), tmp_path / "engine")
    clock.ahead_ms = 21 * 24 * 3_600_000
    assert is_due(authority, tmp_path / "engine")
