"""Which editor is meant, and how it is told the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.errors import Invalid, Missing
from developer_node.front.tui.editor import editor_of, first_of


@pytest.mark.parametrize(
    ("said", "command"),
    [
        ("vim", ["vim", "+7", "/w/a.py"]),
        ("/usr/bin/nvim", ["/usr/bin/nvim", "+7", "/w/a.py"]),
        ("vi", ["vi", "+7", "/w/a.py"]),
        ("nano -l", ["nano", "-l", "+7", "/w/a.py"]),
        ("emacs -nw", ["emacs", "-nw", "+7", "/w/a.py"]),
        ("kak", ["kak", "+7", "/w/a.py"]),
        ("micro", ["micro", "+7", "/w/a.py"]),
        ("hx", ["hx", "/w/a.py:7"]),
        ("zed --wait", ["zed", "--wait", "/w/a.py:7"]),
        ("subl", ["subl", "/w/a.py:7"]),
        ("code", ["code", "-g", "/w/a.py:7"]),
        ("cursor -w", ["cursor", "-w", "-g", "/w/a.py:7"]),
        ("my-own-editor", ["my-own-editor", "/w/a.py"]),
    ],
)
def test_each_known_editor_is_told_the_line_in_its_own_way(said: str, command: list[str]) -> None:
    assert editor_of({"EDITOR": said}).at("/w/a.py", 7) == command


def test_without_a_line_only_the_file_is_named() -> None:
    assert editor_of({"EDITOR": "vim"}).at("/w/a.py", 0) == ["vim", "/w/a.py"]


def test_visual_counts_more_than_editor() -> None:
    assert editor_of({"EDITOR": "vi", "VISUAL": "code"}).name == "code"
    assert editor_of({"EDITOR": "vi", "VISUAL": " "}).name == "vi"


@pytest.mark.parametrize(("said", "own"), [("code", True), ("zed", True), ("vim", False)])
def test_an_editor_with_a_window_of_its_own_leaves_the_terminal_alone(said: str, own: bool) -> None:
    assert editor_of({"EDITOR": said}).own_window is own


def test_nothing_set_and_nonsense_are_sentences() -> None:
    with pytest.raises(Missing, match="No editor is set"):
        editor_of({})
    with pytest.raises(Invalid, match="EDITOR cannot be read"):
        editor_of({"EDITOR": "vim 'x"})


def test_a_path_of_an_output_is_looked_for_beneath_each_root(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.py").touch()
    roots = (str(tmp_path / "a"), str(tmp_path / "b"))
    assert first_of(roots, "x.py") == tmp_path / "b" / "x.py"
    assert first_of(roots, "gone.py") == tmp_path / "a" / "gone.py"
    assert first_of((), "/etc/hosts") == Path("/etc/hosts")
