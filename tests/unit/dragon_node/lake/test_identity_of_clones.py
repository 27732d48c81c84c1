"""Which clones are one project, told by real git repositories as a laptop tells it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from common.model.event import Event
from common.model.ids import ProjectId, WorkingCopyId, new_event_id, working_copy_id
from developer_node.text.working_copy import evidence
from dragon_node.lake.admission import Places
from dragon_node.lake.identity import Placed
from tests.support.repository import Repository

ORG = "git@github.com:org/thing.git"
FORK = "git@github.com:me/thing.git"


class Laptops:
    """Clones on several machines, and the Dragon's decisions about them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.places = Places({}, {})

    def upstream(self, remote: str = ORG) -> Repository:
        """The first working copy, whose remote is a host."""
        made = Repository.make(self.directory / "upstream")
        if remote:
            made.git("remote", "add", "origin", remote)
        return made

    def clone(self, of: Repository, name: str, remote: str = "", *options: str) -> Repository:
        """A clone on disk; its remote is then told to be a host, or none that others see."""
        at = self.directory / name
        subprocess.run(["git", "clone", "-q", *options, of.root.as_uri(), at], check=True)
        made = Repository(at)
        if remote:
            made.git("remote", "set-url", "origin", remote)
        return made

    def see(self, clone: Repository, machine: str = "laptop") -> Placed:
        """What the laptop says of it now, decided."""
        copy = self.copy(clone, machine)
        return self.places.of(Event(new_event_id(), 1, copy, evidence(clone.root)))

    def copy(self, clone: Repository, machine: str = "laptop") -> WorkingCopyId:
        """Its name."""
        return working_copy_id(machine, str(clone.root))


@pytest.fixture
def laptops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Laptops:
    """The Dragon knows of none."""
    monkeypatch.setenv("FILTER_BRANCH_SQUELCH_WARNING", "1")  # git waits 10 s to be read
    return Laptops(tmp_path)


@pytest.mark.parametrize(
    "spelling",
    [
        "git@github.com:org/thing.git",
        "git@github.com:org/thing",
        "github.com:org/thing.git",
        "https://github.com/org/thing",
        "https://ada:token@github.com/org/thing.git/",
        "ssh://git@github.com/org/thing.git",
        "ssh://git@github.com:22/org/thing",
        "ssh://git@ssh.github.com:443/org/thing.git",
        "git://GitHub.com/Org/Thing.git",
    ],
)
def test_one_remote_however_it_is_spelled_is_one_project(laptops: Laptops, spelling: str) -> None:
    upstream = laptops.upstream("https://github.com/org/thing.git")
    first = laptops.see(upstream)
    other = laptops.clone(upstream, "other", spelling)
    assert laptops.see(other, "desktop").project == first.project


def test_names_on_a_host_that_tells_case_apart_are_two_projects(laptops: Laptops) -> None:
    upstream = laptops.upstream("https://git.example.org/org/thing")
    other = laptops.clone(upstream, "other", "https://git.example.org/Org/Thing")
    assert laptops.see(upstream).project != laptops.see(other).project


def test_a_shallow_clone_with_the_same_remote_is_the_same_project(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    _commit(upstream, "a second commit")
    shallow = laptops.clone(upstream, "shallow", ORG, "--depth=1")
    assert evidence(shallow.root).shallow
    assert laptops.see(shallow).project == laptops.see(upstream).project


def test_a_shallow_clone_without_a_remote_stands_alone(laptops: Laptops) -> None:
    """Its oldest commit is not a root, whatever git calls it."""
    upstream = laptops.upstream("")
    _commit(upstream, "a second commit")
    first = laptops.see(upstream)
    shallow = laptops.clone(upstream, "shallow", "", "--depth=1")
    assert laptops.see(shallow).project != first.project


def test_a_shallow_clone_that_is_completed_stays_where_it_was_put(laptops: Laptops) -> None:
    upstream = laptops.upstream("")
    _commit(upstream, "a second commit")
    shallow = laptops.clone(upstream, "shallow", "", "--depth=1")
    alone = laptops.see(shallow)
    shallow.git("fetch", "-q", "--unshallow")
    assert laptops.see(shallow) == alone


def test_a_clone_of_a_clone_on_disk_is_the_same_project_by_its_roots(laptops: Laptops) -> None:
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    assert laptops.see(laptops.clone(upstream, "second")).project == first.project


def test_a_fork_is_another_project_though_its_roots_are_the_same(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    assert laptops.see(laptops.clone(upstream, "fork", FORK)).project != first.project


def test_a_fork_that_names_its_upstream_is_neither_the_upstream_nor_the_bare_fork(
    laptops: Laptops,
) -> None:
    """It shares a remote with each, and their histories are not one. A person may join them."""
    upstream = laptops.upstream()
    fork = laptops.clone(upstream, "fork", FORK)
    both = laptops.clone(upstream, "both", FORK)
    both.git("remote", "add", "upstream", ORG)
    assert len({laptops.see(each).project for each in (upstream, fork, both)}) == 3


def test_two_clones_of_a_fork_with_its_upstream_are_one_project(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first, second = (laptops.clone(upstream, name, FORK) for name in ("first", "second"))
    first.git("remote", "add", "upstream", ORG)
    second.git("remote", "add", "theirs", "https://github.com/org/thing")
    assert laptops.see(first).project == laptops.see(second).project


def test_repositories_from_one_template_are_projects_of_their_own(laptops: Laptops) -> None:
    """A host copies the files and makes a new root."""
    template = laptops.upstream()
    made = Repository.make(laptops.directory / "made")
    made.git("commit", "-q", "--amend", "-m", "from a template", "--date=2001-01-01T00:00")
    made.git("remote", "add", "origin", "git@github.com:me/made.git")
    assert laptops.see(made).project != laptops.see(template).project


def test_a_template_that_kept_its_history_is_another_project_by_its_remote(
    laptops: Laptops,
) -> None:
    template = laptops.upstream()
    first = laptops.see(template)
    made = laptops.clone(template, "made", "git@github.com:me/made.git")
    assert laptops.see(made).project != first.project


def test_rewritten_roots_with_the_same_remote_stay_the_same_project(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    before = evidence(upstream.root).roots
    _rewrite(upstream)
    assert evidence(upstream.root).roots != before
    assert laptops.see(upstream) == first
    assert laptops.see(laptops.clone(upstream, "later", ORG)).project == first.project


def test_rewritten_roots_without_a_remote_are_a_project_of_their_own_and_say_what_they_left(
    laptops: Laptops,
) -> None:
    """Nothing tells them from another repository at that path. A person may join the two."""
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    _rewrite(upstream)
    after = laptops.see(upstream)
    assert after.project != first.project
    assert after.left == first.project


def test_a_clone_made_before_the_roots_were_rewritten_stays_with_the_old_project(
    laptops: Laptops,
) -> None:
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    old = laptops.clone(upstream, "old")
    _rewrite(upstream)
    laptops.see(upstream)
    assert laptops.see(old).project == first.project


def test_roots_that_were_joined_by_a_merge_stay_the_same_project(laptops: Laptops) -> None:
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    upstream.git("checkout", "-q", "--orphan", "docs")
    _commit(upstream, "a root of its own")
    upstream.git("checkout", "-q", "main")
    upstream.git("merge", "-q", "--allow-unrelated-histories", "-m", "both", "docs")
    assert len(evidence(upstream.root).roots) == 2
    assert laptops.see(upstream) == first


def test_directories_without_commits_are_projects_by_path(laptops: Laptops) -> None:
    places = [_initialised(laptops.directory / name) for name in ("one", "two")]
    assert laptops.see(places[0]).project != laptops.see(places[1]).project


def test_the_same_path_on_two_laptops_without_commits_is_two_projects(laptops: Laptops) -> None:
    empty = _initialised(laptops.directory / "thing")
    assert laptops.see(empty).project != laptops.see(empty, "desktop").project


def test_the_first_commit_and_the_first_remote_move_nothing(laptops: Laptops) -> None:
    begun = _initialised(laptops.directory / "thing")
    first = laptops.see(begun)
    _commit(begun, "the first")
    assert laptops.see(begun) == first
    begun.git("remote", "add", "origin", ORG)
    assert laptops.see(begun) == first
    assert laptops.see(laptops.clone(begun, "second", ORG)).project == first.project


def test_a_worktree_is_the_same_project_with_a_working_copy_of_its_own(laptops: Laptops) -> None:
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    upstream.git("worktree", "add", "-q", "-b", "fix", str(laptops.directory / "fix"))
    tree = Repository(laptops.directory / "fix")
    assert laptops.copy(tree) != laptops.copy(upstream)
    assert laptops.see(tree).project == first.project


def test_a_worktree_on_a_branch_without_a_common_root_is_a_project_of_its_own(
    laptops: Laptops,
) -> None:
    """Without a remote its evidence is HEAD's roots alone; with one it is the same project."""
    upstream = laptops.upstream("")
    first = laptops.see(upstream)
    tree = _orphan_worktree(upstream, laptops.directory / "pages")
    assert laptops.see(tree).project != first.project
    upstream.git("remote", "add", "origin", ORG)
    laptops.see(upstream)
    later = _orphan_worktree(upstream, laptops.directory / "later")
    assert laptops.see(later).project == first.project


def test_a_submodule_is_a_project_of_its_own_and_the_one_that_it_is_a_clone_of(
    laptops: Laptops,
) -> None:
    library = laptops.upstream("")
    alone = laptops.see(library)
    outer = Repository.make(laptops.directory / "outer")
    outer.git("commit", "-q", "--amend", "-m", "outer", "--date=2001-01-01T00:00")
    allow = ("-c", "protocol.file.allow=always")
    outer.git(*allow, "submodule", "--quiet", "add", str(library.root), "lib")
    inner = Repository(outer.root / "lib")
    assert laptops.see(inner).project == alone.project
    assert laptops.see(outer).project != alone.project


def test_a_remote_that_is_called_otherwise_is_the_same_remote(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    upstream.git("remote", "rename", "origin", "company")
    assert laptops.see(upstream) == first
    assert laptops.see(laptops.clone(upstream, "other", ORG)).project == first.project


def test_a_repository_that_moved_to_another_host_moves_no_history(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    upstream.git("remote", "set-url", "origin", "https://gitlab.com/org/renamed.git")
    moved = laptops.see(upstream)
    assert (moved.project, moved.left) == (first.project, None)
    new = laptops.clone(upstream, "new", "https://gitlab.com/org/renamed")
    assert laptops.see(new).project == first.project


def test_a_clone_with_the_remote_of_before_is_not_joined_by_a_guess(laptops: Laptops) -> None:
    """The old address may be somebody else's by now."""
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    upstream.git("remote", "set-url", "origin", "https://gitlab.com/org/renamed.git")
    laptops.see(upstream)
    old = laptops.clone(upstream, "old", ORG)
    assert laptops.see(old).project != first.project


def test_a_remote_added_later_moves_nothing_and_later_clones_find_either(
    laptops: Laptops,
) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    second = laptops.clone(upstream, "second", ORG)
    laptops.see(second)
    second.git("remote", "add", "mine", FORK)
    assert laptops.see(second) == first
    third = laptops.clone(upstream, "third", ORG)
    fourth = laptops.clone(upstream, "fourth", FORK)
    fourth.git("remote", "add", "upstream", ORG)
    assert laptops.see(third).project == laptops.see(fourth).project == first.project


def test_a_remote_that_two_projects_have_come_to_name_joins_neither(laptops: Laptops) -> None:
    """Which of them a third clone belongs to cannot be told."""
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    other = laptops.clone(upstream, "other", FORK)
    second = laptops.see(other)
    other.git("remote", "set-url", "origin", ORG)
    assert laptops.see(other).project == second.project
    third = laptops.see(laptops.clone(upstream, "third", ORG))
    assert third.project not in (first.project, second.project)


def test_another_repository_at_the_same_path_leaves_the_old_project(laptops: Laptops) -> None:
    upstream = laptops.upstream()
    first = laptops.see(upstream)
    upstream.root.rename(laptops.directory / "moved")
    other = Repository.make(upstream.root)
    other.git("commit", "-q", "--amend", "-m", "another", "--date=2001-01-01T00:00")
    other.git("remote", "add", "origin", "git@github.com:me/another.git")
    now = laptops.see(other)
    assert now.left == first.project
    assert now.project != first.project


def test_repositories_that_follow_each_other_at_a_path_never_meet(laptops: Laptops) -> None:
    """Even where nothing but the path tells them from clones elsewhere."""
    at = laptops.directory / "thing"
    seen: list[ProjectId] = []
    for number in (1, 2):
        twin = Repository.make(laptops.directory / f"twin-{number}")
        twin.git("commit", "-q", "--amend", "-m", str(number), "--date=2001-01-01T00:00")
        for fork in ("one", "two"):
            laptops.see(laptops.clone(twin, f"{fork}-{number}", f"git@h:{fork}/{number}.git"))
        here = laptops.clone(twin, "thing")
        seen.append(laptops.see(here).project)
        at.rename(laptops.directory / f"gone-{number}")
    assert len(set(seen)) == 2


def _commit(repository: Repository, subject: str) -> None:
    repository.git("commit", "-q", "--allow-empty", "-m", subject)


def _rewrite(repository: Repository) -> None:
    repository.git("filter-branch", "-f", "--msg-filter", "sed s/calculator/secret-free/", "HEAD")


def _initialised(root: Path) -> Repository:
    root.mkdir()
    made = Repository(root)
    made.git("init", "-q", "-b", "main")
    return made


def _orphan_worktree(of: Repository, at: Path) -> Repository:
    of.git("worktree", "add", "-q", "--detach", str(at))
    tree = Repository(at)
    tree.git("checkout", "-q", "--orphan", at.name)
    _commit(tree, f"a root for {at.name}")
    return tree
