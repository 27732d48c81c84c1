"""A tree of the files on disk, made beside a repository that stays as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import Missing, Unavailable
from developer_node.front.shell import repository as repositories
from developer_node.front.shell import snapshot
from developer_node.front.shell.repository import Repository, open_repository
from developer_node.front.shell.snapshot import Snapshot, take

Git = Callable[..., str]
Listing = Callable[[Path], dict[str, tuple[int, int, bytes]]]


@pytest.fixture
def ground(repository: Path, tmp_path: Path) -> Repository:
    return open_repository(repository, tmp_path / "ground")


def _names(repository: Repository, taken: Snapshot) -> dict[str, str]:
    """Path -> mode and id, as git reads the tree with our objects."""
    command = ["git", "-C", str(repository.root), "ls-tree", "-r", "-z", taken.tree]
    env = os.environ | repository.reading()
    lines = subprocess.run(command, check=True, capture_output=True, env=env).stdout.decode()
    pairs = (line.split("\t") for line in lines.split("\0") if line)
    return {path: about.replace(" blob", "").replace(" commit", "") for about, path in pairs}


def _as_committed(git: Git, root: Path) -> str:
    """What git itself calls the tree once everything is committed."""
    git(root, "add", "-A")
    git(root, "commit", "-m", "all")
    return git(root, "rev-parse", "HEAD^{tree}")


def test_a_clean_working_copy_is_the_tree_of_its_head(
    ground: Repository, repository: Path, git: Git
) -> None:
    taken = take(ground)
    assert taken.tree == git(repository, "rev-parse", "HEAD^{tree}")
    assert (taken.head, taken.branch) == (git(repository, "rev-parse", "HEAD"), "main")
    assert (taken.dirty, taken.cut) == ({}, ())


def test_the_tree_is_the_one_that_a_commit_of_the_same_files_has(
    ground: Repository, repository: Path, git: Git
) -> None:
    """This is what finds the commit of a remedy afterwards."""
    (repository / "a.py").write_text("a = 2\n")
    (repository / "sub" / "b.py").unlink()
    (repository / "sub" / "new é.py").write_text("n\n")
    (repository / "run.sh").write_text("#!/bin/sh\n")
    (repository / "run.sh").chmod(0o755)
    (repository / "link").symlink_to("a.py")
    (repository / "staged.py").write_text("s\n")
    git(repository, "add", "staged.py")
    git(repository, "add", "-N", "run.sh")
    taken = take(ground)
    assert taken.tree == _as_committed(git, repository)
    dirty = {b"a.py", b"sub/new \xc3\xa9.py", b"run.sh", b"link", b"staged.py"}
    assert set(taken.dirty) == dirty


def test_the_users_repository_is_not_written(
    ground: Repository, repository: Path, git: Git, listing: Listing
) -> None:
    """Neither its objects nor its index, and no raw content goes anywhere else."""
    (repository / "a.py").write_text("a = 'secret-to-be-redacted'\n")
    (repository / "new.py").write_text("n = 'secret-to-be-redacted'\n")
    (repository / "sub" / "b.py").write_text("staged\n")
    git(repository, "add", "sub/b.py")
    before = listing(repository)
    take(ground)
    assert listing(repository) == before
    ours = listing(ground.directory)
    assert ours
    for path in ours:
        name = Path(path)
        kind = git(repository, "--git-dir", _as_repository(ground), "cat-file", "-t", _oid(name))
        assert kind == "tree"


def _as_repository(ground: Repository) -> str:
    """A git directory whose objects are ours alone."""
    bare = ground.directory.parent / "bare"
    if not bare.exists():
        subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
        (bare / "objects" / "info" / "alternates").write_text(f"{ground.generations()[0]}\n")
    return str(bare)


def _oid(path: Path) -> str:
    return path.parent.name + path.name


def test_ignored_files_are_not_part_of_it(ground: Repository, repository: Path) -> None:
    before = take(ground)
    (repository / "x.log").write_text("ignored\n")
    assert take(ground).tree == before.tree


def test_a_large_untracked_file_is_left_out_and_said(ground: Repository, repository: Path) -> None:
    (repository / "big.bin").write_bytes(bytes((1 << 20) + 1))
    (repository / "just.bin").write_bytes(bytes(1 << 20))
    taken = take(ground)
    assert "just.bin" in _names(ground, taken)
    assert "big.bin" not in _names(ground, taken)
    assert taken.cut == ("untracked big.bin (1024 KiB) left out",)


def test_a_large_tracked_file_that_changed_is_seen(
    ground: Repository, repository: Path, git: Git
) -> None:
    (repository / "data").write_bytes(bytes(2 << 20))
    _as_committed(git, repository)
    clean = take(ground)
    (repository / "data").write_bytes(b"1" + bytes(2 << 20))
    assert take(ground).tree != clean.tree


def test_caches_of_tools_do_not_make_a_new_ground(ground: Repository, repository: Path) -> None:
    """A pass on an unchanged tree is flaky; a .pyc file must not hide that."""
    clean = take(ground)
    cache = repository / "sub" / "__pycache__"
    cache.mkdir()
    (cache / "b.cpython-311.pyc").write_bytes(b"x")
    taken = take(ground)
    assert taken.tree == clean.tree
    assert taken.cut == ("1 untracked files that tools write (caches) left out",)


def test_more_untracked_files_than_the_limit_are_counted(
    ground: Repository, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "UNTRACKED_FILES_MAX", 3)
    for name in "vwxyz":
        (repository / name).write_text(name)
    taken = take(ground)
    assert len(taken.dirty) == 3
    assert taken.cut == ("2 more untracked files left out",)


def test_a_repository_without_commits_has_a_tree(tmp_path: Path, git: Git) -> None:
    root = tmp_path / "fresh"
    root.mkdir()
    git(root, "init")
    ground = open_repository(root, tmp_path / "ground")
    empty = take(ground)
    assert (empty.head, empty.branch, _names(ground, empty)) == ("", "main", {})
    (root / "a").write_text("1\n")
    assert take(ground).tree == _as_committed(git, root)


def test_a_worktree_stands_on_its_own_files(
    repository: Path, tmp_path: Path, git: Git, listing: Listing
) -> None:
    git(repository, "worktree", "add", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "a.py").write_text("side\n")
    ground = open_repository(tmp_path / "side", tmp_path / "ground")
    before = listing(repository)
    taken = take(ground)
    assert listing(repository) == before
    assert (taken.branch, list(taken.dirty)) == ("side", [b"a.py"])
    assert taken.tree == _as_committed(git, tmp_path / "side")


def test_a_submodule_is_its_commit_and_its_inside_is_said_to_be_unread(
    ground: Repository, repository: Path, tmp_path: Path, git: Git
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init")
    (other / "o").write_text("1\n")
    _as_committed(git, other)
    git(repository, "submodule", "add", str(other), "lib")
    _as_committed(git, repository)
    (repository / "lib" / "o").write_text("2\n")
    taken = take(ground)
    assert taken.tree == git(repository, "rev-parse", "HEAD^{tree}")
    assert taken.cut == ("changes inside the submodule lib were not looked into",)
    git(repository / "lib", "commit", "-am", "inside")
    moved = take(ground)
    assert moved.tree == _as_committed(git, repository)


def test_a_repository_inside_is_left_out_and_said(
    ground: Repository, repository: Path, git: Git
) -> None:
    inner = repository / "vendored"
    inner.mkdir()
    git(inner, "init")
    (inner / "x").write_text("1\n")
    _as_committed(git, inner)
    assert take(ground).cut == ("vendored/ is a repository of its own: left out",)


def test_a_conflict_is_taken_with_its_marks(ground: Repository, repository: Path, git: Git) -> None:
    git(repository, "checkout", "-b", "other")
    (repository / "a.py").write_text("a = 'other'\n")
    git(repository, "commit", "-am", "other")
    git(repository, "checkout", "main")
    (repository / "a.py").write_text("a = 'main'\n")
    git(repository, "commit", "-am", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    assert take(ground).tree == _as_committed(git, repository)


def test_a_conflict_in_a_file_that_is_left_out_does_not_spoil_the_rest(
    ground: Repository, repository: Path, git: Git
) -> None:
    """An index with a conflict in it makes no tree."""
    odd = repository / '"odd'
    for branch, text in (("base", "1\n"), ("other", "2\n"), ("main", "3\n")):
        git(repository, "checkout", *(["-b"] if branch != "main" else []), branch)
        odd.write_text(text)
        git(repository, "add", "-A")
        git(repository, "commit", "-m", branch)
        if branch == "base":
            git(repository, "branch", "-f", "main")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    taken = take(ground)
    assert "a.py" in _names(ground, taken)
    assert taken.cut == ('"odd has a name that git cannot be told: left out',)


def test_a_directory_in_place_of_a_file_is_taken(
    ground: Repository, repository: Path, git: Git
) -> None:
    (repository / "a.py").unlink()
    (repository / "a.py").mkdir()
    (repository / "a.py" / "inner").write_text("1\n")
    (repository / "sub" / "b.py").unlink()
    (repository / "sub").rmdir()
    (repository / "sub").write_text("now a file\n")
    assert take(ground).tree == _as_committed(git, repository)


def test_names_that_git_cannot_be_told_are_left_out_and_said(
    ground: Repository, repository: Path
) -> None:
    (repository / "two\nlines").write_text("1\n")
    (repository / '"quoted').write_text("1\n")
    assert len(take(ground).cut) == 2


def test_git_runs_nothing_that_the_repository_asks_for(
    ground: Repository, repository: Path, tmp_path: Path, git: Git
) -> None:
    """Recording in a clone that one does not trust must not run its programs."""
    trap, sprung = tmp_path / "trap.sh", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\ncat\n")
    trap.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(trap))
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "post-index-change").write_text(trap.read_text())
    (hooks / "post-index-change").chmod(0o755)
    (repository / "a.py").write_text("a = 3\n")
    take(ground)
    assert not sprung.exists()


def test_nothing_touched_since_is_the_same_snapshot(ground: Repository, repository: Path) -> None:
    (repository / "a.py").write_text("a = 2\n")
    first = take(ground)
    assert take(ground, first) is first
    (repository / "a.py").write_text("a = 3\n")
    assert take(ground, first).tree != first.tree


def test_a_new_generation_begins_when_one_is_full(
    ground: Repository, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Trees of long ago would otherwise stay for good."""
    monkeypatch.setattr(repositories, "OBJECTS_MAX", 2)
    taken: list[Snapshot] = []
    for n in range(4):
        (repository / "a.py").write_text(f"a = {n} + 1\n")
        taken.append(take(ground))
    assert [p.name for p in ground.generations()] == ["objects-2", "objects-1"]
    assert _names(ground, taken[0])
    ground.tidy()
    assert _names(ground, taken[-1])
    assert [p.name for p in ground.generations()] == ["objects-2"]


def test_a_damaged_repository_is_a_sentence(ground: Repository, repository: Path) -> None:
    (repository / ".git" / "HEAD").write_text("nonsense\n")
    with pytest.raises(Missing, match="git status"):
        take(ground)


def test_without_git_it_says_so(ground: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="git is not installed"):
        take(ground)


def test_a_hook_that_calls_us_does_not_lead_git_astray(
    ground: Repository, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a hook git's own variables name another index and directory."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    (repository / "a.py").write_text("a = 2\n")
    assert list(take(ground).dirty) == [b"a.py"]


def test_what_a_killed_recorder_left_is_cleared_away(ground: Repository) -> None:
    left, fresh = ground.directory / "index.left", ground.directory / "index.fresh"
    left.touch()
    fresh.touch()
    os.utime(left, (1e9, 1e9))
    ground.tidy()
    assert [p.name for p in ground.directory.glob("index.*")] == ["index.fresh"]
