"""A change is applied where every line is as it knows it, or not at all."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from developer_node.front.lsp.hunks import LineEdit, edits

BEFORE = "a\nb\nc\nd\ne\nf\ng\n"
DIFF = """\
diff --git a/x.txt b/x.txt
index 1..2 100644
--- a/x.txt
+++ b/x.txt
@@ -2,3 +2,4 @@ b
 b
-c
+C
+C2
 d
"""
MORE = "@@ -6,2 +7,1 @@\n f\n-g\n"
BARE = DIFF.split("\n", 2)[2]
"""As remedies carry it: without git's own header."""


def made(diff: str, files: dict[str, str]) -> dict[str, str] | None:
    """The files afterwards."""
    found = edits(diff, files.get)
    if found is None:
        return None
    after = dict(files)
    for edit in sorted(found, key=lambda each: -each.start):
        lines = after[edit.path].split("\n")
        lines[edit.start : edit.end] = edit.lines
        after[edit.path] = "\n".join(lines)
    return after


def test_only_the_lines_that_change_are_replaced() -> None:
    assert edits(DIFF, {"x.txt": BEFORE}.get) == (LineEdit("x.txt", 2, 3, ("C", "C2")),)


def test_every_hunk_is_applied() -> None:
    assert made(DIFF + MORE, {"x.txt": BEFORE}) == {"x.txt": "a\nb\nC\nC2\nd\ne\nf\n"}


def test_a_hunk_that_moved_is_found_when_it_is_the_only_one() -> None:
    assert made(DIFF, {"x.txt": f"0\n{BEFORE}"}) == {"x.txt": "0\na\nb\nC\nC2\nd\ne\nf\ng\n"}


def test_a_hunk_that_moved_and_is_there_twice_is_not_guessed_at() -> None:
    assert edits(DIFF, {"x.txt": "0\n0\nb\nc\nd\nb\nc\nd\n"}.get) is None


@pytest.mark.parametrize("text", ["a\nb\nchanged\nd\n", "", None])
def test_a_hunk_whose_lines_are_not_there_takes_the_whole_change_away(text: str | None) -> None:
    files = {"x.txt": text} if text is not None else {}
    assert edits(DIFF, files.get) is None


def test_two_files_without_git_s_header_are_two() -> None:
    after = BEFORE.replace("c\n", "C\nC2\n")
    found = made(BARE + BARE.replace("x.txt", "y.txt"), {"x.txt": BEFORE, "y.txt": BEFORE})
    assert found == {"x.txt": after, "y.txt": after}


def test_a_change_that_was_cut_short_is_not_applied() -> None:
    assert edits(DIFF[: DIFF.index("+C2")], {"x.txt": BEFORE}.get) is None


def test_one_file_that_does_not_fit_takes_the_other_away_too() -> None:
    both = DIFF + DIFF.replace("x.txt", "y.txt")
    assert edits(both, {"x.txt": BEFORE, "y.txt": "nothing\n"}.get) is None


@pytest.mark.parametrize(
    "diff",
    [
        DIFF.replace("index 1..2 100644", "new file mode 100644"),
        DIFF.replace("index 1..2 100644", "deleted file mode 100644"),
        DIFF.replace("index 1..2 100644", "rename from y.txt"),
        DIFF.replace("--- a/x.txt", "--- /dev/null"),
        DIFF + "\\ No newline at end of file\n",
        "",
        "not a diff",
    ],
)
def test_more_than_changed_lines_is_left_to_git(diff: str) -> None:
    assert edits(diff, {"x.txt": BEFORE}.get) is None


def test_a_line_that_looks_like_a_header_is_a_line() -> None:
    diff = DIFF.replace("-c\n", "--- a/y\n").replace("+C\n", "+++ b/y\n")
    assert made(diff, {"x.txt": "a\nb\n-- a/y\nd\n"}) == {"x.txt": "a\nb\n++ b/y\nC2\nd\n"}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=20),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=20),
)
def test_it_does_what_git_meant(before: list[str], after: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        old, new = Path(name) / "a", Path(name) / "b"
        old.write_text("".join(f"{line}\n" for line in before))
        new.write_text("".join(f"{line}\n" for line in after))
        told = subprocess.run(
            ["git", "diff", "--no-index", "--no-prefix", "a", "b"],
            cwd=name,
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        diff = told.replace("+++ b", "+++ b/x").replace("--- a", "--- a/x")
        found = made(diff, {"x": old.read_text()}) if diff else {"x": new.read_text()}
        assert found == {"x": new.read_text()}
