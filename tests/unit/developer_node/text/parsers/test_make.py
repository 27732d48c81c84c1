"""make's and ninja's last words."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.make import PARSER
from tests.support.tool_samples import parsed, said, sample, silent


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("make/false", ("recipe", "Makefile:6", "test: Error 1")),
        ("make/recursive", ("recipe", "lib/Makefile:2", "cart.o: Error 1")),
        ("make/signal", ("recipe", "Makefile:9", "sig: Killed")),
        ("make/not_found", ("ENOENT", "", "nosuchtool: No such file or directory")),
        (
            "make/no_rule",
            ("", "", "No rule to make target 'nowhere.txt', needed by 'needs'"),
        ),
        ("make/no_target", ("", "", "No rule to make target 'install'")),
        ("make/no_makefile", ("", "", "No targets specified and no makefile found")),
        ("make/separator", ("", "spaces.mk:2", "missing separator")),
        ("cmake/build_ninja", ("edge", "", "shop: failed")),
    ],
)
def test_the_innermost_failure_is_told_once(name: str, row: tuple[str, str, str]) -> None:
    assert said(PARSER, name) == [row]


def test_two_targets_that_failed_on_their_own_are_two() -> None:
    assert [row[2] for row in said(PARSER, "make/keep_going")] == [
        "test: Error 1",
        "cart.o: Error 1",
    ]


def test_a_missing_program_is_the_environments() -> None:
    assert parsed(PARSER, "make/not_found").found[0].symptom.kind == "environment"


def test_what_make_says_is_heard_only_when_nothing_else_was_found() -> None:
    assert PARSER.consequence


@pytest.mark.parametrize("name", ["make/clean", "make/ignored"])
def test_a_run_that_ended_well_says_nothing(name: str) -> None:
    assert silent(PARSER, sample(name).text)
