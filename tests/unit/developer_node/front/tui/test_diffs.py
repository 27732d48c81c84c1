"""Diffs, unified and side by side, with the words that changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from developer_node.front.tui.diffs import changed_words, diff_lines, side_by_side

DIFF = """\
diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@
 def f():
-    return 1
+    return 2
\\ No newline at end of file
diff --git a/gone.txt b/gone.txt
deleted file mode 100644
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
--- was a dash line
"""


def test_a_diff_is_headings_and_hunks_without_gits_own_lines() -> None:
    """The deleted file is named by its old name; its content may begin with dashes."""
    assert [line.plain.rstrip() for line in diff_lines(DIFF)] == [
        "a.py",
        "@@ -1,3 +1,3 @@",
        "  def f():",
        "-     return 1",
        "+     return 2",
        "deleted file mode 100644",
        "gone.txt",
        "@@ -1 +0,0 @@",
        "- -- was a dash line",
    ]


def test_added_and_removed_lines_have_a_colour_and_context_has_none() -> None:
    """Under the colours of the language."""
    lines = diff_lines(DIFF)
    assert "$error" in str(lines[3].spans[0].style)
    assert "$success" in str(lines[4].spans[0].style)
    assert not any("on $" in str(span.style) for span in lines[2].spans)


def marked(line: Content, style: str) -> list[str]:
    return [line.plain[s.start : s.end] for s in line.spans if f"{style} 40%" in str(s.style)]


def test_only_the_words_that_changed_are_marked() -> None:
    lines = diff_lines(DIFF)
    assert marked(lines[3], "$error") == ["1"]
    assert marked(lines[4], "$success") == ["2"]


def test_a_line_that_was_replaced_has_no_words_marked() -> None:
    """Everything marked is nothing marked."""
    assert changed_words("alpha beta gamma", "if (x) { return; }") == ([], [])


@pytest.mark.parametrize("width", [120, 80, 40])
def test_side_by_side_every_line_is_as_wide_as_it_may_be_and_nothing_is_lost(width: int) -> None:
    rows = side_by_side(DIFF, width)
    changed = [row for row in rows if " │ " in row.plain]
    assert all(row.cell_length <= width for row in changed)
    assert any("return 1" in r.plain and "return 2" in r.plain for r in changed)


def test_a_long_line_is_folded_in_its_half() -> None:
    diff = "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-" + "old " * 40 + "\n+new\n"
    rows = [row.plain for row in side_by_side(diff, 60) if " │ " in row.plain]
    assert len(rows) > 3
    assert "".join(row.split(" │ ")[0][2:].rstrip() for row in rows).count("old") >= 35


@given(st.text("ab(), +-", max_size=40), st.text("ab(), +-", max_size=40))
def test_what_is_not_marked_is_the_same_in_both(before: str, after: str) -> None:
    removed, added = changed_words(before, after)
    if removed or added:
        assert _without(before, removed) == _without(after, added)


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return text
