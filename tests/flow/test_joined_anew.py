"""A machine that joins anew goes on to deliver what it records: nothing lost, nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flow.test_lost_files import check_numbers
from tests.support.flowing import Flow, emptied
from tests.support.mesh import Mesh, until
from tests.support.repository import Repository

PAST = 12
AFTER = 6


def recover(mesh: Mesh, how: str) -> None:
    done = mesh.postdevai("recover", how)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize("how", ["--keys", "--leave"])
async def test_what_was_recorded_before_and_after_is_with_the_dragon(
    mesh: Mesh, tmp_path: Path, how: str
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    flow = Flow(mesh, repository.root)
    flow.write(PAST)
    emptied(mesh)
    before = await check_numbers(mesh, 1, PAST)
    mesh.kill("dragon")
    at = flow.recorded()
    flow.write(AFTER)
    for _ in until(60):
        if flow.recorded() == at + AFTER:
            break
    mesh.down()
    recover(mesh, how)

    mesh.up(repository.root)
    flow.write(AFTER)
    emptied(mesh)
    after = await check_numbers(mesh, 1, PAST + 2 * AFTER)
    assert before <= after
    status: Any = mesh.json("status", "--json")
    assert (status["outbox"]["gaps"], status["outbox"]["refusal"]) == (0, "")
    assert "under the new origin" in (mesh.home / "developer" / "developer.log").read_text()
