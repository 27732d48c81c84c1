"""Code and diffs, a line each."""

from __future__ import annotations

import pytest

from developer_node.front.tui.code import COLOURED_CHARACTERS_MAX, code_lines, diff_lines

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


@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", "x = 1", "x = 1\n", "\n\nx = '''\n", "a\rb\n\tc\n"]
)
@pytest.mark.parametrize("path", ["a.py", "a.unknown", "Makefile", ""])
def test_there_are_as_many_lines_as_the_text_has(text: str, path: str) -> None:
    """Otherwise a citation would be marked beside its lines."""
    wanted = text.count("\n") + (0 if text.endswith("\n") or not text else 1)
    assert len(code_lines(text, path)) == wanted


def test_a_huge_file_is_shown_without_colours() -> None:
    """A lexer would take seconds."""
    lines = code_lines("x = 1\n" * (COLOURED_CHARACTERS_MAX // 4), "a.py")
    assert not lines[0].spans


def test_markup_in_code_is_code() -> None:
    """Brackets are everywhere in code."""
    assert code_lines("a['[bold]'] = '[/]'\n", "a.py")[0].plain == "a['[bold]'] = '[/]'"
