"""The git watcher: every movement of HEAD once, in order, also those that nobody watched."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from common.clock import SystemClock
from developer_node.watch.git import GitWatcher

Following = Callable[..., AbstractAsyncContextManager[GitWatcher]]


def verbs(recorded: Any) -> list[str]:
    return [o.operation for o in recorded.moves]


async def test_a_commit_is_reported_with_what_it_changed(
    repository: Any, recorded: Any, following: Following
) -> None:
    first = repository.commit("one", a_py="1\n", gone_py="1\n")
    async with following(repository.root):
        (repository.root / "gone.py").unlink()
        sha = repository.commit("fix the off by one", a_py="2\n", new_py="3\n")
        await recorded.until(lambda: "commit" in verbs(recorded))
        operation = recorded.moves[-1]
        assert (operation.old, operation.new, operation.ref) == (first, sha, "main")
        assert operation.message == "commit: fix the off by one"
        (commit,) = operation.commits
        assert (commit.sha, commit.parents, commit.subject) == (sha, (first,), "fix the off by one")
        assert abs(commit.author_ms - recorded.events[-1].at_ms) < 60_000
        changes = {c.path: (c.old_git, c.new_git) for c in commit.changes}
        assert changes == {
            "a.py": (
                repository.git("rev-parse", f"{first}:a.py"),
                repository.git("rev-parse", f"{sha}:a.py"),
            ),
            "gone.py": (repository.git("rev-parse", f"{first}:gone.py"), ""),
            "new.py": ("", repository.git("rev-parse", f"{sha}:new.py")),
        }
        assert "-1\n+2\n" in commit.patch
        assert not commit.cut


async def test_the_recent_past_is_told_at_first_sight_oldest_first(
    repository: Any, recorded: Any, following: Following
) -> None:
    shas = [repository.commit(f"c{n}", a_py=f"{n}\n") for n in range(5)]
    async with following(repository.root):
        (past,) = recorded.moves
        assert past.operation == "other"
        assert [c.sha for c in past.commits] == shas
        assert past.commits[0].parents == ()
        assert "+0\n" in past.commits[0].patch


async def test_every_sort_of_movement_has_its_name(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    async with following(repository.root):
        git = repository.git
        repository.commit("on main", b_py="1\n")
        git("commit", "-q", "--amend", "-m", "amended")
        git("switch", "-qc", "feature")
        repository.commit("on feature", c_py="1\n")
        git("switch", "-q", "main")
        git("merge", "-q", "--no-ff", "-m", "merged", "feature")
        git("revert", "--no-edit", "HEAD~1")
        git("reset", "-q", "--hard", "HEAD~1")
        git("checkout", "-q", "--detach", "HEAD~1")
        repository.commit("loose", d_py="1\n")
        git("checkout", "-q", "main")
        git("cherry-pick", "HEAD@{1}")
        wanted = [
            "other",
            "commit",
            "amend",
            "checkout",
            "commit",
            "checkout",
            "merge",
            "revert",
            "reset",
            "checkout",
            "commit",
            "checkout",
            "cherry-pick",
        ]
        await recorded.until(lambda: len(verbs(recorded)) >= len(wanted))
        assert verbs(recorded) == wanted
        assert [o.ref for o in recorded.moves[3:6]] == ["feature", "feature", "main"]
        assert recorded.moves[9].ref == "", "detached"


async def test_no_commit_is_told_twice(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    repository.git("switch", "-qc", "feature")
    repository.commit("f1", b_py="1\n")
    async with following(repository.root):
        repository.git("switch", "-q", "main")
        repository.git("switch", "-q", "feature")
        await recorded.until(lambda: len(recorded.moves) == 3)
        told = [c.sha for o in recorded.moves for c in o.commits]
        assert len(told) == len(set(told)) == 2


async def test_what_happened_meanwhile_is_caught_up_in_order(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    async with following(repository.root):
        pass
    shas = [repository.commit(f"while away {n}", a_py=f"away {n}\n") for n in range(3)]
    repository.git("switch", "-qc", "later")
    async with following(repository.root):
        await recorded.until(lambda: len(recorded.moves) == 5)
        assert [o.new for o in recorded.moves[1:4]] == shas
        assert [[c.sha for c in o.commits] for o in recorded.moves[1:4]] == [[sha] for sha in shas]
        assert recorded.moves[4].operation == "checkout"


async def test_a_commit_passed_twice_while_away_is_told_once(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    async with following(repository.root):
        pass
    repository.git("switch", "-qc", "side")
    sha = repository.commit("aside", b_py="1\n")
    repository.git("switch", "-q", "main")
    repository.git("switch", "-q", "side")
    async with following(repository.root):
        await recorded.until(lambda: len(recorded.moves) == 5)
        assert [c.sha for o in recorded.moves[1:] for c in o.commits] == [sha]


async def test_a_reflog_that_git_shortened_is_read_on_from_the_line_known(
    repository: Any, recorded: Any, following: Following
) -> None:
    for n in range(5):
        repository.commit(f"c{n}", a_py=f"{n}\n")
    async with following(repository.root):
        pass
    reflog = repository.root / ".git" / "logs" / "HEAD"
    reflog.write_bytes(b"".join(reflog.read_bytes().splitlines(keepends=True)[3:]))
    sha = repository.commit("after", a_py="after\n")
    async with following(repository.root):
        await recorded.until(lambda: len(recorded.moves) == 2)
        assert (recorded.moves[1].operation, recorded.moves[1].new) == ("commit", sha)


async def test_the_mark_says_nothing_of_what_a_commit_is_called(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("password hunter2secret", a_py="1\n")
    async with following(repository.root):
        pass
    assert recorded.marks
    assert "hunter2secret" not in repr(recorded.marks)


async def test_a_mark_that_still_holds_the_line_itself_is_read_on(
    repository: Any, recorded: Any, following: Following
) -> None:
    """As it was kept before; the reflog was shortened meanwhile, so the line alone tells."""
    for n in range(5):
        repository.commit(f"c{n}", a_py=f"{n}\n")
    async with following(repository.root):
        pass
    reflog = repository.root / ".git" / "logs" / "HEAD"
    (key,) = [each for each in recorded.marks if each.count(":") == 1]
    place = json.loads(recorded.marks[key])
    place["last"] = reflog.read_text().splitlines()[-1]
    recorded.marks[key] = json.dumps(place)
    reflog.write_bytes(b"".join(reflog.read_bytes().splitlines(keepends=True)[3:]))
    sha = repository.commit("after", a_py="after\n")
    async with following(repository.root):
        await recorded.until(lambda: len(recorded.moves) == 2)
        assert (recorded.moves[1].operation, recorded.moves[1].new) == ("commit", sha)


async def test_without_a_reflog_a_movement_is_still_seen(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.git("config", "core.logAllRefUpdates", "false")
    first = repository.commit("base", a_py="1\n")
    (repository.root / ".git" / "logs" / "HEAD").unlink(missing_ok=True)
    async with following(repository.root):
        sha = repository.commit("two", a_py="2\n")
        await recorded.until(lambda: len(recorded.moves) == 2)
        operation = recorded.moves[1]
        assert (operation.operation, operation.old, operation.new) == ("other", first, sha)
        assert [c.subject for c in operation.commits] == ["two"]


async def test_the_first_commit_of_a_new_repository_is_seen(
    repository: Any, recorded: Any, following: Following
) -> None:
    async with following(repository.root) as watcher:
        assert watcher.state == "watching"
        assert recorded.moves == []
        sha = repository.commit("first", a_py="1\n")
        await recorded.until(lambda: recorded.moves)
        (operation,) = recorded.moves
        assert (operation.operation, operation.old, operation.new) == ("commit", "", sha)
        assert [c.sha for c in operation.commits] == [sha]


async def test_a_worktree_has_a_head_of_its_own(
    repository: Any, recorded: Any, following: Following, tmp_path: Path
) -> None:
    repository.commit("base", a_py="1\n")
    other = tmp_path / "other"
    repository.git("worktree", "add", "-q", "-b", "side", str(other))
    async with following(other):
        repository.git("-C", str(other), "commit", "-q", "--allow-empty", "-m", "aside")
        await recorded.until(lambda: len(recorded.moves) == 2)
        assert recorded.moves[1].ref == "side"


async def test_no_repository_is_a_sentence_and_no_failure(
    tmp_path: Path, recorded: Any, following: Following
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    async with following(plain) as watcher:
        assert "not a git repository" in watcher.state
        assert recorded.events == []


async def test_a_patch_is_redacted_and_held_within_its_limit(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    async with following(repository.root, redact=lambda t: t.replace("hunter2", "<redacted>")):
        repository.commit("hunter2", a_py="password hunter2\n")
        repository.commit("large", b_txt="0123456789\n" * 60_000)
        await recorded.until(lambda: len(recorded.moves) == 3)
        small, large = (o.commits[0] for o in recorded.moves[1:])
        assert "hunter2" not in repr(small)
        assert "+password <redacted>" in small.patch
        assert large.cut
        assert 200_000 < len(large.patch) <= 256 << 10
        assert large.patch.endswith("\n")


async def test_a_merge_is_told_against_its_first_parent_and_odd_names_travel(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    repository.git("switch", "-qc", "side")
    repository.write("ünïcode\n name.txt", "1\n")
    repository.write(b"bad\xff".decode("utf-8", "surrogateescape"), "1\n")
    repository.commit("odd \x01 subject")
    repository.git("switch", "-q", "main")
    repository.commit("on main", m_py="1\n")
    async with following(repository.root):
        repository.git("merge", "-q", "--no-ff", "-m", "merged", "side")
        await recorded.until(lambda: len(recorded.moves) == 2)
        odd, merge = recorded.moves[1].commits
        assert odd.subject == "odd \x01 subject"
        names = {"ünïcode\n name.txt", "bad\\xff"}
        assert {c.path for c in odd.changes} == names
        assert {c.path for c in merge.changes} == names
        assert len(merge.parents) == 2


class Jumping:
    """A clock that somebody sets back by an hour between two looks."""

    def __init__(self) -> None:
        self.behind_ms = 0

    def now_ms(self) -> int:
        return SystemClock().now_ms() - self.behind_ms


async def test_a_clock_that_jumps_back_loses_no_movement_and_changes_no_order(
    repository: Any, recorded: Any, following: Following
) -> None:
    repository.commit("base", a_py="1\n")
    clock = Jumping()
    async with following(repository.root, clock=clock):
        first = repository.commit("before", a_py="2\n")
        await recorded.until(lambda: len(recorded.moves) == 2)
        clock.behind_ms = 3_600_000
        second = repository.commit("after", a_py="3\n")
        repository.git("tag", "later")
        await recorded.until(lambda: len(recorded.moves) == 3 and recorded.beside)
    assert [o.new for o in recorded.moves[1:]] == [first, second]
    assert [[c.sha for c in o.commits] for o in recorded.moves[1:]] == [[first], [second]]
