"""Every language that is cut by its grammar: what is defined, what is imported, nothing lost.

`languages/NAME` is a sample and `languages/NAME.outline` what is seen in it, a line each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dragon_node.ingest.chunking import chunk
from dragon_node.ingest.grammars.known import GRAMMARS, language_of

LANGUAGES = Path(__file__).parent / "languages"
SAMPLES = sorted(p for p in LANGUAGES.iterdir() if p.suffix != ".outline")

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda p: p.name)


def test_every_language_has_a_sample() -> None:
    assert {language_of(p.name) for p in SAMPLES} == {g.language for g in GRAMMARS}


@each_sample
def test_definitions_and_imports_are_seen(sample: Path) -> None:
    pieces = chunk(sample.name, sample.read_text())
    seen = [f"import {name}" for name in pieces.imports]
    seen += [f"{s.start_line}-{s.end_line} {s.kind} {s.qualified}" for s in pieces.symbols]
    assert seen == (LANGUAGES / f"{sample.name}.outline").read_text().splitlines()


@each_sample
def test_every_line_with_text_is_in_one_piece(sample: Path) -> None:
    text = sample.read_text()
    spans = chunk(sample.name, text).spans
    covered = [n for s in spans for n in range(s.start_line, s.end_line + 1)]
    assert len(covered) == len(set(covered))
    lines = text.splitlines()
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)


@each_sample
def test_the_same_content_is_cut_alike(sample: Path) -> None:
    text = sample.read_text()
    assert chunk(sample.name, text) == chunk(sample.name, text)


@each_sample
def test_a_file_that_is_being_typed_is_cut_all_the_same(sample: Path) -> None:
    """Half a file rarely parses; what is there has to be found."""
    text = sample.read_text()
    for end in range(1, len(text), 7):
        half = text[:end]
        found = "".join(half[s.start : s.end] for s in chunk(sample.name, half).spans)
        assert [c for c in found if not c.isspace()] == [c for c in half if not c.isspace()]


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("src/Cart.KT", "kotlin"),
        ("Gemfile", "ruby"),
        ("home/.bashrc", "shell"),
        ("include/cart.h", "cpp"),
        ("component.tsx", "tsx"),
        ("LICENSE", ""),
        ("archive.tar.gz", ""),
    ],
)
def test_the_path_tells_the_language(path: str, language: str) -> None:
    assert language_of(path) == language
