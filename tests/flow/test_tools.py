"""docs/tools.md is typed line by line over a real mesh, as a stranger's tool would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.mesh import Mesh
from tests.support.repository import Repository

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tools.md"
BIN = Path(sys.executable).parent
LINES_MAX = 30
"""As the page promises, without the blank ones."""


def blocks(kind: str) -> list[str]:
    """Fenced blocks of a kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


def typed(mesh: Mesh, block: str, cwd: Path) -> str:
    """All that it printed; every line must succeed."""
    script = "\n".join(line[2:] for line in block.splitlines() if line.startswith("$ "))
    env = {**mesh.env, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-ec", script], env=env, cwd=cwd, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_line_for_other_tools_works(mesh: Mesh, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "calculator")
    mesh.up(repository.root, wait="words")
    join, renew, coordinator, dragon, python = blocks("console")
    (program,) = blocks("python search.py")
    here = tmp_path / "here"
    here.mkdir()
    shown = [line for line in join.splitlines() if not line.startswith("$ ")]
    assert typed(mesh, join, here).split()[-len(shown) :] == shown
    said = typed(mesh, renew, here)
    assert "Valid until" in said and "by its own dates" in said
    assert '"role": "dragon"' in typed(mesh, coordinator, here).replace('":"', '": "')
    assert "calculator.py" in typed(mesh, dragon, here / "tool")
    assert sum(1 for line in program.splitlines() if line.strip()) <= LINES_MAX
    (here / "search.py").write_text(program)
    found = typed(mesh, python, here)
    assert re.search(r"^\S+\.py:\d+$", found, re.M), found
