"""The person's own prompt, hooks and gates work in a recorded shell as in a plain one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from developer_node.text import gates
from tests.support.person import Person

Open = Callable[..., Person]
READY = rb"ready> "


def _leave(person: Person) -> None:
    person.types(b"exit\r")
    person.exit_code()


def _run(person: Person, line: bytes) -> None:
    person.types(line + b"\r")
    person.sees(READY)


def test_a_bash_prompt_command_sees_the_codes_of_the_whole_pipeline(open_shell: Open) -> None:
    rc = 'seen() { echo "saw $? ${PIPESTATUS[*]}"; }\nPROMPT_COMMAND=seen\n'
    person = open_shell("bash", rc=rc)
    person.types(b"(exit 3) | (exit 4)\r")
    person.sees(rb"saw 4 3 4\r\n")
    person.sees(READY)
    _leave(person)
    assert person.records()[0].exit_codes == (3, 4)


def test_a_prompt_framework_that_makes_its_prompt_anew_each_time_is_kept(open_shell: Open) -> None:
    """As starship does: PS1 and PROMPT_COMMAND are set again at each prompt."""
    rc = 'make() { PS1="[$?] ready> "; PROMPT_COMMAND=make; }\nPROMPT_COMMAND=make\n'
    person = open_shell("bash", rc=rc)
    for code in (b"1", b"2", b"3"):
        person.types(b"(exit " + code + b")\r")
        person.sees(rb"\[" + code + rb"\] ready> ")
    _leave(person)
    assert [b.exit_codes for b in person.records()][:3] == [(1,), (2,), (3,)]


def test_a_prompt_command_list_and_another_ps0_are_kept(open_shell: Open) -> None:
    rc = "PROMPT_COMMAND=('echo first' 'echo second')\nPS0='about to run\\n'\n"
    person = open_shell("bash", rc=rc)
    person.types(b"true\r")
    person.sees(rb"about to run\r+\n(?s:.*)first\r\nsecond\r\n")
    person.sees(READY)
    _leave(person)
    assert person.records()[0].command == "true"


def test_zsh_hooks_of_the_person_see_status_and_pipestatus(open_shell: Open) -> None:
    rc = 'precmd() { echo "saw $? $pipestatus" }\nadd() {}\npreexec() { echo "runs $1" }\n'
    person = open_shell("zsh", rc=rc)
    person.types(b"(exit 3) | (exit 4)\r")
    person.sees(rb"runs \(exit 3\) \| \(exit 4\)\r\n(?s:.*)saw 4 3 4\r\n")
    person.sees(READY)
    _leave(person)
    assert person.records()[0].exit_codes == (3, 4)


def test_the_files_that_zsh_reads_are_the_persons_own(open_shell: Open, home: Path) -> None:
    own = home.parent / "zdot"
    own.mkdir()
    (own / ".zshenv").write_text("FROM_ENV=env\n")
    (own / ".zshrc").write_text("PS1='ready> '\nFROM_RC=rc\n")
    person = open_shell("zsh", ZDOTDIR=str(own))
    person.types(b"echo $FROM_ENV $FROM_RC $ZDOTDIR\r")
    person.sees(rb"env rc " + os.fsencode(own) + rb"\r\n")
    _leave(person)


def test_bash_under_nounset_noclobber_and_errexit_free_traps_is_recorded(open_shell: Open) -> None:
    rc = "set -u -o noclobber\nIFS=:\ntrap 'DEBUGGED=1' DEBUG\n"
    person = open_shell("bash", rc=rc)
    _run(person, b"echo one")
    _run(person, b"echo two | cat")
    _leave(person)
    assert [b.command for b in person.records()][:2] == ["echo one", "echo two | cat"]
    assert [b.exit_codes for b in person.records()][:2] == [(0,), (0, 0)]


def test_a_shell_inside_is_one_command_and_is_not_recorded_twice(open_shell: Open) -> None:
    person = open_shell("bash")
    person.types(b"bash\r")
    person.sees(READY)
    person.types(f"{sys.executable} -m developer_node.front.cli shell; echo code $?\r".encode())
    person.sees(rb"this shell is recorded already\r\ncode 3\r\n")
    person.sees(READY)
    _run(person, b" echo in private")
    _run(person, b"exit")
    _leave(person)
    assert [b.command for b in person.records()] == ["bash", "exit"]
    inner = person.records()[0].output
    assert (inner.text, inner.bytes_dropped) == ("", inner.bytes_total), "typed there in private"
    assert inner.bytes_total > len("in private")


def test_a_pane_of_tmux_is_another_terminal_and_is_recorded(
    open_shell: Open, tmp_path: Path
) -> None:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed here")
    person = open_shell("bash")
    line = f"{sys.executable} -m developer_node.front.cli shell --shell bash"
    socket = tmp_path / "tmux"
    person.types(f"tmux -S {socket} -f /dev/null new '{line}'\r".encode())
    try:
        person.sees(READY)
        person.types(b"echo in the $((40 + 2))nd pane\r")
        person.sees(rb"in the 42nd pane")
        person.sees(READY)
        person.types(b"exit\r")
        person.sees(rb"\[exited\]")
        person.sees(READY)
    finally:
        subprocess.run(["tmux", "-S", str(socket), "kill-server"], capture_output=True)
    _leave(person)
    assert person.record("echo in the $((40 + 2))nd pane").output.text == "in the 42nd pane\n"
    (outer,) = [b for b in person.records() if b.command.startswith("tmux")]
    assert "42nd" not in outer.output.text  # drawn on the alternate screen


def test_where_recording_is_paused_nothing_is_recorded(open_shell: Open, home: Path) -> None:
    (home / "developer").mkdir(mode=0o700, exist_ok=True)
    gates.pause(home)
    person = open_shell("bash")
    _run(person, b"echo one")
    gates.resume(home)
    _run(person, b"echo two")
    _leave(person)
    assert [b.command for b in person.records()] == ["echo two", "exit"]


def test_nothing_is_kept_of_a_command_during_which_recording_was_paused(
    open_shell: Open, home: Path
) -> None:
    person = open_shell("bash")
    person.types(b"echo begins; read -r word; echo $word\r")
    person.sees(rb"begins\r\n")
    gates.pause(home)
    gates.resume(home)
    person.types(b"hidden\r")
    person.sees(rb"hidden\r\nhidden\r\n")
    person.sees(rb"not recorded: Recording was paused while it ran")
    _run(person, b"echo two")
    _leave(person)
    assert [b.command for b in person.records()] == ["echo two", "exit"]


def test_a_repository_may_ask_that_no_output_is_kept(open_shell: Open, repository: Path) -> None:
    (repository / ".postdevai.toml").write_text("[record]\noutput = false\n")
    person = open_shell("bash")
    _run(person, b"echo hidden words")
    _leave(person)
    output = person.records()[0].output
    assert (output.text, output.bytes_total, output.bytes_dropped) == ("", 14, 14)


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_a_program_that_goes_on_is_told_of_when_it_is_quiet(open_shell: Open, kind: str) -> None:
    """A dev server: its traceback is known while it runs."""
    program = (
        "import sys, time; print('serving', flush=True); time.sleep(2.1); "
        "print('Traceback (most recent call last):', flush=True); print('ValueError: x'); "
        "sys.stdout.flush(); input(); print('bye')"
    )
    person = open_shell(kind)
    person.types(f'{sys.executable} -c "{program}"\r'.encode())
    person.sees(rb"ValueError: x\r\n")
    person.waits_for_record(lambda body: body.running)
    person.types(b"\r")
    person.sees(rb"bye\r\n")
    person.sees(READY)
    _leave(person)
    part, whole = person.records()[:2]
    assert "ValueError: x\n" in part.output.text
    assert (part.running, part.exit_codes, bool(part.run)) == (True, (), True)
    assert (whole.running, whole.exit_codes, whole.run) == (False, (0,), part.run)
    assert whole.output.text.endswith("bye\n")
