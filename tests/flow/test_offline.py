"""Once the models are there, nothing needs a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALONE = ROOT / "tests" / "support" / "alone.py"
UNSHARE = ["unshare", "-n"] if os.getuid() == 0 else ["unshare", "-rn"]


def can_be_alone() -> bool:
    """Linux, and namespaces are allowed."""
    try:
        return subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not can_be_alone(), reason="network namespaces are not allowed here")
@pytest.mark.timeout(500)
def test_the_demo_holds_in_a_network_namespace_without_a_route(
    tmp_path: Path, models_dir: Path
) -> None:
    """The demo checks itself, citations and commits included, and exits 0 only then."""
    env = {**os.environ, "POSTDEVAI_MODELS": str(models_dir)}
    command = [*UNSHARE, sys.executable, str(ALONE), sys.executable, str(ROOT / "scripts/demo.py")]
    done = subprocess.run(
        command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=480, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
