"""The README's lines for other tools do what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.mesh import Mesh

README = Path(__file__).resolve().parents[2] / "README.md"
BIN = Path(sys.executable).parent


def block(containing: str) -> str:
    """The README's fenced block that holds these words."""
    blocks = re.findall(r"^```\n(.*?)^```", README.read_text(), re.M | re.S)
    return next(b for b in blocks if containing in b)


def shell(mesh: Mesh, script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As a person would type it, with the environment's programs on PATH."""
    env = {**mesh.env, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-ec", script], env=env, cwd=cwd, capture_output=True, text=True, timeout=60
    )


def test_a_tool_joins_and_lists_the_nodes_with_buf_curl(mesh: Mesh, tmp_path: Path) -> None:
    mesh.up(wait="ready")
    joined = shell(mesh, block("postdevai invite tool"), tmp_path)
    assert joined.returncode == 0, joined.stderr
    listed = shell(mesh, block("buf curl"), tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert {node["role"] for node in json.loads(listed.stdout)["nodes"]} == {
        "coordinator",
        "developer",
        "dragon",
    }
