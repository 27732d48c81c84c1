"""Storms, limits of the kernel, and file systems that say nothing: all is found, and it is said."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from common.errors import OverLimit
from developer_node.watch import files as files_module
from developer_node.watch import ignoring, notices_inotify
from developer_node.watch import notices as notices_module
from developer_node.watch.files import FilesWatcher
from developer_node.watch.git import GitWatcher
from developer_node.watch.notices import Hint, Listener, Lost, Notices, open_notices
from developer_node.watch.notices_none import NoNotices

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id")  # meant: see notices_inotify

Watching = Callable[..., AbstractAsyncContextManager[FilesWatcher]]
Following = Callable[..., AbstractAsyncContextManager[GitWatcher]]


class Few:
    """Real notices from a kernel that gives only so many watches."""

    def __init__(self, real: Notices, most: int) -> None:
        self._real = real
        self._most = most

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        listener = self._real.listen(hint, lost)
        add, most = listener.add, self._most
        known: set[str] = set()

        def limited(directory: str) -> bool:
            if len(known | {directory}) > most:
                raise OverLimit("the kernel gives no more here", hint="Raise the limit.")
            known.add(directory)
            return add(directory)

        listener.add = limited  # type: ignore[method-assign]
        return listener

    def close(self) -> None:
        self._real.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparisons that a person would wait half a minute for."""
    monkeypatch.setattr(files_module, "RESCAN_BLIND_S", 0.05)
    monkeypatch.setattr(files_module, "RESCAN_SHARE", 0)


async def test_beyond_the_kernels_watches_changes_are_found_by_comparing_and_it_is_said(
    repository: Any, recorded: Any, watching: Watching, notices: Notices, quick: None
) -> None:
    repository.commit("one", a__x_txt="1\n", b__x_txt="1\n", c__x_txt="1\n")
    async with watching(repository.root, notices=Few(notices, 2)) as watcher:
        assert watcher.state == (
            "watching in part, everything is compared every 0 s: "
            "the kernel gives no more here: Raise the limit."
        )
        for name in "abc":
            repository.write(f"{name}/x.txt", "2\n")
        await recorded.until(lambda: all(recorded.text(f"{n}/x.txt") == "2\n" for n in "abc"))
        shutil.rmtree(repository.root / "c")
        await recorded.until(lambda: recorded.newest("c/x.txt").deleted)


async def test_without_any_notices_files_and_commits_are_still_followed(
    repository: Any,
    recorded: Any,
    watching: Watching,
    following: Following,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("developer_node.watch.git.POLL_S", 0.05)
    repository.commit("one", a_txt="1\n")
    none = NoNotices("the kernel gives no directory watches here", "Raise it.")
    async with (
        watching(repository.root, notices=none) as files,
        following(repository.root, notices=none) as commits,
    ):
        assert "gives no directory watches" in files.state
        assert commits.state == (
            "the kernel gives no directory watches here: git is looked at every 0 s"
        )
        sha = repository.commit("two", a_txt="2\n")
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")
        await recorded.until(lambda: any(o.new == sha for o in recorded.moves))


async def test_a_kernel_without_instances_gives_no_notices_and_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(notices_module.sys, "platform", "linux")
    monkeypatch.setattr(notices_inotify, "InotifyFD", refuse)
    opened = open_notices()
    with pytest.raises(OverLimit, match="Too many open files"):
        opened.listen(lambda path: None, lambda: None).add("/")


async def test_on_a_network_mount_everything_is_compared_as_well(
    repository: Any, recorded: Any, watching: Watching, quick: None
) -> None:
    """Nothing tells of what another machine does: here that is played by notices that are off."""
    repository.commit("one", a_txt="1\n")
    silent = Silent()
    where = "/home is nfs4 from nas:/home, which others may change"
    async with watching(repository.root, notices=silent, elsewhere=where) as watcher:
        assert watcher.state == f"watching, everything is compared every 0 s: {where}"
        repository.write("a.txt", "2\n")
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")


async def test_a_comparison_that_takes_long_is_made_less_often(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    async with watching(repository.root) as watcher:
        assert watcher._every_s() == 30
        watcher._scan_s = 10
        assert watcher._every_s() == 200
        watcher._scan_s = 1_000
        assert watcher._every_s() == 600


async def test_a_storm_of_new_directories_asks_git_few_times_and_misses_none(
    repository: Any, recorded: Any, watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = ignoring.git

    def counted(root: Path, arguments: Any, **more: Any) -> bytes:
        asked.append(arguments[0])
        return real(root, arguments, **more)

    monkeypatch.setattr(ignoring, "git", counted)
    repository.commit("one", a_txt="1\n")
    wanted = {f"d{n % 40}/e{n % 7}/f{n}/x.txt" for n in range(1_000)}
    async with watching(repository.root):
        asked.clear()
        await asyncio.to_thread(lambda: [repository.write(path) for path in sorted(wanted)])
        await recorded.until(lambda: wanted <= {f.path for f in recorded.files})
    assert len(asked) < len(wanted) / 4


async def test_a_storm_of_deletions_leaves_nothing_behind(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    paths = {f"flat/d{n}/x.txt" for n in range(1_500)}
    for path in paths:
        repository.write(path)
    repository.write("kept.txt")
    async with watching(repository.root) as watcher:
        await asyncio.to_thread(shutil.rmtree, repository.root / "flat")
        await recorded.until(lambda: paths <= {f.path for f in recorded.files if f.deleted})
        assert not recorded.newest("kept.txt").deleted
        repository.write("flat/d7/x.txt", "again\n")
        await recorded.until(lambda: recorded.text("flat/d7/x.txt") == "again\n")
        assert watcher.state == "watching"


async def test_notices_that_the_kernel_drops_lose_no_file(
    repository: Any, recorded: Any, watching: Watching, caplog: pytest.LogCaptureFixture
) -> None:
    """Its queue holds 16,384 by default; while nobody reads it, more come than that."""
    queued = _queued_max()
    if not 0 < queued <= 20_000:
        pytest.skip("the kernel's queue of notices cannot be filled here")
    many = queued // 2 + 1_000  # each is told of twice at least
    caplog.set_level("WARNING", "watchdog")
    async with watching(repository.root) as watcher:
        hints = watcher._hints
        assert hints is not None
        with hints._lock:  # the thread that reads notices waits here
            await asyncio.to_thread(
                lambda: [(repository.root / f"f{n}").write_text(f"{n}") for n in range(many)]
            )
        await recorded.until(lambda: len(recorded.files) >= many)
    assert {f.path for f in recorded.files} == {f"f{n}" for n in range(many)}
    assert "overflow" in caplog.text, "or it proves nothing"


def _queued_max() -> int:
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    return int(limit.read_text()) if limit.exists() else 0


class Silent:
    """Takes every directory and never says a word."""

    def listen(self, hint: Hint, lost: Lost) -> Listener:
        return self

    def add(self, directory: str) -> bool:
        return True

    def remove(self, *directories: str) -> None:
        """Nothing is known."""

    def close(self) -> None:
        """There is nothing to end."""
