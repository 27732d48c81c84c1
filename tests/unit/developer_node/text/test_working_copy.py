"""Working copies are found, named and described without changing anything in them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from developer_node.text.working_copy import (
    evidence,
    find_root,
    machine_id,
    normalise_remote,
    working_copy,
)


def _git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    command = ["git", *who, "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "clone"
    root.mkdir()
    _git(root, "init")
    (root / "a").write_text("1\n")
    _git(root, "add", "a")
    _git(root, "commit", "-m", "first")
    return root


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("git@GitHub.com:Owner/Name.git", "github.com/Owner/Name"),
        ("github.com:owner/name", "github.com/owner/name"),
        ("ssh://git@github.com/owner/name.git/", "github.com/owner/name"),
        ("ssh://git@github.com:22/owner/name", "github.com/owner/name"),
        ("ssh://git@host:7999/team/name.git", "host:7999/team/name"),
        ("https://user:secret@GITHUB.com/owner/name.git", "github.com/owner/name"),
        ("https://gitlab.com/a/b/c", "gitlab.com/a/b/c"),
        ("git+ssh://git@github.com/owner/name", "github.com/owner/name"),
        ("user@[::1]:owner/name.git", "::1/owner/name"),
        ("file:///srv/git/name.git", ""),
        ("/srv/git/name.git", ""),
        ("../name", ""),
        ("./odd:name", ""),
        ("name.git", ""),
        ("https://host/", ""),
    ],
)
def test_a_remote_has_one_name_however_it_is_written(url: str, name: str) -> None:
    assert normalise_remote(url) == name


def test_the_root_is_found_from_below_and_nothing_is_found_outside(
    repository: Path, tmp_path: Path
) -> None:
    below = repository / "x" / "y"
    below.mkdir(parents=True)
    assert find_root(below) == repository
    assert find_root(tmp_path) is None


def test_a_bare_repository_is_no_working_copy(tmp_path: Path) -> None:
    _git(tmp_path, "init", "--bare", "bare")
    assert find_root(tmp_path / "bare") is None


def test_a_worktree_is_a_working_copy_of_its_own(repository: Path, tmp_path: Path) -> None:
    _git(repository, "worktree", "add", "-b", "side", str(tmp_path / "side"))
    assert find_root(tmp_path / "side") == tmp_path / "side"
    assert working_copy(tmp_path, repository) != working_copy(tmp_path, tmp_path / "side")
    seen = evidence(tmp_path / "side")
    assert (seen.branch, seen.roots) == ("side", evidence(repository).roots)


def test_the_machine_keeps_the_name_that_it_was_given_first(tmp_path: Path) -> None:
    name = machine_id(tmp_path)
    assert len(name) == 32
    assert machine_id(tmp_path) == name
    assert [p.name for p in (tmp_path / "developer").iterdir()] == ["machine_id"]


def test_a_link_to_a_clone_is_the_same_working_copy(repository: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(repository)
    assert working_copy(tmp_path, link) == working_copy(tmp_path, repository)


def test_evidence_names_remotes_roots_head_and_branch(repository: Path) -> None:
    _git(repository, "remote", "add", "origin", "https://me:pw@Host.org/o/n.git")
    _git(repository, "remote", "add", "same", "git@host.org:o/n.git")
    _git(repository, "remote", "add", "disk", "/srv/n.git")
    head = _git(repository, "rev-parse", "HEAD")
    seen = evidence(repository)
    assert seen.remotes == ("host.org/o/n",)
    assert (seen.roots, seen.head, seen.branch) == ((head,), head, "main")
    assert (seen.path, seen.shallow) == (str(repository), False)


def test_a_shallow_clone_says_so_and_names_no_roots(repository: Path, tmp_path: Path) -> None:
    """Its oldest commit is not the project's."""
    (repository / "a").write_text("2\n")
    _git(repository, "commit", "-am", "second")
    _git(tmp_path, "clone", "--depth", "1", f"file://{repository}", "shallow")
    seen = evidence(tmp_path / "shallow")
    assert (seen.shallow, seen.roots, seen.remotes) == (True, (), ())


def test_a_repository_without_commits_has_a_branch_and_nothing_else(tmp_path: Path) -> None:
    _git(tmp_path, "init")
    seen = evidence(tmp_path)
    assert (seen.head, seen.branch, seen.roots) == ("", "main", ())


def test_without_git_the_path_is_still_known(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    seen = evidence(repository)
    assert (seen.path, seen.head) == (str(repository), "")
