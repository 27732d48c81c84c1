"""The files watcher: exact about what is kept, and nothing that a disk holds makes it fail."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from common.errors import OverLimit
from common.model.ids import content_hash
from developer_node.watch.files import FilesWatcher
from developer_node.watch.notices_tree import TreeNotices

pytestmark = pytest.mark.filterwarnings("ignore:Callback with id")  # meant: see notices_inotify

Watching = Callable[..., AbstractAsyncContextManager[FilesWatcher]]


async def test_the_first_scan_reports_every_kept_file_between_two_sightings(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    sha = repository.commit("one", a_py="print(1)\n", pkg__b_py="print(2)\n")
    repository.write("new.txt", "untracked\n")
    async with watching(repository.root) as watcher:
        assert [s.files for s in recorded.seen] == [-1, 3]
        assert recorded.seen[-1].head == sha
        assert {f.path: f.dirty for f in recorded.files} == {
            "a.py": False,
            "pkg/b.py": False,
            "new.txt": True,
        }
        assert recorded.text("pkg/b.py") == "print(2)\n"
        assert (watcher.files, watcher.skipped, watcher.state) == (3, 0, "watching")


async def test_ids_are_gits_own_and_content_is_hashed_after_redaction(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="secret=1\n")
    async with watching(repository.root, redact=lambda d: d.replace(b"secret", b"<redacted>")):
        file = recorded.newest("a.txt")
        assert file.git_blob == repository.git("rev-parse", "HEAD:a.txt")
        assert file.content == content_hash(b"<redacted>=1\n")
        assert b"secret" not in b"".join(recorded.blobs.values())


async def test_a_save_is_reported_and_an_equal_save_is_not(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n", b_txt="1\n")
    async with watching(repository.root):
        before = len(recorded.files)
        repository.write("a.txt", "1\n")  # the same again
        repository.write("b.txt", "2\n")
        await recorded.until(lambda: recorded.text("b.txt") == "2\n")
        assert [f.path for f in recorded.files[before:]] == ["b.txt"]
        assert recorded.newest("b.txt").dirty


async def test_an_editors_atomic_rename_and_a_deletion_are_seen(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n", b_txt="1\n")
    async with watching(repository.root):
        repository.write("a.txt.tmp", "2\n").rename(repository.root / "a.txt")
        (repository.root / "b.txt").unlink()
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")
        await recorded.until(lambda: recorded.newest("b.txt").deleted)
        assert recorded.newest("b.txt").dirty, "HEAD still has it"


async def test_no_file_is_missed_in_directories_made_at_once(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    """Without a scan after each new watch, most of these are lost."""
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root):
        wanted = {f"d{i}/e{i}/f{j}.txt" for i in range(30) for j in range(20)}
        for path in sorted(wanted):
            repository.write(path, path)
        await recorded.until(lambda: wanted <= {f.path for f in recorded.files})
        assert all(recorded.text(path) == path for path in wanted)


async def test_a_moved_directory_is_gone_there_and_followed_here(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", old__sub__a_txt="1\n")
    async with watching(repository.root):
        (repository.root / "old").rename(repository.root / "new")
        await recorded.until(lambda: recorded.newest("new/sub/a.txt"))
        await recorded.until(lambda: recorded.newest("old/sub/a.txt").deleted)
        repository.write("new/sub/a.txt", "2\n")
        await recorded.until(lambda: recorded.text("new/sub/a.txt") == "2\n")


async def test_what_git_ignores_is_neither_reported_nor_watched(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write(".gitignore", "node_modules/\n*.log\n!keep.log\nsub/*.tmp\n")
    repository.write("node_modules/x/index.js")
    repository.write("noise.log")
    repository.write("keep.log")
    repository.write("sub/a.tmp")
    repository.write("sub/deep/a.tmp")
    repository.write(".git/info/exclude", "private\n")
    repository.write("private")
    async with watching(repository.root):
        kept = {".gitignore", "keep.log", "sub/deep/a.tmp"}
        assert {f.path for f in recorded.files} == kept
        repository.write("node_modules/y/index.js")
        repository.write("more.log")
        repository.write("sub/kept.txt")
        await recorded.until(lambda: recorded.newest("sub/kept.txt"))
        assert {f.path for f in recorded.files} == kept | {"sub/kept.txt"}


async def test_a_directory_with_nothing_but_ignored_files_is_watched(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write(".gitignore", "*.log\n")
    repository.write("logs/a.log")
    async with watching(repository.root):
        repository.write("logs/README", "kept\n")
        await recorded.until(lambda: recorded.text("logs/README") == "kept\n")


async def test_a_tracked_file_in_an_ignored_directory_is_kept(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write(".gitignore", "build/\n")
    repository.write("build/kept.txt", "1\n")
    repository.write("build/other.txt", "1\n")
    repository.git("add", "-f", "build/kept.txt")
    repository.commit("one")
    async with watching(repository.root):
        assert {f.path for f in recorded.files} == {".gitignore", "build/kept.txt"}


async def test_a_changed_ignore_file_changes_what_is_kept(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write(".gitignore", "out/\n")
    repository.write("out/a.txt", "1\n")
    repository.write("b.txt", "1\n")
    async with watching(repository.root):
        repository.write(".gitignore", "b.txt\n")
        await recorded.until(lambda: recorded.newest("out/a.txt"))
        await recorded.until(lambda: recorded.newest("b.txt").deleted)


async def test_what_cannot_be_kept_is_named_with_the_reason(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write("binary", b"a\0b")
    repository.write("latin1.txt", b"caf\xe9")
    repository.write("large.txt", b"x" * ((1 << 20) + 1))
    repository.write("fits.txt", b"x" * (1 << 20))
    (repository.root / "loop").symlink_to(".")
    (repository.root / "dangling").symlink_to("nowhere")
    os.mkfifo(repository.root / "pipe")
    repository.write("new\nline.txt", "1\n")
    repository.write(os.fsdecode(b"bad\xffname"), "1\n")
    async with watching(repository.root) as watcher:
        why = {f.path: f.skipped for f in recorded.files}
        assert why == {
            "binary": "binary",
            "latin1.txt": "not UTF-8: byte 3",
            "large.txt": "too large: 1048577 bytes of at most 1048576",
            "fits.txt": "",
            "loop": "symbolic link",
            "dangling": "symbolic link",
            "new\nline.txt": "",
            "bad\\xffname": "the name is not UTF-8",
        }
        large = recorded.newest("large.txt")
        assert large.git_blob == repository.git("hash-object", "large.txt")
        assert (large.content, large.size) == ("", (1 << 20) + 1)
        assert (watcher.files, watcher.skipped) == (2, 6)


async def test_a_hundred_megabytes_are_named_and_not_read_into_memory(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    size = 100 << 20
    with (repository.root / "huge").open("wb") as file:
        file.truncate(size)
    async with watching(repository.root):
        huge = recorded.newest("huge")
        digest = hashlib.sha1(b"blob %d\0" % size)
        for _ in range(100):
            digest.update(bytes(1 << 20))
        assert (huge.git_blob, huge.content) == (digest.hexdigest(), "")
        assert huge.skipped.startswith("too large")


async def test_a_second_start_reports_only_differences(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", same_txt="1\n", changed_txt="1\n", gone_txt="1\n")
    async with watching(repository.root):
        pass
    before = len(recorded.files)
    repository.write("changed.txt", "2\n")
    (repository.root / "gone.txt").unlink()
    async with watching(repository.root):
        later = {f.path: f.deleted for f in recorded.files[before:]}
        assert later == {"changed.txt": False, "gone.txt": True}


async def test_only_a_scan_without_any_memory_says_that_it_tells_everything_anew(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root):
        assert [(s.files, s.anew) for s in recorded.seen] == [(-1, True), (1, False)]
    async with watching(repository.root) as watcher:
        assert [(s.files, s.anew) for s in recorded.seen[2:]] == [(-1, False), (1, False)]
        watcher.rescan(forget=True)
        await recorded.until(lambda: len(recorded.seen) == 6)
        assert [(s.files, s.anew) for s in recorded.seen[4:]] == [(-1, True), (1, False)]


async def test_while_everything_is_told_anew_it_says_that_it_scans(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    """Whoever waits for the files must not take it for a watch that failed."""
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root) as watcher:
        said: list[tuple[int, str]] = []
        record = watcher._record

        async def noting(*told: Any, **how: Any) -> None:
            said.append((watcher.files, watcher.state))
            await record(*told, **how)

        watcher._record = noting
        watcher.rescan(forget=True)
        await recorded.until(lambda: len(recorded.seen) == 4)
        assert (-1, "scanning") in said
        assert all(state == "scanning" for files, state in said if files < 0)


async def test_a_commit_makes_the_files_clean(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root) as watcher:
        repository.write("a.txt", "2\n")
        await recorded.until(lambda: recorded.newest("a.txt").dirty)
        sha = repository.commit("two")
        watcher.rescan()
        await recorded.until(lambda: not recorded.newest("a.txt").dirty)
        assert recorded.newest("a.txt").head == sha
        await recorded.until(lambda: recorded.seen[-1].head == sha)


async def test_line_ends_that_git_converts_are_no_difference(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write(".gitattributes", "*.txt text eol=crlf\n")
    repository.write("a.txt", b"1\r\n")
    repository.commit("one")
    async with watching(repository.root):
        assert not recorded.newest("a.txt").dirty


async def test_lost_notices_lead_to_a_comparison_of_everything(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root) as watcher:
        hints = watcher._hints
        assert hints is not None
        hints._paths_max = 0  # the next hint is one too many
        repository.write("b/c.txt", "2\n")
        await recorded.until(lambda: recorded.text("b/c.txt") == "2\n")


async def test_another_repository_inside_is_another_working_copy(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n")
    repository.write("inner/b.txt", "1\n")
    repository.write("inner/.git/HEAD", "ref: refs/heads/main\n")
    async with watching(repository.root):
        assert {f.path for f in recorded.files} == {"a.txt"}


async def test_without_commits_everything_is_dirty_and_nothing_fails(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.write("a.txt", "1\n")
    async with watching(repository.root) as watcher:
        assert recorded.newest("a.txt").dirty
        assert recorded.seen[-1].head == ""
        assert watcher.state == "watching"


async def test_without_git_files_are_watched_by_the_same_rules(
    tmp_path: Path, repository: Any, recorded: Any, watching: Watching
) -> None:
    plain = tmp_path / "plain"
    (plain / "node_modules").mkdir(parents=True)
    (plain / ".gitignore").write_text("node_modules\n")
    (plain / "node_modules" / "x.js").write_text("1")
    empty = tmp_path / "empty.git"
    repository.git("init", "-q", "--bare", str(empty))
    async with watching(plain, repository=empty) as watcher:
        assert {f.path for f in recorded.files} == {".gitignore"}
        assert watcher.state == "no git here: files are watched, commits are not"
        (plain / "a.txt").write_text("2\n")
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")


async def test_what_could_not_be_recorded_is_found_again(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    repository.commit("one", a_txt="1\n")
    async with watching(repository.root) as watcher:
        recorded.refusal = OverLimit("The disk is full")
        repository.write("a.txt", "2\n")
        async with asyncio.timeout(20):
            while "full" not in watcher.state:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        recorded.refusal = None
        watcher.rescan()
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")


async def test_a_recursive_watch_with_a_filter_sees_the_same(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    """The way of macOS, with whatever observer this system has."""
    repository.write(".gitignore", "node_modules/\n")
    repository.commit("one", a_txt="1\n")
    notices = TreeNotices()
    try:
        async with watching(repository.root, notices=notices):
            repository.write("node_modules/x.js")
            repository.write("d/e/f.txt", "2\n")
            (repository.root / "a.txt").unlink()
            await recorded.until(lambda: recorded.text("d/e/f.txt") == "2\n")
            await recorded.until(lambda: recorded.newest("a.txt").deleted)
            assert not recorded.newest("node_modules/x.js")
    finally:
        await asyncio.to_thread(notices.close)


async def test_a_save_with_an_older_time_and_equal_length_is_seen(
    repository: Any, recorded: Any, watching: Watching
) -> None:
    """After the clock jumped back, or out of an archive."""
    repository.commit("one", a_txt="1\n")
    old = repository.root / "a.txt"
    os.utime(old, (2_000_000_000, 2_000_000_000))
    async with watching(repository.root) as watcher:
        repository.write("a.txt", "2\n")
        os.utime(old, (1_000_000_000, 1_000_000_000))
        await recorded.until(lambda: recorded.text("a.txt") == "2\n")
        with old.open("r+") as file:  # the same file, length and time
            file.write("3\n")
        os.utime(old, (1_000_000_000, 1_000_000_000))
        watcher.rescan()
        await recorded.until(lambda: recorded.text("a.txt") == "3\n")
