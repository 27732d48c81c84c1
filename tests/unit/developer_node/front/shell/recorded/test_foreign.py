"""Marks of other makers are read as they come, and believed only where they can be the shell's."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from developer_node.front.shell.recorded.foreign import ForeignMarks
from developer_node.front.shell.recorded.marks import Mark, MarkReader
from tests.support.person import SOURCES, Person

SAMPLES = SOURCES / "tests" / "data" / "terminal_marks"
Seen = list[tuple[str, str, tuple[int, ...]]]


def _commands(data: bytes, in_front: Callable[[], bool] = lambda: True, size: int = 7) -> Seen:
    """Each command with its directory and exit codes."""
    marks, reader = ForeignMarks(in_front, "/start", {"A": "1"}), MarkReader()
    found: Seen = []
    for at in range(0, len(data), size):
        for piece in reader.feed(data[at : at + size]):
            if not isinstance(piece, Mark):
                continue
            match marks.read(piece):
                case "begin":
                    told = marks.command()
                    found.append((told.text if told else "", marks.cwd, ()))
                case "end" if found:
                    found[-1] = (*found[-1][:2], marks.exit_codes)
                case _:
                    pass
    return found


@pytest.mark.parametrize("name", ["kitty-bash", "kitty-zsh", "wezterm-bash"])
@pytest.mark.parametrize("size", [1, 64, 100_000])
def test_real_marks_name_command_directory_and_code(name: str, size: int) -> None:
    here = "/tmp/marks-home/code dir"
    assert _commands((SAMPLES / name).read_bytes(), size=size) == [
        ("echo one", here, (0,)),
        ('echo "a;b" | sh -c "exit 3"', here, (3,)),
        ("cd ..", here, (0,)),
    ]


@pytest.mark.parametrize("name", ["ghostty-bash", "ghostty-zsh"])
def test_marks_that_do_not_name_the_command_give_none(name: str) -> None:
    assert [text for text, _, _ in _commands((SAMPLES / name).read_bytes())] == ["", "", ""]


def test_vs_codes_marks_are_read_as_it_documents_them() -> None:
    data = (
        b"\x1b]633;P;Cwd=/a\\x3bb\x07\x1b]633;A\x07$ \x1b]633;B\x07"
        b"\x1b]633;E;echo a\\x3b b \\\\n;nonce\x07\x1b]633;C\x07out\x1b]633;D;5\x07"
    )
    assert _commands(data) == [("echo a; b \\n", "/a;b", (5,))]


def test_fish_4_marks_are_read_as_it_documents_them() -> None:
    data = (
        b"\x1b]7;file://host/a%20b\x07\x1b]133;A;click_events=1\x07> "
        b"\x1b]133;C;cmdline_url=make%20a%3Bb\x07out\x1b]133;D;2\x07"
    )
    assert _commands(data) == [("make a;b", "/a b", (2,))]


def test_marks_of_a_program_in_front_are_not_believed() -> None:
    turn = iter([True, False, False, False, True])
    forged = b"\x1b]133;D;0\x07\x1b]133;A\x07\x1b]7;file://h/elsewhere\x07"
    data = b"\x1b]133;A\x07\x1b]133;C;cmdline_url=make\x07" + forged + b"\x1b]133;D;2\x07"
    assert _commands(data, lambda: next(turn)) == [("make", "/start", (2,))]


def test_a_second_beginning_without_a_prompt_is_not_believed() -> None:
    data = b"\x1b]133;A\x07\x1b]133;C;cmdline_url=make\x07\x1b]133;C;cmdline_url=evil\x07"
    assert [text for text, _, _ in _commands(data)] == ["make"]


def test_a_shell_with_marks_of_its_own_is_recorded_by_them(
    open_shell: Callable[..., Person], repository: Path
) -> None:
    rc = (
        "PROMPT_COMMAND='printf \"\\e]133;D;$?\\a\\e]133;A\\a\\e]7;file://h$PWD\\a\"'\n"
        "PS0='\\e]133;C;cmdline_url=sh%20-c%20%27echo%20out%3B%20exit%204%27\\a'\n"
    )
    person = open_shell("bash", "--marks", "terminal", rc=rc)
    passer = psutil.Process(person.pid)
    (recorder,) = [c for c in passer.children() if c.cmdline() == passer.cmdline()]
    while recorder.num_threads() < 2:  # what it hears late, it cannot tell from a program's
        select.select([person.screen], [], [], 0.02)
    person.types(b"\r")
    person.sees(rb"ready> ")
    person.types(b"sh -c 'echo out; exit 4'\r")
    person.sees(rb"out\r\n")
    person.sees(rb"ready> ")
    person.types(b"\x04")
    person.exit_code()
    (body,) = person.records()
    assert (body.command, body.cwd) == ("sh -c 'echo out; exit 4'", str(repository))
    assert (body.output.text, body.exit_codes) == ("out\n", (4,))
    assert body.ground is not None and "after the start" in body.ground.cut[-1]
