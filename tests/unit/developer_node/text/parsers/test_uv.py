"""uv's output, of versions 0.5 and 0.13."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.uv import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

BOTH = ("uv/0.5", "uv/0.13")
UNSOLVED = (
    "No solution found when resolving dependencies: Because fig-of-nobody was not found in the "
    "provided package locations and your project depends on fig-of-nobody<1, we can conclude that "
    "your project's requirements are unsatisfiable."
)


@pytest.mark.parametrize("name", ["uv/0.5_lock", "uv/0.13_lock", "uv/0.13_colours_40"])
def test_a_sentence_broken_by_the_width_is_whole_again(name: str) -> None:
    assert said(PARSER, name) == [("", "", UNSOLVED)]


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("run", "Failed to spawn: nowhere-command: No such file or directory (os error 2)"),
        ("nofile", "File not found: nowhere.txt"),
        (
            "refused",
            "Failed to fetch: http://127.0.0.1:9/index/fig-of-nobody/: "
            "Connection refused (os error 111)",
        ),
    ],
)
def test_both_versions_say_the_same(name: str, headline: str) -> None:
    """The older puts names into backticks and says how often it tried."""
    assert [said(PARSER, f"{v}_{name}")[0][2] for v in BOTH] == [headline, headline]


@pytest.mark.parametrize("version", BOTH)
def test_an_index_that_does_not_answer_is_a_matter_of_the_network(version: str) -> None:
    assert parsed(PARSER, f"{version}_refused").found[0].symptom.kind == "network"


@pytest.mark.parametrize("version", BOTH)
def test_a_build_that_fails_has_its_own_traceback_as_cause(version: str) -> None:
    (found,) = parsed(PARSER, f"{version}_build").found
    (cause,) = found.symptom.causes
    assert found.symptom.kind == "build"
    assert (cause.code, cause.headline) == ("RuntimeError", "no compiler on Tuesdays")
    assert sample(f"{version}_build").lines[found.last].strip().startswith("RuntimeError: ")


def test_a_settings_file_that_cannot_be_read_has_its_line() -> None:
    assert said(PARSER, "uv/0.13_badtoml") == [
        ("", "pyproject.toml:1", "Failed to parse: pyproject.toml: unclosed table, expected ]")
    ]


def test_a_directory_without_a_project_is_said() -> None:
    assert said(PARSER, "uv/0.13_noproject") == [
        ("", "", "No pyproject.toml found in current directory or any parent directory")
    ]


@pytest.mark.parametrize(
    "text",
    [
        sample("uv/0.13_clean").text,
        "error: could not compile `shop` (bin) due to 2 previous errors",
        "error: pathspec 'x' did not match any file(s) known to git",
        "error: 0 errors\n  all is well",
    ],
)
def test_what_is_not_uvs_says_nothing(text: str) -> None:
    assert silent(PARSER, text)
