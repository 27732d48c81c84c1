"""webpack's output: once, watched, and clean."""

from __future__ import annotations

from developer_node.text.parsers.webpack import PARSER
from tests.support.tool_samples import parsed, said, sample, silent


def test_an_error_has_its_module_and_line() -> None:
    missing = "Module not found: Error: Can't resolve '{}' in '/home/me/shop/src'"
    assert said(PARSER, "webpack/5_missing") == [
        ("", "src/w.js:1", missing.format(name)) for name in ("nowhere-mod", "./gone")
    ]


def test_what_was_tried_belongs_to_the_message_and_not_to_the_headline() -> None:
    one, _ = parsed(PARSER, "webpack/5_missing").found
    assert "looking for modules in" in one.symptom.complaint.message
    assert one.last < parsed(PARSER, "webpack/5_missing").found[1].first


def test_a_watch_tells_the_error_of_its_first_cycle() -> None:
    ((_, where, headline),) = said(PARSER, "webpack/5_watch")
    assert (where, headline) == ("src/w.js:1", "Module parse failed: Unexpected token (1:10)")


def test_a_clean_build_says_nothing() -> None:
    assert silent(PARSER, sample("webpack/5_clean").text)
    assert silent(PARSER, "ERROR in the log\nERROR in ./a.js 1:2\n\n")
