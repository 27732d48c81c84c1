"""rustc's output, alone and through cargo, in every width and with colours."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.rustc import PARSER
from developer_node.text.parsers.symptom import Place
from tests.support.tool_samples import parsed, said, sample, silent

SHOP = [
    (
        "E0599",
        "src/cart.rs:2",
        "no method named `length` found for reference `&String` in the current scope",
    ),
    ("E0308", "src/main.rs:7", "mismatched types\nexpected `u32`, found `&str`"),
    (
        "E0061",
        "src/main.rs:8",
        "this function takes 1 argument but 2 arguments were supplied",
    ),
    (
        "E0425",
        "src/main.rs:9",
        "cannot find function `undefined_function` in this scope",
    ),
]


@pytest.mark.parametrize(
    "name",
    [
        "rustc/plain",
        "rustc/colours",
        "rustc/narrow",
        "rustc/wide",
        "cargo/check",
        "cargo/check_colours",
        "cargo/check_narrow",
        "cargo/check_wide",
    ],
)
def test_an_error_is_the_same_in_every_width_and_colour_alone_and_through_cargo(name: str) -> None:
    assert said(PARSER, name) == SHOP


def test_the_short_shape_has_the_same_codes_and_places() -> None:
    assert [row[:2] for row in said(PARSER, "rustc/short")] == [row[:2] for row in SHOP]


def test_an_error_without_a_code_has_its_message_and_place() -> None:
    (error,) = said(PARSER, "rustc/syntax")
    assert error == (
        "",
        "syn.rs:3",
        "mismatched closing delimiter: `}`",
    )


def test_what_the_linker_missed_is_part_of_the_headline() -> None:
    (error,) = said(PARSER, "rustc/linker")
    assert error[2].endswith("rust-lld: error: undefined symbol: nowhere")


def test_in_a_member_of_a_workspace_the_path_is_the_workspaces() -> None:
    ((_, where, _),) = said(PARSER, "cargo/workspace_member")
    assert where == "src/lib.rs:1"  # of the member, in which the sample's working copy begins
    (found,) = parsed(PARSER, "cargo/workspace_member").found
    whole = Place.of("/home/mira/ws/crates/web", "/home/mira/ws")
    assert whole.relative(found.symptom.complaint.frames[0].path) == "crates/web/src/lib.rs"


def test_a_lint_that_was_denied_is_known_by_its_name() -> None:
    ((code, where, headline),) = said(PARSER, "rustc/denied")
    assert (code, where, headline) == ("unused_variables", "warn.rs:2", "unused variable: `x`")
    assert parsed(PARSER, "rustc/denied").found[0].symptom.kind == "lint"


def test_warnings_are_no_failure() -> None:
    assert silent(PARSER, sample("rustc/clean").text)
    assert silent(PARSER, sample("cargo/clippy").text)


@pytest.mark.parametrize(
    "text",
    [
        "error: could not compile `shop` (lib) due to 1 previous error",
        "error: aborting due to 4 previous errors; 1 warning emitted",
        "error: pathspec 'x' did not match any file(s) known to git",
        "error: key with no value, expected `=`\n --> Cargo.toml:2:5",
        "a.c:3:5: error: expected ';' before 'for'",
        "0 errors",
    ],
)
def test_what_is_not_rustcs_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)
