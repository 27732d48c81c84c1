"""What is typed in a recorded shell is recorded as it was, in each shell that has hooks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.person import Person

Open = Callable[..., Person]
READY = rb"ready> "
START = rb"[\x07\r\n]"
"""Ahead of a line of output: a mark, or the line before."""

every_shell = pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])


def _leave(person: Person) -> None:
    person.types(b"exit\r")
    person.exit_code()


@every_shell
def test_a_command_is_recorded_with_output_code_and_ground(
    open_shell: Open, repository: Path, kind: str
) -> None:
    person = open_shell(kind)
    person.types(b"sh -c 'echo out; echo err >&2; exit 3'\r")
    person.sees(rb"out\r\n")
    person.sees(READY)
    _leave(person)
    body = person.record("sh -c 'echo out; echo err >&2; exit 3'")
    assert (body.exit_codes, body.cwd, body.recorder) == ((3,), str(repository), "shell")
    assert body.output.text == "out\nerr\n"
    assert body.ground is not None
    assert body.ground.tree and body.ground.branch == "main"


@every_shell
def test_every_part_of_a_pipeline_has_its_exit_code(open_shell: Open, kind: str) -> None:
    person = open_shell(kind)
    person.types(b"sh -c 'exit 2' | sh -c 'exit 0' | sh -c 'exit 5'\r")
    person.sees(READY)
    _leave(person)
    assert person.records()[0].exit_codes == (2, 0, 5)


@every_shell
def test_a_command_that_begins_with_a_space_is_private(open_shell: Open, kind: str) -> None:
    person = open_shell(kind)
    for line in (b"echo one", b" echo hidden", b"echo two"):
        person.types(line + b"\r")
        person.sees(START + line.split()[-1] + rb"\r\n")
        person.sees(READY)
    _leave(person)
    assert [b.command for b in person.records()] == ["echo one", "echo two", "exit"]


@pytest.mark.parametrize(
    "setting", ["ignoreboth", "ignorespace", "ignoredups", "", "erasedups:ignorespace"]
)
def test_bash_history_settings_neither_hide_repetitions_nor_show_private_ones(
    open_shell: Open, setting: str
) -> None:
    """ignoreboth is what Debian ships: a repeated pytest must not look like a private command."""
    person = open_shell("bash", rc=f"HISTCONTROL={setting}\n")
    for line in (b"echo same", b"echo same", b" echo private", b"echo same"):
        person.types(line + b"\r")
        person.sees(START + rb"(same|private)\r\n")
        person.sees(READY)
    _leave(person)
    assert [b.command for b in person.records()] == [*["echo same"] * 3, "exit"]


def test_bash_history_is_as_the_person_has_set_it(open_shell: Open) -> None:
    person = open_shell("bash", rc="HISTCONTROL=ignoreboth\nunset HISTFILE\n")
    for line in (b"echo one", b"echo one", b" echo two", b"echo three"):
        person.types(line + b"\r")
        person.sees(READY)
    person.types(b"history | cut -c8-\r")
    person.sees(START + rb"echo one\r\necho three\r\nhistory")
    _leave(person)


def test_a_full_bash_history_does_not_make_commands_private(open_shell: Open) -> None:
    person = open_shell("bash", rc="HISTCONTROL=ignoreboth\nHISTSIZE=2\n")
    for n in range(5):
        person.types(b"echo number %d\r" % n)
        person.sees(START + rb"number %d\r\n" % n)
        person.sees(READY)
    _leave(person)
    assert [b.command for b in person.records()] == [
        *(f"echo number {n}" for n in range(5)),
        "exit",
    ]


@every_shell
def test_the_ground_is_that_of_before_the_command_or_says_that_it_is_not(
    open_shell: Open, kind: str
) -> None:
    """The hook waits for a short while only: on a busy machine that may be too short."""
    person = open_shell(kind)
    for n in range(6):
        person.types(b"echo 'a = %d' > a.py\r" % (n + 10))
        person.sees(READY)
    _leave(person)
    grounds = [b.ground for b in person.records() if b.ground and b.command.startswith("echo")]
    late = [g for g in grounds if any("after the start" in line for line in g.cut)]
    in_time = [g for g in grounds if g not in late]
    assert len(grounds) == 6
    assert all(g.tree != g.tree_after for g in in_time)
    assert bool(in_time) == (kind != "fish")  # fish cannot wait for a short while


@every_shell
def test_the_status_of_a_command_is_kept_for_the_next(open_shell: Open, kind: str) -> None:
    person = open_shell(kind)
    name = b"$status" if kind == "fish" else b"$?"
    person.types(b"sh -c 'exit 7'\r")
    person.sees(READY)
    person.types(b"echo code " + name + b"\r")
    person.sees(rb"code 7\r\n")
    _leave(person)


@every_shell
def test_nothing_of_the_session_is_in_the_environment(open_shell: Open, kind: str) -> None:
    """A program that knew the nonce could forge a boundary."""
    person = open_shell(kind)
    person.types(b"env | grep -ic -e pdv -e nonce; ls $__pdv_dir\r")
    person.sees(START + rb"0\r\n")
    person.sees(READY)
    _leave(person)
    body = person.records()[0]
    assert "rc" not in body.output.text.split()
    assert ".zshenv" not in body.output.text.split()


@every_shell
def test_what_the_command_sees_as_variables_is_hashed_in_its_ground(
    open_shell: Open, kind: str
) -> None:
    person = open_shell(kind)
    line = b"set -x SPECIAL one" if kind == "fish" else b"export SPECIAL=one"
    for typed in (b"true", line, b"true"):
        person.types(typed + b"\r")
        person.sees(READY)
    _leave(person)
    grounds = [b.ground for b in person.records() if b.command == "true"]
    assert len({g.variables for g in grounds if g}) == 2


@every_shell
def test_more_than_one_line_is_one_command(open_shell: Open, kind: str) -> None:
    person = open_shell(kind)
    loop = (
        b"for x in 1 2\recho n$x\rend\r" if kind == "fish" else b"for x in 1 2\rdo echo n$x\rdone\r"
    )
    person.types(loop)
    person.sees(rb"n1\r\nn2\r\n")
    person.sees(READY)
    _leave(person)
    body = person.records()[0]
    assert body.command.startswith("for x in 1 2")
    assert body.output.text == "n1\nn2\n"


def test_the_blanks_that_zsh_writes_before_its_prompt_are_no_output(open_shell: Open) -> None:
    person = open_shell("zsh")
    for line in (b"printf unfinished", b"echo whole"):
        person.types(line + b"\r")
        person.sees(READY)
    _leave(person)
    assert person.record("printf unfinished").output.text == "unfinished"
    assert person.record("echo whole").output.text == "whole\n"
