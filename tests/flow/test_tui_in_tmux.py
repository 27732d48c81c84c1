"""The screens in a real terminal of 80x24 over a real mesh: every view opens by its key."""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from developer_node.front.tui.app import VIEWS
from developer_node.front.tui.places import NUMBER_OF, PLACES
from tests.support.mesh import Mesh, until
from tests.support.terminals import Terminal

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin:/usr/bin")
TUI = [sys.executable, "-m", "developer_node.front.cli", "tui"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("tmux") is None, reason="there is no tmux here"),
]


@contextmanager
def _terminal(mesh: Mesh, command: list[str]) -> Generator[Terminal]:
    terminal = Terminal(command, mesh.env, (80, 24))
    try:
        yield terminal
    finally:
        terminal.close()


def _look_at_every_view(terminal: Terminal) -> None:
    """Opens each by its key, and its help, which says its name and what it is for."""
    terminal.wait_for("1 Home")
    asking = False
    for view in VIEWS:
        # in a field a number is a number, so from there Tab goes on
        terminal.press("Tab" if asking else NUMBER_OF[view.VIEW])
        asking = view.VIEW == "ask"
        if asking:
            terminal.wait_for("What do you want to know?")
        terminal.press("F1")
        terminal.wait_for("Keys here")
        shown = terminal.wait_for(view.SUMMARY[:30])
        assert any(place.title in shown for place in PLACES if place.name == view.VIEW)
        terminal.press("Enter")
        terminal.wait(lambda shown: "Keys here" not in shown, "the end of the help")


def _leave(terminal: Terminal) -> None:
    terminal.press("q")
    terminal.wait_for("Leave PostDevAI?")
    terminal.press("Enter")
    terminal.wait_for("ended with 0")


def test_every_view_opens_in_tmux_and_leaving_leaves_the_mesh(mesh: Mesh) -> None:
    """As a person would, key by key."""
    mesh.up(wait="ready")
    with _terminal(mesh, TUI) as terminal:
        _look_at_every_view(terminal)
        _leave(terminal)
    assert {node["role"] for node in mesh.json("status", "--json")["nodes"]} == {
        *("coordinator", "dragon", "developer")
    }


@pytest.mark.skipif(SSHD is None, reason="there is no sshd here")
def test_every_view_opens_over_ssh(mesh: Mesh, tmp_path: Path) -> None:
    """A real sshd on loopback, a real client, a terminal in tmux."""
    mesh.up(wait="ready")
    with _sshd(tmp_path / "ssh") as ssh:
        words = ["env", f"POSTDEVAI_HOME={mesh.home}", f"PYTHONPATH={Path.cwd()}", *TUI]
        with _terminal(mesh, [*ssh, shlex.join(words)]) as terminal:
            _look_at_every_view(terminal)
            _leave(terminal)


@contextmanager
def _sshd(place: Path) -> Generator[list[str]]:
    """What reaches it, up to the command."""
    assert SSHD is not None
    place.mkdir(mode=0o700)
    for name in ("host", "own"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name)]
        subprocess.run(key, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ListenAddress": f"127.0.0.1:{port}",
        "HostKey": place / "host",
        "AuthorizedKeysFile": place / "own.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
        "PasswordAuthentication": "no",
        "PermitUserEnvironment": "no",
    }
    config = place / "config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    log = place / "log"
    parted = Path("/run/sshd")  # where Debian's sshd parts from its privileges
    made = not parted.exists() and os.getuid() == 0
    if made:
        parted.mkdir(mode=0o755)
    server = subprocess.Popen([SSHD, "-D", "-f", str(config), "-E", str(log)])
    client = [
        *("ssh", "-tt", "-F", "none", "-p", str(port), "-i", str(place / "own")),
        *("-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={place / 'known'}"),
        *("-o", "IdentitiesOnly=yes", f"{getpass.getuser()}@127.0.0.1"),
    ]
    try:
        if not _answers(server, port):
            pytest.skip(f"sshd does not serve here: {log.read_text() if log.exists() else ''}")
        yield client
    finally:
        server.terminate()
        server.wait(30)
        if made:
            parted.rmdir()


def _answers(server: subprocess.Popen[bytes], port: int) -> bool:
    for _ in until(30):
        if server.poll() is not None:
            return False
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
    return False
