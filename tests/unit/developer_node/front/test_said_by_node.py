"""A refusal of a node's own program comes through once, of its kind, with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from common.daemon.home import Home
from common.daemon.lifecycle import EXIT_CODES, complain
from common.errors import Invalid, PostDevAIError, Unavailable
from developer_node.front.said_by_node import refusal, run_coordinator

NAME = "coordinator-node"


@pytest.mark.parametrize("kind", list(EXIT_CODES))
def test_what_it_complains_of_is_said_by_us_without_its_name(
    kind: type[PostDevAIError], capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code stays what it was, also for kinds that share one."""
    code = complain(NAME, kind("the server is not there", hint="start it"))
    error = refusal(NAME, "migrate", code, "a step\n" + capsys.readouterr().err)
    assert (error.message, error.hint) == ("the server is not there", "start it")
    assert next(n for k, n in EXIT_CODES.items() if isinstance(error, k)) == code


def test_the_coordinators_own_words_are_a_refusal_here(tmp_path: Path) -> None:
    """Its program is asked as it is: a HOME without keys has nobody to recover."""
    with pytest.raises(PostDevAIError) as raised:
        run_coordinator(Home.from_env(str(tmp_path / "home")), "revoke", "abc")
    assert "coordinator-node" not in raised.value.message


def test_one_without_a_hint_takes_none_from_what_follows() -> None:
    error = refusal(NAME, "engine", 2, f"{NAME}: it is not so\nmore words\n")
    assert isinstance(error, Invalid)
    assert error.hint == ""


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("", "`coordinator-node join` ended with -9"),
        (
            "Traceback:\n  in x\nOSError: full\n",
            "`coordinator-node join` ended with -9: OSError: full",
        ),
    ],
)
def test_a_program_that_failed_otherwise_is_said_to_have(stderr: str, said: str) -> None:
    error = refusal(NAME, "join", -9, stderr)
    assert isinstance(error, Unavailable)
    assert error.message == said
