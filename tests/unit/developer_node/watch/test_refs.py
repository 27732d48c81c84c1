"""References besides HEAD: each operation once, with its name, in the order in which git did it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from common.model.ids import WorkingCopyId
from developer_node.watch import refs as refs_module
from developer_node.watch.git import GitWatcher, Turns
from developer_node.watch.git_places import GitPlaces
from developer_node.watch.reflog import AskedReflog, FileReflog, Place, reflog_of

Following = Callable[..., AbstractAsyncContextManager[GitWatcher]]
OTHER = WorkingCopyId("d" * 16)


def told(recorded: Any) -> list[tuple[str, str]]:
    return [(o.operation, o.ref) for o in recorded.operations]


def here(repository: Any, root: Path) -> Any:
    """The same person in another directory."""
    return type(repository)(root)


@pytest.fixture
def upstream(repository: Any, tmp_path: Path) -> Path:
    """A bare repository that `repository` pushes to."""
    place = tmp_path / "up.git"
    repository.commit("base", a_py="1\n")
    repository.git("init", "-q", "--bare", "-b", "main", str(place))
    repository.git("remote", "add", "origin", str(place))
    repository.git("push", "-q", "-u", "origin", "main")
    return place


async def test_tags_and_branches_are_told_when_they_are_made_moved_and_deleted(
    repository: Any, recorded: Any, following: Following
) -> None:
    first = repository.commit("one", a_py="1\n")
    second = repository.commit("two", a_py="2\n")
    async with following(repository.root):
        repository.git("tag", "v1")
        await recorded.until(lambda: len(recorded.beside) == 1)
        repository.git("tag", "-f", "v1", first)
        await recorded.until(lambda: len(recorded.beside) == 2)
        repository.git("tag", "-d", "v1")
        await recorded.until(lambda: len(recorded.beside) == 3)
        repository.git("branch", "topic/deep/side")
        await recorded.until(lambda: len(recorded.beside) == 4)
        repository.git("branch", "-f", "topic/deep/side", first)
        await recorded.until(lambda: len(recorded.beside) == 5)
        repository.git("branch", "-D", "topic/deep/side")
        await recorded.until(lambda: len(recorded.beside) == 6)
    assert [(o.operation, o.ref, o.old, o.new) for o in recorded.beside] == [
        ("tag", "refs/tags/v1", "", second),
        ("tag", "refs/tags/v1", second, first),
        ("tag", "refs/tags/v1", first, ""),
        ("branch", "topic/deep/side", "", second),
        ("branch", "topic/deep/side", second, first),
        ("branch", "topic/deep/side", first, ""),
    ]
    assert not any(o.commits for o in recorded.beside)


async def test_work_on_a_branch_is_told_as_commits_and_not_as_a_branch_that_moved(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("one", a_py="1\n")
    async with following(repository.root):
        repository.git("switch", "-qc", "side")
        repository.commit("aside", b_py="1\n")
        repository.git("switch", "-q", "main")
        repository.commit("ahead", c_py="1\n")
        await recorded.until(lambda: len(recorded.moves) == 5)
    assert [(o.operation, o.ref, o.message) for o in recorded.beside] == [
        ("branch", "side", "branch: created side")
    ]
    order = told(recorded)
    assert order.index(("branch", "side")) < order.index(("checkout", "side"))


async def test_a_stash_is_told_when_it_is_made_and_when_it_is_popped(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("one", a_py="1\n")
    async with following(repository.root):
        for number in (2, 3):
            repository.write("a.py", f"{number}\n")
            repository.git("stash", "push", "-q", "-m", f"half done {number}")
            await recorded.until(lambda: len(recorded.beside) == number - 1)  # noqa: B023
        repository.git("stash", "pop", "-q")
        await recorded.until(lambda: len(recorded.beside) == 3)
        repository.git("checkout", "-q", "--", ".")
        repository.git("stash", "drop", "-q")
        await recorded.until(lambda: len(recorded.beside) == 4)
    assert [o.operation for o in recorded.beside] == ["stash"] * 4
    one, two, popped, dropped = recorded.beside
    assert one.message == "On main: half done 2"
    assert two.message == "On main: half done 3"
    assert (popped.old, popped.new, dropped.new) == (two.new, one.new, "")
    assert "popped" in popped.message


async def test_a_push_a_fetch_and_a_pull_are_told_apart(
    repository: Any, recorded: Any, following: Following, upstream: Path, tmp_path: Path
) -> None:
    other = here(repository, tmp_path / "other")
    repository.git("clone", "-q", str(upstream), str(other.root))
    async with following(repository.root):
        mine = repository.commit("mine", m_py="1\n")
        repository.git("push", "-q")
        await recorded.until(lambda: ("push", "refs/remotes/origin/main") in told(recorded))
        other.git("pull", "-q")
        theirs = other.commit("theirs", t_py="1\n")
        other.git("push", "-q")
        repository.git("fetch", "-q")
        await recorded.until(lambda: ("fetch", "refs/remotes/origin/main") in told(recorded))
        other.commit("again", t_py="2\n")
        other.git("push", "-q")
        repository.git("pull", "-q", "--ff-only")
        await recorded.until(lambda: "pull" in [o.operation for o in recorded.moves])
    pushed = next(o for o in recorded.beside if o.operation == "push")
    fetched = [o for o in recorded.beside if o.operation == "fetch"]
    assert (pushed.new, pushed.commits) == (mine, ())
    assert [o.old for o in fetched] == [mine, theirs]
    pulled = recorded.moves[-1]
    assert [c.subject for c in pulled.commits] == ["theirs", "again"], "told when they came in"
    assert told(recorded)[-2:] == [("fetch", "refs/remotes/origin/main"), ("pull", "main")]


async def test_a_remote_branch_that_was_pruned_is_told(
    repository: Any, recorded: Any, following: Following, upstream: Path
) -> None:
    repository.git("push", "-q", "origin", "main:gone")
    async with following(repository.root):
        here(repository, upstream).git("update-ref", "-d", "refs/heads/gone")
        repository.git("fetch", "-q", "--prune")
        await recorded.until(lambda: recorded.beside)
    assert recorded.beside[0].message == "origin/gone is gone there"


async def test_a_clone_is_told_with_its_history(
    repository: Any, recorded: Any, following: Following, upstream: Path, tmp_path: Path
) -> None:
    repository.git("clone", "-q", f"file://{upstream}", str(tmp_path / "cloned"))
    async with following(tmp_path / "cloned"):
        (born,) = recorded.operations
    assert (born.operation, born.ref) == ("clone", "main")
    assert born.message == f"clone: from file://{upstream}"
    assert [c.subject for c in born.commits] == ["base"]


async def test_references_that_git_packs_have_not_moved(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("one", a_py="1\n")
    for number in range(5):
        repository.git("tag", f"v{number}")
    async with following(repository.root):
        repository.git("pack-refs", "--all")
        repository.git("tag", "after")
        await recorded.until(lambda: recorded.beside)
        repository.git("tag", "-d", "v3")
        await recorded.until(lambda: len(recorded.beside) == 2)
    assert [o.ref for o in recorded.beside] == ["refs/tags/after", "refs/tags/v3"]


async def test_what_other_references_did_meanwhile_is_caught_up(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("one", a_py="1\n")
    async with following(repository.root):
        pass
    repository.git("tag", "while-away")
    async with following(repository.root):
        await recorded.until(lambda: recorded.beside)
    assert told(recorded)[1:] == [("tag", "refs/tags/while-away")]


async def test_a_storm_of_tags_is_told_as_one(
    repository: Any, recorded: Any, following: Following
) -> None:
    sha = repository.commit("one", a_py="1\n")
    async with following(repository.root):
        pass
    storm = "".join(f"create refs/tags/t{n:04} {sha}\n" for n in range(1200))
    (repository.root / "storm").write_text(storm)
    with (repository.root / "storm").open() as lines:
        await asyncio.to_thread(repository.fed, lines, "update-ref", "--stdin")
    async with following(repository.root):
        await recorded.until(lambda: recorded.beside)
    (one,) = recorded.beside
    assert (
        one.message
        == "tag: 1200 references: "
        + ", ".join(f"refs/tags/t{n:04}" for n in range(5))
        + " and 1,195 more"
    )


async def test_with_too_many_references_head_is_followed_alone_and_that_is_said(
    repository: Any, recorded: Any, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refs_module, "REFS_MAX", 3)
    repository.commit("one", a_py="1\n")
    for number in range(4):
        repository.git("tag", f"v{number}")
    async with following(repository.root) as watcher:
        assert watcher.state.endswith("references: of them only HEAD is followed")
        repository.git("tag", "more")
        repository.commit("two", a_py="2\n")
        await recorded.until(lambda: len(recorded.moves) == 2)
    assert recorded.beside == []


async def test_worktrees_tell_what_they_share_once_and_their_own_moves_each(
    repository: Any, recorded: Any, following: Following, tmp_path: Path
) -> None:
    repository.commit("one", a_py="1\n")
    repository.git("worktree", "add", "-q", "-b", "beside", str(tmp_path / "tree"))
    tree = here(repository, tmp_path / "tree")
    turns = Turns(asyncio.Lock)
    async with (
        following(repository.root, turns=turns),
        following(tree.root, copy=OTHER, turns=turns),
    ):
        sha = tree.commit("in the worktree", b_py="1\n")
        await recorded.until(lambda: any(o.new == sha for o in recorded.moves))
        repository.git("tag", "shared")
        await recorded.until(lambda: recorded.beside)
        repository.commit("in the first", c_py="1\n")
        await recorded.until(lambda: recorded.moves[-1].ref == "main")
    assert [o.ref for o in recorded.beside] == ["refs/tags/shared"]
    whose = {o.body.new: o.working_copy for o in recorded.events}
    assert whose[sha] == OTHER


async def test_a_submodule_is_followed_by_itself_and_named_by_its_commits_outside(
    repository: Any, recorded: Any, following: Following, tmp_path: Path
) -> None:
    inner = here(repository, tmp_path / "inner")
    repository.git("init", "-q", "-b", "main", str(inner.root))
    first = inner.commit("inside", i_py="1\n")
    repository.commit("one", a_py="1\n")
    allowed = ("-c", "protocol.file.allow=always")
    repository.git(*allowed, "submodule", "--quiet", "add", str(inner.root), "lib")
    repository.git("commit", "-q", "-m", "with a submodule")
    lib = here(repository, repository.root / "lib")
    async with following(repository.root), following(lib.root, copy=OTHER):
        second = lib.commit("inside again", i_py="2\n")
        await recorded.until(lambda: any(o.new == second for o in recorded.moves))
        repository.commit("moves the submodule")
        await recorded.until(lambda: recorded.moves[-1].message == "commit: moves the submodule")
    (commit,) = recorded.moves[-1].commits
    changed = [(c.path, c.old_git, c.new_git) for c in commit.changes]
    assert changed == [("lib", first, second)]


def test_a_reflog_asked_of_git_says_what_the_file_says(repository: Any) -> None:
    """The way of reftable, which the git of this machine may not know: the same commands."""
    repository.commit("one", a_py="1\n")
    file = FileReflog(repository.root / ".git" / "logs" / "HEAD")
    asked = AskedReflog(repository.root)
    from_file, from_git = (Place(*reflog.end()) for reflog in (file, asked))
    repository.commit("two", a_py="2\n")
    repository.git("switch", "-qc", "side")
    repository.git("reset", "-q", "--hard", "HEAD~1")
    lines = file.read_on(from_file)[0]
    assert [line.message.partition(":")[0] for line in lines] == ["commit", "checkout", "reset"]
    assert asked.read_on(from_git)[0] == lines
    assert asked.read_on(Place())[0] == file.read_on(Place())[0]


def test_a_repository_with_tables_is_read_by_asking_git(repository: Any) -> None:
    places = GitPlaces.of(repository.root)
    assert isinstance(reflog_of(repository.root, places.directory, places.common), FileReflog)
    (repository.root / ".git" / "reftable").mkdir()
    assert isinstance(reflog_of(repository.root, places.directory, places.common), AskedReflog)
