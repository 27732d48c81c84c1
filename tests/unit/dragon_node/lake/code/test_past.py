"""Files as they were: by time, by commit, and under earlier names."""

from __future__ import annotations

import apsw
import pytest

from common.model.event import FileChanged, WorkingCopySeen
from dragon_node.lake import code
from dragon_node.lake.code import contents, saves
from tests.support.code import OTHER, Person


def _texts(db: apsw.Connection, versions: list[code.FileVersion]) -> list[tuple[str, str | None]]:
    return [(v.path, None if v.deleted else code.text_of(db, v.content)) for v in versions]


def _in(person: Person, path: str, commit: str) -> str | None:
    """Its text in a commit; "unknown", or None when there is no such file in it."""
    found = code.content_at(person.db, path, commit=commit)
    if found is None:
        return "unknown"
    return None if found.deleted else code.text_of(person.db, found.content)


def _on(person: Person, path: str, at_ms: int, copy: str = "") -> str | None:
    found = code.content_at(person.db, path, at_ms=at_ms, working_copy=copy)
    return None if found is None or found.deleted else code.text_of(person.db, found.content)


def _contents(person: Person) -> int:
    return person.db.execute("SELECT count(*) FROM blobs").get


def test_every_saved_version_can_be_asked_for_by_its_time() -> None:
    ada = Person()
    for text in ("one", "two", "three"):
        ada.save("a.py", text)
    ada.delete("a.py")
    assert [_on(ada, "a.py", t) for t in (999, 1_000, 2_999, 3_500, 4_000)] == [
        None, "one", "two", "three", None,
    ]  # fmt: skip
    versions = code.file_versions(ada.db, "a.py")
    assert _texts(ada.db, versions) == [
        ("a.py", None), ("a.py", "three"), ("a.py", "two"), ("a.py", "one"),
    ]  # fmt: skip


def test_a_file_told_again_unchanged_is_no_new_version() -> None:
    ada = Person()
    ada.save("a.py", "one", head="c1")
    ada.save("a.py", "one", head="c2", dirty=False)
    ada.save("a.py", "one", head="c3", dirty=False)
    (version,) = code.file_versions(ada.db, "a.py")
    assert (version.at_ms, version.commit, version.dirty) == (1_000, "c2", False)
    assert _in(ada, "a.py", "c3") == "one"


def test_two_working_copies_have_times_of_their_own() -> None:
    ada = Person()
    ada.tell(WorkingCopySeen("/home/ada/thing", "laptop"))
    ada.save("a.py", "hers")
    ada.copy = OTHER
    ada.save("a.py", "her clone's")
    assert _on(ada, "a.py", 9_000) == "her clone's"
    assert _on(ada, "a.py", 9_000, "/home/ada/thing") == "hers"
    assert _on(ada, "a.py", 9_000, OTHER) == "her clone's"


def test_only_so_many_versions_of_a_file_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saves, "SAVES_A_FILE_MAX", 3)
    ada = Person()
    ada.save("b.py", "text 0")
    for i in range(6):
        ada.save("a.py", f"text {i}")
    kept = [text for _, text in _texts(ada.db, code.file_versions(ada.db, "a.py"))]
    assert kept == ["text 5", "text 4", "text 3"]
    assert _contents(ada) == 4, "what another file holds stays, what nothing holds is freed"


def test_retention_spares_the_newest_of_each_file() -> None:
    ada = Person()
    for text in ("one", "two", "three"):
        ada.save("a.py", text)
    assert code.thin(ada.db, before_ms=9_000) == 2
    assert [text for _, text in _texts(ada.db, code.file_versions(ada.db, "a.py"))] == ["three"]
    assert _contents(ada) == 1


def test_a_file_is_known_in_commits_that_did_not_change_it() -> None:
    ada = Person()
    ada.commit("a1", "a0", {"a.py": ("zero", "one")})
    ada.commit("a2", "a1", {"b.py": (None, "other")})
    ada.commit("a3", "a2", {"a.py": ("one", "two"), "b.py": ("other", None)})
    ada.commit("a4", "a3", {"c.py": (None, "c")})
    found = {commit: _in(ada, "a.py", commit) for commit in ("a0", "a1", "a2", "a3", "a4", "b")}
    assert found == {
        "a0": "zero", "a1": "one", "a2": "one", "a3": "two", "a4": "two", "b": "unknown",
    }  # fmt: skip
    assert [_in(ada, "b.py", commit) for commit in ("a0", "a1", "a2", "a3", "a4")] == [
        None, None, "other", None, None,
    ]  # fmt: skip
    assert _in(ada, "never.py", "a2") == "unknown", "it may lie there since before a1"


def test_a_clean_file_tells_of_the_commits_around_it() -> None:
    ada = Person()
    ada.save("a.py", "one", head="a1", dirty=False)
    ada.commit("a2", "a1", {"b.py": (None, "b")})
    assert [_in(ada, "a.py", commit) for commit in ("a1", "a2")] == ["one", "one"]
    bob = Person()
    bob.commit("a2", "a1", {"b.py": (None, "b")})
    bob.save("a.py", "one", head="a2", dirty=False)
    assert _in(bob, "a.py", "a1") == "one"


def test_a_first_commit_holds_what_it_brought_and_nothing_else() -> None:
    ada = Person()
    ada.commit("a1", "", {"a.py": (None, "one")})
    ada.commit("a2", "a1", {"b.py": (None, "b")})
    assert _in(ada, "a.py", "a2") == "one"
    assert _in(ada, "other.py", "a2") is None


def test_nothing_is_concluded_across_a_commit_that_was_not_told_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from dragon_node.lake.code import commits

    monkeypatch.setattr(commits, "CHANGES_TOLD_MAX", 1)
    ada = Person()
    ada.save("a.py", "one", head="a1", dirty=False)
    ada.commit("a2", "a1", {"b.py": (None, "b")})
    assert _in(ada, "a.py", "a2") == "unknown"


def test_a_commit_is_known_by_the_beginning_of_its_name() -> None:
    ada = Person()
    ada.commit("abc1", "", {"a.py": (None, "one")})
    ada.commit("abd1", "abc1", {"a.py": ("one", "two")})
    assert (_in(ada, "a.py", "abc"), _in(ada, "a.py", "ab")) == ("one", "unknown")


def test_a_committed_save_says_so() -> None:
    ada = Person()
    ada.save("a.py", "one", head="a1")
    ada.commit("a2", "a1", {"a.py": (None, "one")})
    (version,) = code.file_versions(ada.db, "a.py")
    assert (version.commit, version.dirty) == ("a2", False)


def test_history_follows_a_file_back_over_renames() -> None:
    ada = Person()
    ada.commit("a1", "", {"old.py": (None, "one")})
    ada.commit("a2", "a1", {"old.py": ("one", "two")})
    ada.commit("a3", "a2", {"old.py": ("two", None), "pkg/mid.py": (None, "two")})
    ada.commit("a4", "a3", {"pkg/mid.py": ("two", None), "pkg/new.py": (None, "two")})
    ada.commit("a5", "a4", {"pkg/new.py": ("two", "three"), "old.py": (None, "another file")})
    assert _texts(ada.db, code.history_of(ada.db, "pkg/new.py")) == [
        ("pkg/new.py", "three"),
        ("pkg/new.py", "two"),
        ("pkg/mid.py", "two"),
        ("old.py", "two"),
        ("old.py", "one"),
    ]
    assert len(code.history_of(ada.db, "pkg/new.py", limit=4)) == 4


@pytest.mark.parametrize("deleted_first", [True, False])
def test_a_move_on_disk_is_followed_in_either_order(deleted_first: bool) -> None:
    ada = Person()
    ada.save("a.py", "one")
    ada.save("a.py", "two")
    if deleted_first:
        ada.delete("a.py")
    ada.save("b.py", "two")
    if not deleted_first:
        ada.delete("a.py")
    ada.save("b.py", "three")
    assert _texts(ada.db, code.history_of(ada.db, "b.py")) == [
        ("b.py", "three"), ("b.py", "two"), ("a.py", "two"), ("a.py", "one"),
    ]  # fmt: skip


def test_a_file_that_moves_away_and_back_has_one_history() -> None:
    ada = Person()
    ada.save("a.py", "one")
    ada.delete("a.py")
    ada.save("b.py", "one")
    ada.delete("b.py")
    ada.save("a.py", "one")
    assert [v.path for v in code.history_of(ada.db, "a.py")] == ["a.py", "b.py", "a.py"]


@pytest.mark.parametrize(
    ("before_after", "renamed"),
    [
        ({"a": ("x", None), "b": (None, "x")}, [("a", "b")]),
        ({"a": ("x", None), "b": (None, "y")}, []),
        ({"a": ("x", None), "b": (None, "x"), "c": (None, "x")}, []),
        (
            {"p/a": ("x", None), "p/b": ("x", None), "q/a": (None, "x"), "q/b": (None, "x")},
            [("p/a", "q/a"), ("p/b", "q/b")],
        ),
        ({"a": ("x", "y"), "b": (None, "x")}, []),
    ],
)
def test_only_equal_content_is_a_rename_and_only_when_it_is_clear(
    before_after: dict[str, tuple[str | None, str | None]], renamed: list[tuple[str, str]]
) -> None:
    ada = Person()
    ada.commit("a2", "a1", before_after)
    assert ada.db.execute("SELECT old_path, new_path FROM renames").fetchall() == renamed


def test_empty_files_are_not_taken_for_one_another() -> None:
    ada = Person()
    ada.save("a/__init__.py", "")
    ada.delete("a/__init__.py")
    ada.save("b/__init__.py", "")
    assert ada.db.execute("SELECT count(*) FROM renames").get == 0


def test_what_was_saved_long_ago_is_no_half_of_a_move() -> None:
    ada = Person()
    ada.save("a.py", "one")
    ada.delete("a.py")
    ada.at_ms += 60_001
    ada.save("b.py", "one")
    assert ada.db.execute("SELECT count(*) FROM renames").get == 0


def test_a_version_that_its_commit_no_longer_keeps_is_known_to_be_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It must not be taken for what the commit before has."""
    from dragon_node.lake.code import commits

    monkeypatch.setattr(commits, "CONTENTS_A_FILE_MAX", 1)
    ada = Person()
    ada.commit("a1", "", {"a.py": (None, "one")})
    ada.commit("a2", "a1", {"a.py": ("one", "two")})
    ada.commit("a3", "a2", {"a.py": ("two", "three")})
    found = code.content_at(ada.db, "a.py", commit="a2")
    assert found is not None and not found.deleted and found.content == ""
    assert _in(ada, "a.py", "a3") == "three"


def test_what_a_laptop_no_longer_tells_is_deleted_then() -> None:
    ada = Person()
    ada.tell(WorkingCopySeen("/home/ada/thing", "laptop"))
    ada.save("a.py", "one")
    ada.tell(WorkingCopySeen("/home/ada/thing", "laptop", anew=True))
    ada.tell(WorkingCopySeen("/home/ada/thing", "laptop", files=0))
    assert _on(ada, "a.py", 3_500) == "one"
    assert _on(ada, "a.py", 4_000) is None


def test_a_content_that_a_command_stood_on_stays() -> None:
    from common.model.event import CommandFinished, Ground
    from common.model.ids import content_hash

    ada = Person()
    packages = content_hash(b"a==1")
    ada.tell(CommandFinished("ls", "/", (0,), 1, ground=Ground(packages=packages)), "a==1")
    contents.free(ada.db, bytes.fromhex(packages))
    assert code.blob(ada.db, packages) == b"a==1"


def test_a_skipped_file_is_a_version_without_content() -> None:
    ada = Person()
    ada.save("a.bin", "one")
    ada.tell(FileChanged("a.bin", size=5 << 20, skipped="larger than 1 MiB"))
    newest, _ = code.file_versions(ada.db, "a.bin")
    assert (newest.content, newest.deleted) == ("", False)
