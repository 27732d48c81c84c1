"""Code, a line each."""

from __future__ import annotations

import pytest

from developer_node.front.tui.code import COLOURED_CHARACTERS_MAX, code_lines


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
