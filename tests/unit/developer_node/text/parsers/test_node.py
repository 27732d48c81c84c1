"""What Node dies of, in versions 18, 20 and 22."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.node import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

DEATHS = {
    "cut_js": ("SyntaxError", "nd/cut.js:1", "Unexpected token ';'"),
    "missing_js": ("MODULE_NOT_FOUND", "nd/missing.js:1", "Cannot find module 'express-of-nobody'"),
    "missing_mjs": (
        "ERR_MODULE_NOT_FOUND",
        "nd/missing.mjs:0",
        "Cannot find module '/home/dana/web/nd/nowhere.mjs' imported from "
        "/home/dana/web/nd/missing.mjs",
    ),
    "port_js": ("ECONNREFUSED", "", "connect ECONNREFUSED 127.0.0.1:1"),
    "reads_mjs": (
        "ENOENT",
        "nd/reads.mjs:3",
        "ENOENT: no such file or directory, open 'nowhere.json'",
    ),
    "strict_js": (
        "AssertionError",
        "nd/strict.js:3",
        "Expected values to be strictly equal\nassert 3 == 4",
    ),
    "asserts_js": (
        "AssertionError",
        "nd/asserts.js:2",
        "Expected values to be strictly deep-equal\nassert 2 == 3",
    ),
    "throws_js": ("Error", "src/prices.cjs:19", "cannot order"),
    "type_js": (
        "TypeError",
        "nd/type.js:2",
        "Cannot read properties of undefined (reading '0')",
    ),
}


@pytest.mark.parametrize("name", DEATHS)
@pytest.mark.parametrize("version", ["20", "22"])
def test_every_version_dies_of_the_same(version: str, name: str) -> None:
    assert said(PARSER, f"node/{version}_{name}") == [DEATHS[name]]


@pytest.mark.parametrize("name", ["18_throws_js", "20_throws_js", "20_throws_colours"])
def test_causes_are_kept_with_their_frames(name: str) -> None:
    (found,) = parsed(PARSER, f"node/{name}").found
    (cause,) = found.symptom.causes
    assert (cause.code, cause.headline) == ("RangeError", "unknown fruit kiwi")
    assert [f.function for f in cause.frames] == ["order", "total", "", "price"]
    assert cause.frames[-1].path == "/home/dana/web/src/prices.cjs"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cut_js", "build"),
        ("missing_js", "environment"),
        ("port_js", "network"),
        ("reads_mjs", "runtime"),
    ],
)
def test_the_code_tells_the_kind(name: str, kind: str) -> None:
    assert parsed(PARSER, f"node/20_{name}").found[0].symptom.kind == kind


def test_frames_of_node_itself_are_left_out() -> None:
    (found,) = parsed(PARSER, "node/22_missing_js").found
    assert [f.path for f in found.symptom.complaint.frames] == ["/home/dana/web/nd/missing.js"]


def test_everything_from_the_shown_source_to_the_version_is_taken() -> None:
    lines = sample("node/20_port_js").lines
    (found,) = parsed(PARSER, "node/20_port_js").found
    assert (found.first, lines[found.last]) == (0, "Node.js v20.20.2")


def test_a_value_that_is_no_error_can_be_thrown() -> None:
    text = "/w/a.js:1\nthrow 'no fruit';\n^\nno fruit\n(Use `node --trace-uncaught ...` to show)"
    found = PARSER.parse(text.split("\n"), sample("node/20_fine_js").place)
    assert found is not None
    complaint = found.found[0].symptom.complaint
    assert (complaint.code, complaint.headline, complaint.frames[0].path) == (
        "thrown",
        "no fruit",
        "/w/a.js",
    )


@pytest.mark.parametrize(
    "text",
    [
        sample("node/20_fine_js").text,
        "Error: it was handled\n    at total (/w/a.js:1:1)",
        "2^10 is 1024",
        '  File "a.py", line 1\n    def f(:\n          ^\nSyntaxError: invalid syntax',
        "a.c:1:2: error: expected ';'\n    1 | int\n      |    ^\n",
    ],
)
def test_what_killed_nobody_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
