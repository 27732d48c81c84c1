"""The main job: a failure that comes back brings what made it pass, and nothing untrue."""

from __future__ import annotations

from pathlib import Path

from tests.support.mesh import Mesh, until
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


def test_what_changed_while_nothing_ran_is_found_at_the_next_start(
    mesh: Mesh, tmp_path: Path
) -> None:
    """Watched and only seen: both are recorded while the working copies are being opened."""
    watched = Repository.make(tmp_path / "thing")
    seen = Repository.make(tmp_path / "seen")
    mesh.up(watched.root)
    assert mesh.postdevai("run", "--", "git", "status", cwd=seen.root).returncode == 0
    assert any(seen_at(mesh, seen.root) for _ in until(60))
    mesh.down()
    for number in range(20):
        watched.write(f"module_{number}.py", f"def added_{number}():\n    return {number}\n")
    assert mesh.postdevai("run", "--", "git", "log", cwd=seen.root).returncode == 0
    mesh.up(watched.root)
    found = ("search", "--json", "--literal", "def added_19")
    assert any(mesh.json(*found, codes=(0, 1))["hits"] for _ in until(60))


def seen_at(mesh: Mesh, root: Path) -> bool:
    """Whether a command that was recorded there has arrived."""
    events = mesh.json("history", "--json", "--kind", "command")["events"]
    return any(event["cwd"] == str(root) for event in events)


def test_down_leaves_no_process(mesh: Mesh, tmp_path: Path) -> None:
    mesh.up(Repository.make(tmp_path / "thing").root)
    mesh.down()
    assert mesh.processes() == []
