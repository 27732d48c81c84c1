"""Which clones are one project. Two that are joined by mistake would share their remedies."""

from __future__ import annotations

from common.model.event import WorkingCopySeen
from common.model.ids import WorkingCopyId
from dragon_node.lake.identity import KnownCopy, Placed, name_of, place

FIRST, SECOND, THIRD = (WorkingCopyId(c * 16) for c in "123")


def _seen(
    path: str = "/a/thing",
    remotes: tuple[str, ...] = (),
    roots: tuple[str, ...] = (),
    *,
    shallow: bool = False,
) -> WorkingCopySeen:
    return WorkingCopySeen(path, "laptop", remotes, roots, shallow)


class World:
    """Working copies that were placed one after the other."""

    def __init__(self) -> None:
        self.known: dict[WorkingCopyId, KnownCopy] = {}

    def see(self, copy: WorkingCopyId, seen: WorkingCopySeen) -> Placed:
        placed = place(copy, seen, self.known.values())
        roots = frozenset[str]() if seen.shallow else frozenset(seen.roots)
        self.known[copy] = KnownCopy(
            copy, seen.path, frozenset(seen.remotes), roots, placed.project, placed.name
        )
        return placed


def test_clones_with_the_same_remote_are_one_project() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r",)))
    assert world.see(SECOND, _seen("/b", ("h/o/thing",), ("r",))).project == first.project


def test_a_shallow_clone_joins_by_its_remote() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r",)))
    shallow = _seen("/b", ("h/o/thing",), shallow=True)
    assert world.see(SECOND, shallow).project == first.project


def test_a_shallow_clone_without_a_remote_stays_alone() -> None:
    """Its first commit is not a root commit, whatever it is called."""
    world = World()
    first = world.see(FIRST, _seen(roots=("r",)))
    assert world.see(SECOND, _seen("/b", roots=("r",), shallow=True)).project != first.project


def test_a_clone_of_a_local_path_joins_by_root_commits() -> None:
    world = World()
    first = world.see(FIRST, _seen(roots=("r",)))
    assert world.see(SECOND, _seen("/b", roots=("r",))).project == first.project


def test_a_fork_is_another_project() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/org/thing",), roots=("r",)))
    fork = world.see(SECOND, _seen("/b", ("h/me/thing",), ("r",)))
    with_upstream = world.see(THIRD, _seen("/c", ("h/me/thing", "h/org/thing"), ("r",)))
    assert len({first.project, fork.project, with_upstream.project}) == 3


def test_a_clone_without_remotes_joins_nobody_when_two_forks_would_fit() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/org/thing",), roots=("r",)))
    fork = world.see(SECOND, _seen("/b", ("h/me/thing",), ("r",)))
    assert world.see(THIRD, _seen("/c", roots=("r",))).project not in (first.project, fork.project)


def test_differing_remotes_are_not_joined_through_a_clone_that_has_none() -> None:
    """Likeness is not handed on: the clone without a remote belongs to the first."""
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/org/thing",), roots=("r",)))
    assert world.see(SECOND, _seen("/b", roots=("r",))).project == first.project
    assert world.see(THIRD, _seen("/c", ("h/me/thing",), ("r",))).project != first.project


def test_two_repositories_from_one_template_have_roots_of_their_own() -> None:
    world = World()
    first = world.see(FIRST, _seen(roots=("r1",)))
    assert world.see(SECOND, _seen("/b/thing", roots=("r2",))).project != first.project


def test_directories_without_commits_are_told_apart_by_path() -> None:
    world = World()
    first = world.see(FIRST, _seen("/a/thing"))
    assert world.see(SECOND, _seen("/b/thing")).project != first.project


def test_a_working_copy_keeps_its_project_when_its_first_commit_and_remote_come() -> None:
    world = World()
    first = world.see(FIRST, _seen())
    assert world.see(FIRST, _seen(roots=("r",))).project == first.project
    later = world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r",)))
    assert later.project == first.project
    assert world.see(SECOND, _seen("/b", ("h/o/thing",), ("r",))).project == first.project


def test_a_rewritten_root_with_the_same_remote_stays() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r1",)))
    assert world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r2",))) == Placed(
        first.project, first.name
    )


def test_another_repository_at_the_same_path_leaves_the_old_project() -> None:
    world = World()
    first = world.see(FIRST, _seen(remotes=("h/o/thing",), roots=("r1",)))
    second = world.see(FIRST, _seen(remotes=("h/o/other",), roots=("r2",)))
    assert second.project != first.project
    assert second.left == first.project


def test_the_name_is_the_remotes_or_else_the_directorys() -> None:
    assert name_of(_seen("/a/clone", ("h/o/thing",))) == "thing"
    assert name_of(_seen("/a/clone", ("h/o/thing", "h/me/thing"))) == "thing"
    assert name_of(_seen("/a/clone", ("h/o/thing", "h/me/other"))) == "clone"
    assert name_of(_seen("/a/clone")) == "clone"
