"""A container without privileges: mounting is refused, /dev/shm has 64 MB, and it works."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.mesh import Mesh
from tests.support.repository import Repository
from tests.support.runs import break_and_mend

SMALL_SHM = "mount -t tmpfs -o size=64m tmpfs /dev/shm"
NO_MOUNT = "exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin"
INSIDE = ["unshare", "-m", "sh", "-c", f'{SMALL_SHM} && {NO_MOUNT} "$@"', "sh"]
"""What Docker gives a container that is given nothing."""


def can_be_inside() -> bool:
    """Root on Linux, which may make such a place."""
    if os.getuid() != 0:
        return False
    try:
        return subprocess.run([*INSIDE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def up_inside(mesh: Mesh, repository: Repository) -> None:
    """Starts the three there; commands reach them from outside."""
    words = ["up", "--repo", str(repository.root), "--detach", "--wait", "words"]
    command = [*INSIDE, sys.executable, "-m", "developer_node.front.cli", *words]
    done = subprocess.run(
        command, env=mesh.env, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, shlex.join(command) + done.stdout + done.stderr + mesh.logs()


@pytest.mark.skipif(not can_be_inside(), reason="only root can make such a container")
def test_without_privileges_it_works_and_status_says_not_ram_and_why(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    up_inside(mesh, repository)
    commit = break_and_mend(mesh, repository)
    assert mesh.recall_until_remedy(commit)["remedies"][0]["commit"] == commit
    said = mesh.postdevai("status").stdout
    assert f"NOT RAM (directory at {mesh.home / 'dragon' / 'not-ram'})" in said
    assert "because mount was refused (Operation not permitted)" in said
    assert "/dev/shm has 64 MiB free" in said
    mesh.down()
    up_inside(mesh, repository)
    assert mesh.recall_last()["remedies"][0]["commit"] == commit
    assert mesh.json("search", "--json", "--literal", "def total")["hits"]
    lake = mesh.json("status", "--json")["lake"]
    assert (lake["ram"], lake["back_end"]) == (False, "directory")


@pytest.mark.skipif(not can_be_inside(), reason="only root can make such a container")
def test_a_small_lake_fits_into_the_shared_memory_of_such_a_container(
    mesh: Mesh, tmp_path: Path
) -> None:
    """The control: it is the size that is refused, not the place."""
    mesh.env["POSTDEVAI_LAKE_BYTES"] = str(48 << 20)
    up_inside(mesh, Repository.make(tmp_path / "thing"))
    lake = mesh.json("status", "--json")["lake"]
    assert (lake["ram"], lake["back_end"]) == (True, "shm")
    assert "mount was refused" in lake["why"]
