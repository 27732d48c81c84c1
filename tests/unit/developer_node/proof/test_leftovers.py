"""A daemon that was killed in a proof leaves files in clear; the next one takes them away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.daemon.home import Home
from common.errors import PostDevAIError
from developer_node.config import Config
from developer_node.node import open_node
from developer_node.proof.proofs import remove_leftovers


def _killed_in_a_proof(directory: Path) -> None:
    """A process that rebuilds a tree where proofs and acts do, and is killed there."""
    write = (
        "import sys, signal; from pathlib import Path\n"
        "for name in ('proofs/ab/runs', 'tries/cd/runs'):\n"
        "    place = Path(sys.argv[1], name); place.mkdir(parents=True)\n"
        "    (place / 'calc.py').write_text('plain')\n"
        "print('ready', flush=True); signal.pause()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", write, os.fspath(directory)], stdout=subprocess.PIPE
    ) as trying:
        assert trying.stdout is not None
        assert trying.stdout.readline() == b"ready\n"
        trying.send_signal(signal.SIGKILL)


def test_what_a_killed_proof_and_a_killed_try_left_goes(tmp_path: Path) -> None:
    directory = Home(tmp_path / "home").directory("developer")
    _killed_in_a_proof(directory)
    (directory / "worktrees" / "ef").mkdir(parents=True)  # what was left for a person stays
    remove_leftovers(directory)
    assert [path.name for path in directory.iterdir()] == ["worktrees"]
    remove_leftovers(directory)  # nothing there is well


async def test_a_daemon_that_starts_takes_it_away_before_anything_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    directory = home.directory("developer")
    _killed_in_a_proof(directory)
    with pytest.raises(PostDevAIError):  # it has not joined a mesh
        async with open_node(Config(home)):
            pass
    assert not [path for path in directory.rglob("*") if path.name == "calc.py"]
