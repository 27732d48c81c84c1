"""The working copies: what is watched stays watched, and what is merely seen tells its commits."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from common.clock import SystemClock
from common.errors import Invalid, Missing
from developer_node.watch import copies as copies_module
from developer_node.watch.copies import Redaction, WorkingCopies
from developer_node.watch.files import GONE
from developer_node.watch.notices import Notices

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id")  # meant: see notices_inotify

Open = Callable[[], AbstractAsyncContextManager[WorkingCopies]]


@pytest.fixture
def copies(recorded: Any, notices: Notices, tmp_path: Path) -> Open:
    def opened() -> AbstractAsyncContextManager[WorkingCopies]:
        return WorkingCopies.open(
            tmp_path / "home",
            notices=notices,
            record=recorded,
            memory=recorded,
            redaction=Redaction(lambda text: text, lambda data: data),
            clock=SystemClock(),
        )

    return opened


async def test_a_directory_inside_a_repository_means_the_whole_of_it(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", pkg__a_py="1\n")
    async with copies() as watched:
        found = await watched.watch(str(repository.root / "pkg"))
        assert found.path == str(repository.root)
        await recorded.until(lambda: recorded.newest("pkg/a.py") and recorded.operations)
        assert [r.path for r in watched.repositories()] == [str(repository.root)]


async def test_what_was_watched_is_watched_again_after_a_restart(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.seen and recorded.seen[-1].files == 1)
    repository.write("b.py", "2\n")
    async with copies() as watched:
        await recorded.until(lambda: recorded.newest("b.py"))
        assert [r.path for r in watched.repositories()] == [str(repository.root)]


async def test_a_commit_leads_to_the_files_and_a_sighting_with_the_new_head(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.seen and recorded.seen[-1].files == 1)
        sha = repository.commit("two", a_py="2\n")
        await recorded.until(lambda: any(o.new == sha for o in recorded.operations[1:]))
        await recorded.until(lambda: recorded.seen[-1].head == sha)
        await recorded.until(lambda: not recorded.newest("a.py").dirty)
        assert recorded.text("a.py") == "2\n"


async def test_a_copy_that_is_merely_seen_tells_its_commits_and_none_of_its_files(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.see(repository.root)
        await watched.see(repository.root)
        assert [s.files for s in recorded.seen] == [0]
        await recorded.until(lambda: recorded.operations)
        sha = repository.commit("two", a_py="2\n")
        await recorded.until(lambda: recorded.seen[-1].head == sha)
        assert recorded.files == []
        assert watched.repositories() == ()
        assert list(watched.known()) == [str(repository.root)]


@pytest.mark.parametrize("whole", [True, False])
async def test_a_copy_is_reported_before_its_commits(
    repository: Any, recorded: Any, copies: Open, whole: bool
) -> None:
    """The Dragon would take commits of a copy that it does not know for another project."""
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        if whole:
            await watched.watch(str(repository.root))
        else:
            await watched.see(repository.root)
        await recorded.until(lambda: recorded.operations and recorded.seen)
    kinds = [type(event.body).__name__ for event in recorded.events]
    assert kinds.index("WorkingCopySeen") < kinds.index("GitOperation")


async def test_a_copy_that_was_seen_is_named_again_after_a_restart_and_when_all_is_lost(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.see(repository.root)
    recorded.events.clear()
    async with copies() as watched:
        assert [s.path for s in recorded.seen] == [str(repository.root)]
        recorded.events.clear()
        watched.rescan()
        await recorded.until(lambda: recorded.seen)


async def test_a_copy_that_was_seen_may_be_watched_later(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.see(repository.root)
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.newest("a.py"))


async def test_without_git_there_is_a_sentence_and_with_it_the_next_call_takes_it_up(
    tmp_path: Path, repository: Any, recorded: Any, copies: Open
) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "a.txt").write_text("1\n")
    async with copies() as watched:
        await watched.watch(str(plain))
        await recorded.until(lambda: recorded.seen and recorded.seen[-1].files == 1)
        assert "no git here" in (await watched.watch(str(plain))).state
        repository.git("init", "-q", str(plain))
        await watched.watch(str(plain))
        await recorded.until(lambda: len(recorded.seen) >= 3)
        async with asyncio.timeout(20):
            while watched.repositories()[0].state != "watching":  # noqa: ASYNC110
                await asyncio.sleep(0.005)


async def test_forgetting_reports_everything_again(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.seen and recorded.seen[-1].files == 1)
        recorded.events.clear()
        recorded.marks.clear()
        watched.rescan()
        await recorded.until(lambda: recorded.newest("a.py") and recorded.operations)
        await recorded.until(lambda: [s.files for s in recorded.seen] == [-1, 1])


@pytest.mark.parametrize(
    ("path", "refusal"), [("relative", Invalid), ("/", Invalid), ("/no/such/place", Missing)]
)
async def test_what_cannot_be_watched_is_refused(
    copies: Open, path: str, refusal: type[Exception]
) -> None:
    async with copies() as watched:
        with pytest.raises(refusal):
            await watched.watch(path)


async def test_a_damaged_list_is_no_reason_not_to_start(copies: Open, tmp_path: Path) -> None:
    listed = tmp_path / "home" / "developer" / "repositories.json"
    listed.parent.mkdir(parents=True)
    listed.write_text("{")
    async with copies() as watched:
        assert watched.repositories() == ()


async def _state(watched: WorkingCopies, wanted: str) -> None:
    async with asyncio.timeout(20):
        while watched.repositories()[0].state != wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_a_repository_deleted_while_watched_is_said_and_watched_again_when_it_is_back(
    repository: Any, recorded: Any, copies: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(copies_module, "RETURN_S", 0.01)
    repository.commit("one", a_py="1\n")
    shutil.copytree(repository.root, tmp_path / "backup", symlinks=True)
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        await _state(watched, "watching")
        await asyncio.to_thread(shutil.rmtree, repository.root)
        await _state(watched, GONE)
        assert watched.repositories()[0].files == -1
        (tmp_path / "backup").rename(repository.root)
        sha = repository.commit("after", a_py="2\n")
        await recorded.until(lambda: recorded.text("a.py") == "2\n")
        await recorded.until(lambda: any(o.new == sha for o in recorded.moves))
        await _state(watched, "watching")
        repository.write("a.py", "3\n")
        await recorded.until(lambda: recorded.text("a.py") == "3\n")


async def test_a_clone_that_was_made_anew_in_the_same_place_is_watched_and_no_failure(
    repository: Any, recorded: Any, copies: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its watches died with the directory before it, and its reflog begins again."""
    monkeypatch.setattr(copies_module, "RETURN_S", 0.01)
    repository.commit("one", a_py="1\n", old_py="1\n")
    other = type(repository)(tmp_path / "other")
    repository.git("init", "-q", "-b", "main", str(other.root))
    other.commit("another beginning", a_py="other\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        await _state(watched, "watching")
        repository.root.rename(tmp_path / "aside")
        other.root.rename(repository.root)
        await recorded.until(lambda: recorded.text("a.py") == "other\n")
        await recorded.until(lambda: recorded.newest("old.py").deleted)
        await recorded.until(lambda: recorded.moves[-1].commits[-1].subject == "another beginning")


async def test_a_repository_that_is_gone_at_the_start_is_not_forgotten(
    repository: Any, recorded: Any, copies: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It may lie on a disk that is not plugged in."""
    monkeypatch.setattr(copies_module, "RETURN_S", 0.01)
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.seen and recorded.seen[-1].files == 1)
    repository.root.rename(tmp_path / "aside")
    async with copies() as watched:
        await _state(watched, GONE)
        await watched.see(tmp_path / "aside")  # writes the list anew
    assert not any(f.deleted for f in recorded.files), "nobody deleted a file"
    async with copies() as watched:
        await _state(watched, GONE)
        (tmp_path / "aside").rename(repository.root)
        await _state(watched, "watching")
        repository.write("a.py", "2\n")
        await recorded.until(lambda: recorded.text("a.py") == "2\n")


async def test_what_is_unwatched_is_followed_no_more_also_after_a_restart(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        await watched.unwatch(str(repository.root))
        assert watched.repositories() == ()
        assert watched.known() == {}
    async with copies() as watched:
        assert watched.repositories() == ()
        with pytest.raises(Missing, match="is not watched"):
            await watched.unwatch(str(repository.root))


async def test_watched_again_it_tells_only_what_has_changed_meanwhile(
    repository: Any, recorded: Any, copies: Open
) -> None:
    """The Dragon still has the rest; its marks are kept therefore."""
    repository.commit("one", a_py="1\n", same_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        await watched.unwatch(str(repository.root))
        before = len(recorded.files)
        sha = repository.commit("unseen", a_py="2\n")
        await watched.watch(str(repository.root))
        await recorded.until(lambda: any(o.new == sha for o in recorded.moves))
        await recorded.until(lambda: recorded.text("a.py") == "2\n")
    assert {f.path for f in recorded.files[before:]} == {"a.py"}
    assert [o.operation for o in recorded.moves] == ["other", "commit"]


async def test_a_repository_that_is_gone_can_be_unwatched(
    repository: Any, recorded: Any, copies: Open
) -> None:
    repository.commit("one", a_py="1\n")
    async with copies() as watched:
        await watched.watch(str(repository.root))
        await recorded.until(lambda: recorded.operations)
        await asyncio.to_thread(shutil.rmtree, repository.root)
        await watched.unwatch(str(repository.root))
        assert watched.repositories() == ()
