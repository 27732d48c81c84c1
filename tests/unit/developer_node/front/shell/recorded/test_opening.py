"""A recorded shell says that it is one, before its first prompt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from developer_node.text import gates
from tests.support.person import Person

Open = Callable[..., Person]


def test_a_line_says_that_it_is_recorded_what_is_private_and_how_to_leave(open_shell: Open) -> None:
    """Once: a command's output holds nothing of it."""
    person = open_shell("bash")
    first = person.whole.partition(b"ready> ")[0]
    assert b"postdevai: this shell is recorded; a command that begins with a space" in first
    assert b"exit leaves the shell" in first
    person.types(b"echo one\r")
    person.sees(rb"one\r\n")
    person.sees(rb"ready> ")
    person.types(b"exit\r")
    assert person.exit_code() == 0
    assert person.record("echo one").output.text == "one\n"


def test_while_recording_is_paused_it_says_that(open_shell: Open, home: Path) -> None:
    gates.pause(home)
    person = open_shell("bash")
    first = person.whole.partition(b"ready> ")[0]
    assert b"Recording is paused" in first and b"is recorded" not in first


def test_a_shell_that_an_rc_file_opens_says_nothing(open_shell: Open) -> None:
    """Every new terminal is one."""
    assert b"postdevai:" not in open_shell("bash", "--from-rc").whole
