"""Two machines in two homes, as a person starts them, and what their daemons take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from common.daemon.home import Home
from common.model.node import Role

FIRST: tuple[Role, ...] = ("coordinator", "dragon", "developer")
SECOND: tuple[Role, ...] = ("dragon", "developer")


@dataclass(frozen=True, slots=True)
class Sample:
    """One daemon at one moment."""

    at_s: float
    rss_bytes: int
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Node:
    """One daemon."""

    home: Home
    role: Role

    def __str__(self) -> str:
        return f"{self.home.root.name} {self.role}"


def begin(first: Home, second: Home, repository: Path) -> None:
    """Founds the mesh, and joins the second machine to it."""
    postdevai(first, "up", "--repo", str(repository), "--detach", "--wait", "words", check=True)
    codes = [_said(first, "invite", role) for role in SECOND]
    nodes = json.loads(_said(first, "nodes", "--json"))["nodes"]
    leader = next(node["id"] for node in nodes if node["role"] == "dragon")
    postdevai(second, "join", codes[0], "--no-start", check=True)
    subprocess.run(
        [sys.executable, "-m", "dragon_node", "follow", "--leader", leader],
        env=_env(second),
        check=True,
    )
    postdevai(second, "join", codes[1], "--no-start", check=True)
    postdevai(second, "up", "--detach", check=True)


def sample(node: Node, at_s: float) -> Sample:
    """A daemon as it is now."""
    ready = node.home.ready(node.role)
    assert ready is not None, f"{node} is gone"
    process = psutil.Process(ready.pid)
    with process.oneshot():
        rss, threads = process.memory_info().rss, process.num_threads()
    return Sample(at_s, rss, process.num_fds(), threads)


def repository_in(root: Path) -> Path:
    """Fifty modules and one that changes."""
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for number in range(50):
        text = f'"""Module {number}."""\n\n\ndef work_{number}(items):\n    return sum(items)\n'
        (root / f"module_{number}.py").write_text(text)
    (root / "state.py").write_text("NUMBER = 0\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "begin")
    return root


def git(root: Path, *words: str) -> None:
    """As Ada."""
    own = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *own, *words], cwd=root, check=True, capture_output=True)


def _env(home: Home) -> dict[str, str]:
    return {**os.environ, "POSTDEVAI_HOME": str(home.root)}


def _said(home: Home, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "developer_node.front.cli", *words],
        env=_env(home),
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def postdevai(home: Home, *words: str, cwd: Path | None = None, check: bool = False) -> None:
    """A command in one of the homes, to its end."""
    subprocess.run(
        [sys.executable, "-m", "developer_node.front.cli", *words],
        cwd=cwd,
        env=_env(home),
        check=check,
        stdin=subprocess.DEVNULL,
        stdout=None if check else subprocess.DEVNULL,
        stderr=None if check else subprocess.DEVNULL,
    )
