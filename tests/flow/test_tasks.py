"""`postdevai tasks` in a whole mesh: submitted on the laptop, kept by the Coordinator, done by the
Dragon."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.mesh import Mesh, until


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """One file, committed."""
    root = tmp_path / "thing"
    root.mkdir()
    (root / "a.py").write_text("def close_the_journal():\n    return 1\n")
    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "the journal is closed")):
        named = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", *named, *words], cwd=root, check=True)
    return root


def ended(mesh: Mesh, task_id: str) -> Any:
    """The task once it has ended."""
    task: Any = None
    for _ in until(90):
        task = mesh.json("tasks", "show", task_id, "--json")
        if task["ended"]:
            return task
    raise AssertionError(f"{task}\n{mesh.logs()}")


@pytest.mark.timeout(300)
def test_what_is_submitted_is_done_by_the_dragon_and_seen_from_the_laptop(
    mesh: Mesh, repo: Path
) -> None:
    mesh.up(repo)
    before = mesh.json("lake", "--json")["generations"]
    submitted = mesh.json("tasks", "submit", "snapshot", "--key", "first", "--json")
    again = mesh.json("tasks", "submit", "snapshot", "--key", "first", "--json")
    assert again["id"] == submitted["id"]
    snapshot = ended(mesh, submitted["id"][:6])
    assert (snapshot["state"], snapshot["attempts"]) == ("done", 1), mesh.logs()
    after = mesh.json("lake", "--json")["generations"]
    newest = max(generation["number"] for generation in after)
    assert newest > max((generation["number"] for generation in before), default=0)

    done = mesh.postdevai("tasks", "submit", "reindex", "--project", "thing", "--wait")
    assert done.returncode == 0, done.stdout + done.stderr + mesh.logs()
    assert "State      done" in done.stdout
    found = mesh.json("search", "--json", "close_the_journal")
    assert [hit["path"] for hit in found["hits"]] == ["a.py"]

    nowhere = mesh.postdevai("tasks", "submit", "reindex", "--project", "nowhere")
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert nowhere.stderr.startswith("No project is known as nowhere")
    listed = mesh.json("tasks", "--json")["tasks"]
    assert [task["state"] for task in listed] == ["done", "done"]

    unproven = mesh.postdevai("tasks", "submit", "prove", "--remedy", "0" * 32, "--yes", "--wait")
    assert unproven.returncode == 1
    assert "State      failed" in unproven.stdout
    refused = mesh.postdevai("tasks", "submit", "reindex")
    assert (refused.returncode, refused.stderr) == (
        2,
        "Reindex needs a project\n  Add --project NAME.\n",
    )
    missing = mesh.postdevai("tasks", "show", "zz")
    assert missing.returncode == 1
    mesh.down()
