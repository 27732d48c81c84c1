"""What bash, zsh, fish, dash and coreutils complain about."""

from __future__ import annotations

import pytest

from developer_node.text.parsers.shell import PARSER
from tests.support.tool_samples import parsed, said, sample, silent

SHELLS = ("bash", "zsh", "fish", "dash")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_missing_command_is_the_same_in_every_shell(shell: str) -> None:
    assert said(PARSER, f"shell/{shell}_not_found") == [
        ("command not found", "", "nosuchcommand: command not found")
    ]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_file_that_may_not_run_is_a_matter_of_permission_in_every_shell(shell: str) -> None:
    (found,) = parsed(PARSER, f"shell/{shell}_permission").found
    assert found.symptom.kind == "permission"
    assert found.symptom.complaint.headline == "./notexec: Permission denied"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("what", "headline"),
    [
        ("cd", "nowhere: No such file or directory"),
        ("redirect", "nowhere.txt: No such file or directory"),
    ],
)
def test_a_missing_file_is_the_same_in_every_shell(shell: str, what: str, headline: str) -> None:
    ((code, _, words),) = said(PARSER, f"shell/{shell}_{what}")
    assert (code, words) == ("ENOENT", headline)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_scripts_line_is_told_and_what_its_programs_say_too(shell: str) -> None:
    assert said(PARSER, f"shell/{shell}_script") == [
        ("command not found", "script.sh:2", "nosuchcommand: command not found"),
        ("ENOENT", "", "nowhere.txt: No such file or directory"),
    ]


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("bash_syntax", "broken.sh:3"),
        ("zsh_syntax", "broken.sh:3"),
        ("dash_syntax", "broken.sh:3"),
        ("fish_syntax", "broken.fish:1"),
        ("bash_syntax_inline", ""),
        ("dash_syntax_inline", ""),
    ],
)
def test_a_syntax_error_has_its_line(name: str, where: str) -> None:
    ((code, place, _),) = said(PARSER, f"shell/{name}")
    assert (code, place) == ("syntax error", where)


@pytest.mark.parametrize("shell", ["bash", "zsh", "dash"])
def test_a_variable_that_is_not_set_is_named(shell: str) -> None:
    assert said(PARSER, f"shell/{shell}_unset") == [
        ("unbound variable", "unset.sh:2", "UNSET_NAME: unbound variable")
    ]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_missing_interpreter_is_told_from_a_missing_script(shell: str) -> None:
    ((code, _, headline),) = said(PARSER, f"shell/{shell}_interpreter")
    assert (code, headline) == ("bad interpreter", "./interp: bad interpreter")


def test_an_interactive_shell_says_the_same() -> None:
    assert [row[2] for row in said(PARSER, "shell/bash_interactive")] == [
        "nosuchcommand: command not found",
        "./notexec: Permission denied",
    ]


def test_each_program_names_what_it_could_not_use() -> None:
    assert [(row[0], row[2].partition(":")[0]) for row in said(PARSER, "shell/cp")] == [
        ("ENOENT", "nowhere.txt"),
        ("EEXIST", "dir"),
        ("EISDIR", "dir"),
        ("ENOENT", "nowhere"),
    ]
    assert {f.symptom.kind for f in parsed(PARSER, "shell/denied").found} == {"permission"}


def test_words_about_errors_are_none() -> None:
    assert silent(PARSER, sample("shell/clean").text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 12:00:00 worker: cache/a: No such file or directory",
        "FileNotFoundError: [Errno 2] No such file or directory: 'x'",
        "src/a.c:1:10: fatal error: missing.h: No such file or directory",
        "git@github.com: Permission denied (publickey).",
        "page not found: 404",
        "syntax error, unexpected end-of-input",
        "0 errors",
    ],
)
def test_what_no_shell_says_is_left_to_others(text: str) -> None:
    assert silent(PARSER, text)
