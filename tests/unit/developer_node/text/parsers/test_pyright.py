"""pyright's output, of an old and a new version."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.pyright import PARSER
from tests.support.tool_samples import parsed, said, silent

SHOP = [
    (
        "reportReturnType",
        "shop/cart.py:17",
        'Type "int" is not assignable to return type "str"',
    ),
    ("reportUndefinedVariable", "shop/cart.py:23", '"undefined_name" is not defined'),
    (
        "reportAttributeAccessIssue",
        "shop/cart.py:24",
        'Cannot access attribute "sentence" for class "dict[str, Unknown]"',
    ),
    (
        "reportArgumentType",
        "shop/cart.py:36",
        'Argument of type "Literal[3]" cannot be assigned to parameter "name" of type "str" in '
        'function "add"',
    ),
    (
        "reportAttributeAccessIssue",
        "shop/cart.py:37",
        'Cannot access attribute "remove" for class "Cart"',
    ),
    (
        "reportAssignmentType",
        "shop/cart.py:38",
        'Type "None" is not assignable to declared type "int"',
    ),
    (
        "reportMissingImports",
        "shop/cart.py:39",
        'Import "missing_package" could not be resolved',
    ),
]


@pytest.mark.parametrize("name", ["plain", "colours_40"])
def test_rule_message_and_place_are_read(name: str) -> None:
    assert said(PARSER, f"pyright/1.1.414_{name}")[:7] == SHOP


def test_what_explains_an_error_is_in_its_message_without_its_rule() -> None:
    plain, coloured = (
        parsed(PARSER, f"pyright/1.1.414_{name}").found[0].symptom.complaint.message
        for name in ("plain", "colours_40")
    )
    assert plain == (
        'Type "int" is not assignable to return type "str"\n"int" is not assignable to "str"'
    )
    assert coloured == plain


def test_what_has_no_rule_is_a_file_that_cannot_be_read() -> None:
    rest = parsed(PARSER, "pyright/1.1.414_plain").found[7:]
    assert {f.symptom.kind for f in rest} == {"build"}
    assert {f.symptom.complaint.code for f in rest} == {""}
    assert rest[0].symptom.complaint.headline == '"(" was not closed'


def test_an_older_version_is_read_as_well() -> None:
    older = said(PARSER, "pyright/1.1.300_plain")
    assert len(older) == 13
    assert older[2] == SHOP[1]
    assert older[1][0] == "reportGeneralTypeIssues"


def test_a_path_that_is_not_there_is_said() -> None:
    (found,) = parsed(PARSER, "pyright/1.1.414_nofile").found
    assert found.symptom.kind == "environment"
    assert found.symptom.complaint.frames[0].path == "/home/dana/shop/nowhere.py"


def test_a_clean_run_says_nothing() -> None:
    assert parsed(PARSER, "pyright/1.1.414_clean").found == ()


@pytest.mark.parametrize(
    "text",
    [
        '  /w/a.py:3:1 - warning: Import "x" could not be resolved from source',
        "0 errors, 3 warnings, 0 informations",
        "12:30:01 - error: cannot reach the server",
    ],
)
def test_what_stops_nothing_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
