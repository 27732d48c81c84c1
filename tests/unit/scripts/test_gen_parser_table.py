"""docs/capture.md names every parser as it is today."""

from __future__ import annotations

from scripts.gen_parser_table import DOCS, with_table


def test_the_table_in_the_docs_is_made_from_the_parsers() -> None:
    """Type `make proto` after a parser has changed."""
    text = DOCS.read_text("utf-8")
    assert with_table(text) == text
