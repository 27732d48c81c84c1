"""The main job: a failure that comes back brings what made it pass, and nothing untrue."""

from __future__ import annotations

from pathlib import Path

from tests.support.mesh import Mesh
from tests.support.repository import Repository
from tests.support.runs import BREAK, break_and_mend, fail


def test_a_failure_that_comes_back_brings_the_commit_that_fixed_it(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    elsewhere = repository.clone(tmp_path / "elsewhere")
    moved = "# moved down by a comment\n\n" + (elsewhere.root / "calculator.py").read_text()
    elsewhere.write("calculator.py", moved)
    elsewhere.replace("calculator.py", *BREAK)
    fail(mesh, elsewhere)
    card = mesh.recall_until_remedy(commit)
    assert card["match"] == "same"
    assert card["remedies"][0]["state"] == "observed"
    assert [r["commit"] for r in card["remedies"]] == [commit]


def test_a_failure_that_never_passed_has_no_remedy(mesh: Mesh, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    repository.replace("calculator.py", *BREAK)
    fail(mesh, repository)
    card = mesh.recall_until_failure()
    assert card["remedies"] == []


def test_what_was_recorded_while_nothing_ran_arrives_afterwards(mesh: Mesh, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "thing")
    commit = break_and_mend(mesh, repository)
    mesh.up(repository.root)
    assert mesh.recall_until_remedy(commit)["remedies"][0]["commit"] == commit


def test_a_second_start_has_forgotten_nothing_with_the_ram_disk_kept(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    mesh.recall_until_remedy(commit)
    mesh.down()
    mesh.up(repository.root)
    assert mesh.recall_last()["remedies"][0]["commit"] == commit
    assert mesh.json("search", "--json", "--literal", "def total")["hits"]


def test_a_second_start_has_forgotten_nothing_with_the_ram_disk_lost(
    mesh: Mesh, tmp_path: Path
) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    commit = break_and_mend(mesh, repository)
    mesh.recall_until_remedy(commit)
    mesh.down("--free")
    mesh.up(repository.root)
    assert mesh.recall_last()["remedies"][0]["commit"] == commit
    assert mesh.json("search", "--json", "--literal", "def total")["hits"]


def test_work_goes_on_while_the_coordinator_is_away(mesh: Mesh, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    mesh.kill("coordinator")
    commit = break_and_mend(mesh, repository)
    assert mesh.recall_until_remedy(commit)["remedies"][0]["commit"] == commit


def test_started_twice_it_says_so_and_starts_nothing(mesh: Mesh, tmp_path: Path) -> None:
    repository = Repository.make(tmp_path / "thing")
    mesh.up(repository.root)
    before = {p.pid for p in mesh.processes()}
    again = mesh.postdevai("up", "--repo", str(repository.root), "--detach")
    assert again.returncode == 0
    assert "already running" in again.stdout + again.stderr
    assert {p.pid for p in mesh.processes()} == before


def test_down_leaves_no_process(mesh: Mesh, tmp_path: Path) -> None:
    mesh.up(Repository.make(tmp_path / "thing").root)
    mesh.down()
    assert mesh.processes() == []
