"""A ceiling that cannot hold ends the Dragon with one sentence, not with refusals ever after."""

from __future__ import annotations

import subprocess
import sys

from tests.support.mesh import Mesh

GB = 1_000_000_000


def test_a_dragon_whose_lake_leaves_no_room_says_what_to_set(mesh: Mesh) -> None:
    mesh.up(wait="ready")
    mesh.kill("dragon")
    command = (sys.executable, "-m", "dragon_node", "--memory-bytes", str(GB))
    done = subprocess.run(
        [*command, "--lake-bytes", "330000000"],
        env=mesh.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("dragon: the memory is too small for what is fixed: embedder 100 MB")
    assert "--lake-bytes 132000000 at most or --memory-bytes 1198000000 at least" in second
    assert not (mesh.home / "dragon" / "ready.json").exists()
