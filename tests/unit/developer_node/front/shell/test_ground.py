"""A ground says what changed since the one recorded before it, with contents, within a limit."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from common.model.event import Ground, PathChange
from common.model.ids import ContentHash, content_hash
from developer_node.front.shell import changes, ground, last_ground
from developer_node.front.shell.ground import Finished, finish
from developer_node.front.shell.start import Start, begin
from developer_node.text.gates import put_never

Git = Callable[..., str]
Listing = Callable[[Path], dict[str, tuple[int, int, bytes]]]


def _redact(data: bytes) -> bytes:
    return data.replace(b"hunter2", b"<redacted:password>")


@pytest.fixture
def record(repository: Path, home: Path) -> Callable[..., Finished]:
    """Begins and finishes a ground in the repository, with something done in between."""

    def once(during: Callable[[], object] = lambda: None, cwd: Path = repository) -> Finished:
        start = begin(["true"], cwd, home, os.environ)
        during()
        with finish(start, _redact) as done:
            return done

    return once


Record = Callable[..., Finished]


def _changes(done: Finished) -> dict[str, tuple[bytes | None, bytes | None]]:
    def content(name: ContentHash) -> bytes | None:
        return done.blobs[name] if name else None

    return {c.path: (content(c.old_content), content(c.new_content)) for c in done.ground.changes}


def test_the_first_ground_has_nothing_before_it(record: Record) -> None:
    ground = record().ground
    assert (ground.previous_tree, ground.changes) == ("", ())
    assert ground.tree == ground.tree_after != ""


def test_each_ground_names_the_one_before_and_what_changed_since(
    record: Record, repository: Path
) -> None:
    first = record()
    (repository / "a.py").write_text("a = 2\n")
    (repository / "new.py").write_text("n = 1\n")
    second = record()
    assert second.ground.previous_tree == first.ground.tree
    assert _changes(second) == {"a.py": (b"a = 1\n", b"a = 2\n"), "new.py": (None, b"n = 1\n")}
    (repository / "a.py").write_text("a = 3\n")
    (repository / "new.py").unlink()
    third = record()
    assert third.ground.previous_tree == second.ground.tree
    assert _changes(third) == {"a.py": (b"a = 2\n", b"a = 3\n"), "new.py": (b"n = 1\n", None)}


def test_a_commit_in_between_changes_nothing_on_disk(
    record: Record, repository: Path, git: Git
) -> None:
    (repository / "a.py").write_text("a = 2\n")
    before = record()
    git(repository, "commit", "-am", "second")
    after = record()
    assert after.ground.tree == before.ground.tree
    assert after.ground.changes == ()
    assert after.ground.head != before.ground.head


def test_a_checkout_in_between_is_a_change_with_contents(
    record: Record, repository: Path, git: Git
) -> None:
    record()
    git(repository, "checkout", "-b", "other")
    (repository / "a.py").write_text("a = 'other'\n")
    git(repository, "commit", "-am", "other")
    assert _changes(record()) == {"a.py": (b"a = 1\n", b"a = 'other'\n")}


def test_the_ground_is_that_of_the_start_and_what_the_command_did_shows_afterwards(
    record: Record, repository: Path
) -> None:
    (repository / "a.py").write_text("a = 2\n")
    done = record(lambda: (repository / "a.py").write_text("formatted\n"))
    assert done.ground.tree != done.ground.tree_after
    following = record()
    assert following.ground.tree == done.ground.tree_after
    assert _changes(following) == {"a.py": (b"a = 2\n", b"formatted\n")}


def test_contents_are_redacted_before_they_are_kept_anywhere(
    record: Record, repository: Path, home: Path, listing: Listing
) -> None:
    record()
    (repository / "a.py").write_text("password = 'hunter2'\n")
    (repository / "sub" / "b.py").write_text("hunter2 = 'staged'\n")
    done = record()
    assert _changes(done)["a.py"][1] == b"password = '<redacted:password>'\n"
    (repository / "a.py").write_text("a = 4\n")
    assert _changes(record())["a.py"][0] == b"password = '<redacted:password>'\n"
    for path, (_, _, content) in listing(home).items():
        assert b"hunter2" not in content, path


def test_the_users_repository_is_as_it_was(
    record: Record, repository: Path, listing: Listing
) -> None:
    (repository / "a.py").write_text("a = 2\n")
    before = listing(repository)
    record()
    record()
    assert listing(repository) == before


def test_git_ids_are_those_of_the_files_on_disk(record: Record, repository: Path, git: Git) -> None:
    record()
    (repository / "a.py").write_text("a = 'hunter2'\n")
    (change,) = record().ground.changes
    assert change == PathChange(
        "a.py",
        git(repository, "rev-parse", "HEAD:a.py"),
        git(repository, "hash-object", "a.py"),
        content_hash(b"a = 1\n"),
        content_hash(b"a = '<redacted:password>'\n"),
    )


def test_contents_stop_at_their_limit_and_the_cut_says_so(
    record: Record, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "CONTENT_BYTES_MAX", 1000)
    record()
    for name in ("p", "q", "r"):
        (repository / name).write_text(name * 400)
    done = record()
    assert [c.path for c in done.ground.changes if c.new_content] == ["p", "q"]
    assert done.ground.cut == ("1 changed files without content (binary or large): r",)
    assert sum(map(len, _only_changes(done))) <= 1000


def test_changed_files_that_are_not_named_are_counted(
    record: Record, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (changes, ground):
        monkeypatch.setattr(module, "CHANGES_MAX", 2)
    assert record().ground.unnamed == 0
    for name in ("p", "q", "r"):
        (repository / name).write_text(name)
    done = record()
    assert (len(done.ground.changes), done.ground.unnamed) == (2, 1)
    assert done.ground.cut == (
        "1 more changed files are not named",
        "1 more files that differ from HEAD are not named",
    )


def _only_changes(done: Finished) -> list[bytes]:
    names = {n for c in done.ground.changes for n in (c.old_content, c.new_content) if n}
    return [done.blobs[name] for name in names]


def test_a_binary_file_is_known_by_its_id_alone(record: Record, repository: Path) -> None:
    record()
    (repository / "image").write_bytes(b"\x89PNG\0\0")
    done = record()
    (change,) = done.ground.changes
    assert (bool(change.new_git), change.new_content) == (True, "")
    assert done.ground.cut == ("1 changed files without content (binary or large): image",)


def test_every_blob_that_is_referred_to_comes_along_and_no_other(
    record: Record, repository: Path
) -> None:
    """A record whose blob is not held is refused by the lake."""
    record()
    (repository / "a.py").write_text("a = 2\n")
    (repository / "b").write_text("b\n")
    done = record()
    ground = done.ground
    names = {n for c in ground.changes for n in (c.old_content, c.new_content)}
    assert set(done.blobs) == (names | {ground.packages, ground.variables}) - {""}
    assert all(content_hash(blob) == name for name, blob in done.blobs.items())


def test_a_record_that_could_not_be_written_is_not_the_ground_before(
    record: Record, repository: Path, home: Path
) -> None:
    first = record()
    (repository / "a.py").write_text("a = 2\n")
    with (
        pytest.raises(OSError, match="disk full"),
        finish(begin(["true"], repository, home, os.environ), _redact),
    ):
        raise OSError("disk full")
    assert record().ground.previous_tree == first.ground.tree


def test_a_torn_memory_begins_the_chain_anew(record: Record, repository: Path, home: Path) -> None:
    record()
    (kept,) = (home / "developer" / "grounds").iterdir()
    (kept / "last.json").write_text('{"tree": ')
    assert record().ground.previous_tree == ""


def test_a_lost_tree_is_said_and_the_chain_heals(
    record: Record, repository: Path, home: Path
) -> None:
    """A power cut may tear what was not synced; git never writes again what it believes to have."""

    def with_content(text: str) -> Ground:
        (repository / "a.py").write_text(text)
        return record().ground

    with_content("a = 2\n")
    (kept,) = (home / "developer" / "grounds").iterdir()
    for path in kept.glob("objects-1/*/*"):
        path.chmod(0o600)
        path.write_bytes(b"torn")
    lost = with_content("a = 3\n")
    assert lost.previous_tree == ""
    assert lost.cut[-1].startswith("the ground recorded before this one is lost")
    first = with_content("a = 4\n")
    again = with_content("a = 2\n")  # the very tree that was torn
    last = with_content("a = 5\n")
    assert [g.previous_tree for g in (first, again, last)] == ["", first.tree, again.tree]
    assert [c.path for c in last.changes] == ["a.py"]


def test_a_ground_is_held_against_other_recorders_until_it_is_written(
    repository: Path, home: Path
) -> None:
    """Otherwise two runs could name the same one as theirs before."""
    with finish(begin(["true"], repository, home, os.environ), _redact):
        (kept,) = (home / "developer" / "grounds").iterdir()
        with open(kept / "lock", "rb") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with open(kept / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_two_recorders_at_once_leave_one_chain(
    record: Record, repository: Path, home: Path
) -> None:
    """Each ground names one that was recorded, and no ground is named twice."""
    grounds: list[Ground] = []
    at_once = threading.Barrier(4)

    def one(start: Start) -> None:
        at_once.wait()
        with finish(start, _redact) as done:
            grounds.append(done.ground)

    starts: list[Start] = []
    for n in range(4):
        (repository / "a.py").write_text(f"a = {n}0\n")
        starts.append(begin(["true"], repository, home, os.environ))
    threads = [threading.Thread(target=one, args=(start,)) for start in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({g.tree for g in grounds}) == 4
    assert [g.previous_tree for g in grounds] == ["", *(g.tree for g in grounds[:-1])]


def test_outside_any_repository_the_environment_is_still_noted(
    record: Record, tmp_path: Path
) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    (place / "requirements.txt").write_text("x==1\n")
    done = record(cwd=place)
    assert done.ground.tree == ""
    assert done.ground.lock_hash != ""
    assert done.blobs[done.ground.variables]
    assert done.ground.cut == ("no git repository here: files were not looked at",)


def test_without_git_the_ground_says_so(
    repository: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    start = begin(["true"], repository, home, os.environ)
    assert start.complaint == "git is not installed"
    with finish(start, _redact) as done:
        assert done.ground.cut == ("files were not looked at: git is not installed",)


def test_what_is_remembered_of_a_working_copy_stays_small(
    record: Record, repository: Path, home: Path
) -> None:
    for n in range(5):
        (repository / "a.py").write_text(f"a = {n} * 10\n")
        record()
    (kept,) = (home / "developer" / "grounds").iterdir()
    assert len(list((kept / "kept").iterdir())) == 1


def test_the_working_copy_recorded_longest_ago_is_forgotten_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_ground, "GROUNDS_MAX", 2)
    for age, name in enumerate(("new", "old", "older")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    last_ground.make_room(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {"new", "old"}


def test_what_differs_from_head_is_recorded_with_content_on_every_ground(
    record: Record, repository: Path, git: Git
) -> None:
    """Most people break and fix between commits: HEAD alone would rebuild the wrong tree."""
    (repository / "a.py").write_text("a = 2\n")
    (repository / "new.py").write_text("n = 1\n")
    (repository / "sub" / "b.py").unlink()
    record()
    second = record()
    assert second.ground.changes == ()
    dirty = {c.path: c for c in second.ground.dirty}
    assert set(dirty) == {"a.py", "new.py", "sub/b.py"}
    assert second.blobs[dirty["a.py"].new_content] == b"a = 2\n"
    assert dirty["a.py"].new_git == git(repository, "hash-object", "a.py")
    assert (dirty["new.py"].old_git, second.blobs[dirty["new.py"].new_content]) == ("", b"n = 1\n")
    assert dirty["sub/b.py"].new_git == dirty["sub/b.py"].new_content == ""


def test_a_clean_tree_differs_from_head_in_nothing(record: Record, repository: Path) -> None:
    assert record().ground.dirty == ()
    (repository / "noise.log").write_text("ignored\n")
    assert record().ground.dirty == ()


def test_before_the_first_commit_every_file_differs(
    record: Record, repository: Path, git: Git
) -> None:
    git(repository, "checkout", "--orphan", "fresh")
    done = record()
    assert [c.path for c in done.ground.dirty] == [".gitignore", "a.py", "sub/b.py"]
    assert (done.ground.head, done.ground.cut) == ("", ())


def test_content_that_was_redacted_can_be_told_by_its_git_id(
    record: Record, repository: Path, git: Git
) -> None:
    """Such a file cannot be rebuilt: git gives the kept content another id than the file had."""
    (repository / "a.py").write_text("a = 'hunter2'\n")
    done = record()
    (change,) = done.ground.dirty
    (repository / "kept").write_bytes(done.blobs[change.new_content])
    assert change.new_git == git(repository, "hash-object", "a.py")
    assert change.new_git != git(repository, "hash-object", "kept")


def test_modes_and_links_are_recorded_where_they_are_not_ordinary(
    record: Record, repository: Path
) -> None:
    (repository / "a.py").chmod(0o755)
    (repository / "run.sh").write_text("#!/bin/sh\n")
    (repository / "run.sh").chmod(0o755)
    (repository / "plain").write_text("p\n")
    (repository / "link").symlink_to("a.py")
    done = record()
    modes = {c.path: c.mode for c in done.ground.dirty}
    assert modes == {"a.py": "100755", "run.sh": "100755", "plain": "", "link": "120000"}
    (link,) = (c for c in done.ground.dirty if c.path == "link")
    assert done.blobs[link.new_content] == b"a.py"


def test_files_that_differ_from_head_beyond_the_limit_are_counted(
    record: Record, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("p", "q", "r"):
        (repository / name).write_text(name)
    for module in (changes, ground):
        monkeypatch.setattr(module, "CHANGES_MAX", 2)
    done = record()
    assert len(done.ground.dirty) == 2
    assert done.ground.cut == ("1 more files that differ from HEAD are not named",)


def test_contents_that_differ_from_head_stop_at_the_limit_and_the_cut_says_so(
    record: Record, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "CONTENT_BYTES_MAX", 1000)
    for name in ("p", "q", "r"):
        (repository / name).write_text(name * 400)
    done = record()
    assert [c.path for c in done.ground.dirty if c.new_content] == ["p", "q"]
    assert done.ground.cut == ("1 changed files without content (binary or large): r",)


def test_of_an_ignored_file_path_and_ids_are_kept_and_no_content(
    record: Record, repository: Path, home: Path, listing: Listing, git: Git
) -> None:
    """Not even one that was kept before it was ignored, or that git holds."""
    (repository / "secrets").mkdir()
    for name in ("committed", "changed"):
        (repository / "secrets" / name).write_text(f"planted {name}\n")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "with secrets")
    (repository / "secrets" / "changed").write_text("planted before\n")
    record()
    (repository / ".postdevai.toml").write_text('[record]\nignore = ["secrets/"]\n')
    (repository / "secrets" / "changed").write_text("planted after\n")
    (repository / "secrets" / "committed").unlink()
    (repository / "a.py").write_text("a = 2\n")
    done = record()
    found = {c.path: c for c in (*done.ground.changes, *done.ground.dirty)}
    changed, gone = found["secrets/changed"], found["secrets/committed"]
    assert changed.new_git == git(repository, "hash-object", "secrets/changed")
    assert (changed.old_content, changed.new_content, gone.old_content) == ("", "", "")
    assert b"planted" not in b"".join(done.blobs.values())
    assert done.blobs[found["a.py"].new_content] == b"a = 2\n", "the control"
    (said,) = done.ground.cut
    assert said == (
        "2 changed files without content (not to be recorded): secrets/changed, secrets/committed"
    )
    assert record().ground.tree == done.ground.tree


def test_an_ignored_file_says_nothing_by_a_file_that_is_its_copy(
    record: Record, repository: Path
) -> None:
    (repository / ".postdevai.toml").write_text('[record]\nignore = ["*.pem"]\n')
    for name in ("key.pem", "copy.txt"):
        (repository / name).write_text("the same\n")
    found = {c.path: c for c in record().ground.dirty}
    assert found["copy.txt"].new_git == found["key.pem"].new_git
    assert (bool(found["copy.txt"].new_content), found["key.pem"].new_content) == (True, "")


def test_where_it_was_said_never_here_no_content_is_kept_from_above(
    record: Record, repository: Path, home: Path
) -> None:
    put_never(home, repository / "sub")
    (repository / "sub" / "b.py").write_text("b = 2\n")
    (change,) = record().ground.dirty
    assert (change.path, change.new_content) == ("sub/b.py", "")
