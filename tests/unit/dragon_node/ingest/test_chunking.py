"""Chunks cover a file; what belongs together stays together while it fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragon_node.ingest.chunking import CHARACTERS_MAX, LINES_MAX, chunk
from dragon_node.lake.records import Span

PYTHON = '''"""Module."""

import os


def first(x):
    """Adds."""
    return x + 1


class Thing:
    """A thing."""

    @property
    def name(self):
        return os.name

    async def wait(self):
        def inner():
            return 1
        return inner()
'''


def _covered(text: str, spans: tuple[Span, ...]) -> str:
    at, out = 0, ""
    for span in spans:
        assert text[at : span.start].strip() == "", "something was left out"
        assert span.start >= at, "two chunks overlap"
        out += text[span.start : span.end]
        at = span.end
    assert text[at:].strip() == ""
    return out


@pytest.mark.parametrize("path", ["a.py", "a.ts", "a.tsx", "a.js", "a.md", "Makefile"])
@pytest.mark.parametrize("text", ["", "\n\n", "x", "x\n" * 500, "y" * 5_000, PYTHON, "\r\n a\r\n"])
def test_every_line_that_is_not_blank_is_in_one_chunk(path: str, text: str) -> None:
    pieces = chunk(path, text)
    _covered(text, pieces.spans)
    for span in pieces.spans:
        assert span.end - span.start <= CHARACTERS_MAX
        assert span.end_line - span.start_line < LINES_MAX
        first = text[: span.start].count("\n") + 1
        assert span.start_line == first or span.end_line == first


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="abc(){}:\n \tdefclass=>é\x00\r", max_size=400))
def test_broken_code_is_cut_like_any_text(text: str) -> None:
    for path in ("a.py", "a.ts"):
        _covered(text, chunk(path, text).spans)


def test_a_function_that_fits_is_one_chunk_under_its_name() -> None:
    body = "\n".join(f"    total += weigh(item, {i})" for i in range(25))
    text = f"import os\n\n\ndef heavy(item):\n{body}\n\n\ndef other(item):\n{body}\n"
    named = {s.symbol: s for s in chunk("a.py", text).spans}
    assert named["heavy"].start_line <= 4
    assert 29 <= named["heavy"].end_line < named["other"].start_line <= 32


def test_a_class_that_does_not_fit_is_cut_at_its_methods() -> None:
    body = "\n".join(f"        total += weigh(item, {i})" for i in range(25))
    text = f"class Big:\n    def one(self):\n{body}\n\n    def two(self):\n{body}\n"
    names = [s.symbol for s in chunk("a.py", text).spans]
    assert "Big.one" in names
    assert "Big.two" in names


def test_short_neighbours_become_one_chunk() -> None:
    text = "".join(f"def f{i}():\n    return {i}\n\n\n" for i in range(6))
    assert len(chunk("a.py", text).spans) == 1


def test_symbols_have_qualified_names_and_the_lines_of_their_decorators() -> None:
    found = {s.qualified: (s.kind, s.start_line, s.end_line) for s in chunk("a.py", PYTHON).symbols}
    assert found == {
        "first": ("function", 6, 8),
        "Thing": ("class", 11, 21),
        "Thing.name": ("method", 14, 16),
        "Thing.wait": ("method", 18, 21),
        "Thing.wait.inner": ("function", 19, 20),
    }


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("a.ts", "export class A { m(): void {} }", [("A", "class"), ("A.m", "method")]),
        ("a.ts", "export const f = (x: number) => x", [("f", "function")]),
        ("a.ts", "interface I { x(): number }", [("I", "type"), ("I.x", "method")]),
        ("a.ts", "type T = string; enum E { A }", [("T", "type"), ("E", "type")]),
        ("a.tsx", "export function C() { return <b/> }", [("C", "function")]),
        ("a.js", "const g = function () {}", [("g", "function")]),
        ("a.txt", "def f(): pass", []),
    ],
)
def test_definitions_are_known_by_language(
    path: str, text: str, names: list[tuple[str, str]]
) -> None:
    assert [(s.qualified, s.kind) for s in chunk(path, text).symbols] == names


def test_this_file_is_cut_too() -> None:
    text = Path(__file__).read_text()
    pieces = chunk("test_chunking.py", text)
    assert _covered(text, pieces.spans)
    assert any(s.name == "test_this_file_is_cut_too" for s in pieces.symbols)


def test_code_nested_beyond_reason_is_windows() -> None:
    text = "(" * 20_000 + ")" * 20_000
    assert chunk("a.py", text).spans
