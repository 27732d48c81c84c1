"""`postdevai leave` on a machine that has a Coordinator, and on one that has nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.daemon.home import Home
from tests.support.mesh import until


def run(module: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env=os.environ | {"POSTDEVAI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=100,
    )


def postdevai(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run("developer_node.front.cli", home, *words)


@pytest.fixture
def coordinator(tmp_path: Path) -> Iterator[Path]:
    """A HOME whose Coordinator alone serves, on ports of its own."""
    home = tmp_path / "mesh"
    home.mkdir(mode=0o700)
    (home / "ports.json").write_text('{"coordinator": 0, "enrolment": 0}')
    for name in ("disk", "drawer"):
        (tmp_path / name).mkdir()
    assert run("coordinator_node", home, "init").returncode == 0
    serving = subprocess.Popen(
        [sys.executable, "-m", "coordinator_node", "serve", "--home", str(home)],
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in until(60):
            assert serving.poll() is None, "it ended before it served"
            if Home(home).ready("coordinator") is not None:
                break
        yield home
    finally:
        serving.terminate()
        serving.wait(30)


def test_a_coordinator_leaves_in_a_file_and_is_not_made_anew(
    coordinator: Path, tmp_path: Path
) -> None:
    to, key = tmp_path / "disk" / "c.sealed", tmp_path / "drawer" / "c.key"
    left = postdevai(coordinator, "leave", "coordinator", "--to", str(to), "--key-to", str(key))
    assert left.returncode == 0, left.stderr
    assert "Here it is put aside." in left.stdout
    assert to.is_file()
    assert key.is_file()
    assert not Home(coordinator).is_locked("coordinator")
    again = postdevai(coordinator, "up", "--detach")
    assert (again.returncode, "all have moved" in again.stderr) == (1, True), again.stderr
    assert not (coordinator / "coordinator").exists()


@pytest.mark.parametrize(
    ("to", "key", "code", "said"),
    [
        ("disk/c", "disk/k", 2, "beside the file"),
        ("disk/c", "nowhere/k", 1, "here is no directory"),
        ("disk", "drawer/k", 4, "is there already"),
        ("", "drawer/k", 2, "two parts of one move"),
        ("", "", 2, "--key-to are missing"),
    ],
)
def test_what_cannot_be_written_stops_nothing(
    coordinator: Path, tmp_path: Path, to: str, key: str, code: int, said: str
) -> None:
    before = Home(coordinator).ready("coordinator")
    words = [
        word for pair in (("--to", to), ("--key-to", key)) for word in _option(tmp_path, *pair)
    ]
    left = postdevai(coordinator, "leave", "coordinator", *words)
    assert (left.returncode, said in left.stderr) == (code, True), left.stderr
    assert Home(coordinator).ready("coordinator") == before


def _option(root: Path, name: str, path: str) -> tuple[str, ...]:
    return (name, str(root / path)) if path else ()


def test_what_is_not_here_does_not_leave(tmp_path: Path) -> None:
    home = tmp_path / "home"
    dragon = postdevai(home, "leave", "dragon")
    assert (dragon.returncode, "no Dragon in" in dragon.stderr) == (1, True)
    asked = postdevai(home, "leave", "coordinator")
    assert (asked.returncode, "no Coordinator in" in asked.stderr) == (1, True)
    laptop = postdevai(home, "leave", "developer")
    assert (laptop.returncode, "records for no mesh" in laptop.stderr) == (1, True)
    assert list(home.iterdir()) == []


def test_a_dragon_that_nobody_follows_is_not_even_stopped(tmp_path: Path) -> None:
    home = Home.from_env(str(tmp_path / "home"))
    (home.identity_directory("dragon") / "leaf.pem").write_text("x")
    (home.directory("dragon") / "journal.db").write_bytes(bytes(2 << 20))
    left = postdevai(home.root, "leave", "dragon")
    assert (left.returncode, "o other Dragon has" in left.stderr) == (4, True)
