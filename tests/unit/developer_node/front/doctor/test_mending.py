"""`doctor --fix`: mends what is safe, says so, asks first, and leaves the rest to the person."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.daemon.files import write_private
from common.daemon.home import Home
from developer_node.front.service.systemd_unit import text
from developer_node.front.service.unit import Unit
from tests.support.typed import Terminal

NOBODY = 99_999_999
MENDED = {"secret-open", "stale-pid", "socket-stale", "unit-program"}


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A short path: sockets lie there."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pdv") as made:
        yield Path(made)


@pytest.fixture
def terminal(tmp_path: Path, runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A HOME with four faults that can be mended, and one that cannot."""
    env = {"XDG_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    home = Home.from_env(str(tmp_path / "home"))
    key = home.identity_directory("dragon") / "key.pem"
    write_private(key, b"secret")
    key.chmod(0o644)
    said = {"role": "dragon", "pid": NOBODY, "address": "a:1", "started_ms": 1, "version": "1"}
    write_private(home.ready_path("dragon"), json.dumps(said).encode())
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(home.runtime_directory() / "developer.sock"))
    listener.close()  # its file stays, as of a process that was killed
    units = tmp_path / "config" / "systemd" / "user"
    units.mkdir(parents=True)
    unit = Unit("dragon", "systemd", "user", home.root, tmp_path / "gone" / "dragon-node")
    (units / unit.name).write_text(text(unit))
    (home.directory("coordinator") / "engine.toml").write_text("engine = nats\n")
    return Terminal(home.root, tmp_path, env)


async def names(terminal: Terminal, *words: str) -> set[str]:
    done = await terminal.type("doctor", "--json", *words)
    return {each["name"] for each in done.json["findings"]}


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="the unit is one of systemd's")
async def test_what_is_safe_is_mended_after_a_yes_and_only_that(terminal: Terminal) -> None:
    assert await names(terminal) >= {*MENDED, "engine-settings"}
    asked = await terminal.type("doctor", "--fix")
    assert asked.code == 2 and "--yes" in asked.err, "nobody is there to be asked"
    assert await names(terminal) >= MENDED, "nothing was done without a yes"

    done = await terminal.type("doctor", "--fix", "--yes")
    for said in ("Closed", "key.pem to others", "ready.json", "developer.sock", ".service"):
        assert said in done.out
    assert await names(terminal) & {*MENDED, "engine-settings"} == {"engine-settings"}
    home = Home(terminal.home)
    assert (home.root / "dragon" / "identity" / "key.pem").read_bytes() == b"secret"
    assert home.left_sockets() == []
    again = await terminal.type("doctor", "--fix", "--yes")
    assert "nothing that could be mended" in again.out
