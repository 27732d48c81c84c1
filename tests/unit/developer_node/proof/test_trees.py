"""A tree is rebuilt to the last byte from objects and recorded contents, or it is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from common.model.event import Ground, PathChange
from developer_node.front.shell.ground import finish
from developer_node.front.shell.start import begin
from developer_node.proof.hindrance import Hindrance
from developer_node.proof.trees import Tree
from developer_node.text.redaction import redact_bytes
from tests.support.proofs import git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "sub").mkdir(parents=True)
    git(root, "init", "-q")
    for name in ("a.py", "b.py", "sub/c.py"):
        (root / name).write_text(f"{name} = 1\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    return root


Rebuild = Callable[[], tuple[Tree, Ground]]


@pytest.fixture
def rebuild(root: Path, tmp_path: Path) -> Rebuild:
    """Records the ground, throws the changes away, and rebuilds from what was recorded."""

    def once() -> tuple[Tree, Ground]:
        home = tmp_path / "home"
        with finish(begin(["true"], root, home, os.environ), redact_bytes) as done:
            ground, blobs = done.ground, done.blobs
        git(root, "reset", "-q", "--hard")
        git(root, "clean", "-qfd")
        tree = Tree.of(root, tmp_path / "scratch")
        if ground.head:
            tree.read(ground.head)
        held = {c.new_git: blobs[c.new_content] for c in ground.dirty if c.new_content}
        tree.apply(ground.dirty, held)
        return tree, ground

    return once


def test_every_sort_of_difference_is_rebuilt_to_the_same_tree(root: Path, rebuild: Rebuild) -> None:
    (root / "a.py").write_text("changed\n")
    (root / "b.py").unlink()
    (root / "b.py").mkdir()
    (root / "b.py" / "inside").write_text("a directory in the place of a file\n")
    (root / "sub" / "c.py").unlink()
    (root / "sub").rmdir()
    (root / "sub").write_text("a file in the place of a directory\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.py")
    (root / "ü ö.py").write_text("named so\n")
    tree, ground = rebuild()
    assert tree.write() == ground.tree
    assert (tree.files / "a.py").read_text() == "changed\n"
    assert (tree.files / "b.py" / "inside").is_file()
    assert (tree.files / "sub").is_file()
    assert os.access(tree.files / "run.sh", os.X_OK)
    assert os.readlink(tree.files / "link") == "a.py"
    assert (tree.files / "ü ö.py").is_file()


def test_what_was_staged_and_is_in_gits_objects_needs_no_recorded_content(
    root: Path, rebuild: Rebuild
) -> None:
    """A binary file is recorded by its id alone, and git has it once it was added."""
    (root / "image.png").write_bytes(b"\x89PNG\0\0")
    git(root, "add", "image.png")
    tree, ground = rebuild()
    assert tree.write() == ground.tree
    assert (tree.files / "image.png").read_bytes() == b"\x89PNG\0\0"


def test_a_binary_file_that_nobody_has_is_the_reason(root: Path, rebuild: Rebuild) -> None:
    (root / "image.png").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(Hindrance, match=r"content of image.png was not recorded"):
        rebuild()


def test_a_redacted_file_is_the_reason(root: Path, rebuild: Rebuild) -> None:
    (root / "a.py").write_text("password = 'correct-horse-battery'\n")
    with pytest.raises(Hindrance, match=r"a.py was recorded without a secret"):
        rebuild()


def test_line_ends_are_those_of_the_disk_under_gits_own_conversion(
    root: Path, rebuild: Rebuild
) -> None:
    (root / ".gitattributes").write_text("*.py text eol=crlf\n")
    (root / "a.py").write_bytes(b"changed\r\nlines\r\n")
    tree, ground = rebuild()
    assert tree.write() == ground.tree
    assert (tree.files / "a.py").read_bytes() == b"changed\r\nlines\r\n"


def test_a_path_that_is_not_what_it_was_before_is_refused(root: Path, tmp_path: Path) -> None:
    """A remedy for another content would not be the remedy."""
    tree = Tree.of(root, tmp_path / "scratch")
    tree.read("HEAD")
    with pytest.raises(Hindrance, match=r"a.py is not what it was before"):
        tree.apply([PathChange("a.py", "0123", "4567")], {})


@pytest.mark.parametrize(
    "path", ["../out", "/etc/x", "sub/../../x", ".git/config", "sub/.GIT/x", "", "a\nb"]
)
def test_a_path_that_leads_out_is_refused(root: Path, tmp_path: Path, path: str) -> None:
    tree = Tree.of(root, tmp_path / "scratch")
    tree.read("HEAD")
    with pytest.raises(Hindrance, match="no path that can be rebuilt"):
        tree.apply([PathChange(path, "", "4567")], {"4567": b"x"})


def test_a_link_in_the_tree_leads_nothing_out(root: Path, tmp_path: Path) -> None:
    (root / "out").symlink_to(tmp_path)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "link")
    tree = Tree.of(root, tmp_path / "scratch")
    tree.read("HEAD")
    with pytest.raises(Hindrance, match="behind a link"):
        tree.apply([PathChange("out/x", "", "4567")], {"4567": b"x"})
    assert not (tmp_path / "x").exists()


def test_a_commit_that_git_has_lost_is_the_reason(root: Path, tmp_path: Path) -> None:
    tree = Tree.of(root, tmp_path / "scratch")
    with pytest.raises(Hindrance, match="cannot be rebuilt"):
        tree.read("0123456789" * 4)


def test_a_tree_beyond_the_limit_is_refused(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("developer_node.proof.trees.FILES_MAX", 2)
    tree = Tree.of(root, tmp_path / "scratch")
    with pytest.raises(Hindrance, match="too large: 3 files"):
        tree.read("HEAD")


def test_a_worktree_is_rebuilt_like_any_other(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(root, "worktree", "add", "-q", str(tmp_path / "beside"))
    tree = Tree.of(tmp_path / "beside", tmp_path / "scratch")
    tree.read("HEAD")
    assert tree.write() == git(root, "rev-parse", "HEAD^{tree}")
