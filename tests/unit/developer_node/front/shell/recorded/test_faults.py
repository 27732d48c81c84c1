"""Whatever happens to the recorder or comes out of a program, the shell goes on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from developer_node.text import spool
from tests.support.person import Person

Open = Callable[..., Person]
READY = rb"ready> "


def _recorder(person: Person) -> psutil.Process:
    """The child of the passer that is not the shell: it has the passer's own command line."""
    passer = psutil.Process(person.pid)
    (found,) = [c for c in passer.children() if c.cmdline() == passer.cmdline()]
    return found


def _leave(person: Person) -> int:
    person.types(b"exit\r")
    return person.exit_code()


def _run(person: Person, line: bytes) -> None:
    person.types(line + b"\r")
    person.sees(READY)


def test_the_recorder_killed_leaves_a_plain_shell_that_goes_on(open_shell: Open) -> None:
    person = open_shell("bash")
    _run(person, b"echo one")
    person.types(b"X=kept\r")
    person.sees(READY)
    _recorder(person).kill()
    person.sees(rb"the recorder has ended: this shell goes on, unrecorded\r\n")
    person.types(b"echo still $X\r")
    person.sees(rb"still kept\r\n")
    person.sees(READY)
    assert b"133;D" not in person.seen
    assert _leave(person) == 0
    assert psutil.pid_exists(person.pid) is False


def test_vim_goes_on_untouched_when_the_recorder_is_killed_under_it(
    open_shell: Open, repository: Path
) -> None:
    if shutil.which("vim") is None:
        pytest.skip("vim is not installed here")
    person = open_shell("bash")
    person.types(b"vim -u NONE -N written\r")
    person.sees(rb"\[New\]")
    _recorder(person).kill()
    person.types(b"ihello\x1b:wq\r")
    screen = person.sees(rb"(?s)(.*)written.*?\[New\].*?written")[0]
    assert b"postdevai" not in screen  # said when vim has gone, not into its picture
    person.sees(rb"goes on, unrecorded")
    assert (repository / "written").read_text() == "hello\n"
    _leave(person)


def test_a_recorder_that_stands_still_is_given_up(open_shell: Open) -> None:
    person = open_shell("bash")
    _run(person, b"echo one")
    recorder = _recorder(person)
    recorder.suspend()
    person.types(b"head -c 3000000 /dev/zero | tr '\\0' 'x' | fold; sleep 0; echo done\r")
    person.sees(rb"[\nx]done\r\n")
    assert b"the recorder does not answer: this shell goes on, unrecorded" in person.whole
    assert not recorder.is_running()
    assert _leave(person) == 0


def test_the_passer_killed_leaves_the_shell_that_it_was_started_from(open_shell: Open) -> None:
    """And nothing is left behind: the recorder ends, and the recorded shell hears a hang-up."""
    outer = open_shell("bash")
    line = f"POSTDEVAI_TTY= {sys.executable} -m developer_node.front.cli shell --shell bash\r"
    outer.types(line.encode())
    outer.sees(READY)
    outer.types(b"echo passer $PPID shell $$\r")
    found = outer.sees(rb"passer (\d+) shell (\d+)\r\n")
    outer.sees(READY)
    passer, shell = psutil.Process(int(found[1])), psutil.Process(int(found[2]))
    below = [*passer.children(), shell]
    passer.kill()
    outer.sees(rb"Killed")
    outer.sees(READY)
    outer.types(b"stty -a | grep -o ' icanon'; echo alive\r")
    outer.sees(rb"alive\r\n")
    _, left = psutil.wait_procs(below, timeout=10)
    assert left == []
    _leave(outer)


@pytest.mark.parametrize("kind", ["bash", "zsh"])
def test_a_program_cannot_forge_a_boundary(open_shell: Open, kind: str) -> None:
    person = open_shell(kind)
    forged = rb"printf '\033]133;D;0\007\033]133;C\007\033]133;D;9;aid=guess;pipe=9\007'; false"
    _run(person, forged)
    _leave(person)
    body = person.records()[0]
    assert body.command.startswith("printf")
    assert body.exit_codes == (1,)
    assert len(person.records()) == 2


def test_a_boundary_seen_on_the_screen_and_printed_again_has_no_command(open_shell: Open) -> None:
    """The nonce is not in the environment; whoever reads the screen has it, and gains a false end
    of the command that is running, never a command that was not typed."""
    person = open_shell("bash")
    person.types(b"echo one\r")
    nonce = person.sees(rb"133;C;aid=([0-9a-f]+);")[1].decode()
    person.sees(READY)
    _run(person, rf"printf '\033]133;C;aid={nonce};k=1\007evil command'".encode())
    _leave(person)
    assert {b.command.split()[0] for b in person.records()} == {"echo", "printf", "exit"}


def test_binary_output_passes_and_is_kept_as_text(open_shell: Open) -> None:
    person = open_shell("bash")
    _run(
        person, b"head -c 100000 /dev/urandom > r; printf '\\377\\376\\000x\\n'; cat r | tail -c 9"
    )
    _leave(person)
    text = person.records()[0].output.text
    assert text.startswith("��\0x\n")


def test_a_long_line_and_much_output_are_counted_and_memory_stays_bounded(
    open_shell: Open,
) -> None:
    person = open_shell("bash")
    _run(person, b"true")
    recorder = _recorder(person)
    before = recorder.memory_info().rss
    person.types(b"head -c 30000000 /dev/zero | tr '\\0' y; echo; seq 200000; echo end of it\r")
    person.sees(rb"\r\nend of it\r\n")
    person.sees(READY)
    grown = recorder.memory_info().rss - before
    _leave(person)
    body = person.records()[1]
    assert body.output.bytes_total > 31_000_000
    assert body.output.text.endswith("\n200000\nend of it\n")
    assert len(body.output.text) < 600_000
    assert grown < 30 << 20, f"{grown >> 20} MiB"


def test_a_storm_of_sizes_ends_with_the_last_one(open_shell: Open) -> None:
    person = open_shell("bash")
    for n in range(300):
        person.resizes(40 + n % 60, 10 + n % 30)
    person.resizes(91, 33)
    # keys may be there before the size
    waits = 'until [ "$(stty size)" = "33 91" ]; do sleep 0.1; done; stty size'
    person.types(waits.encode() + b"\r")
    person.sees(rb"33 91\r\n")
    person.sees(READY)
    _leave(person)
    assert person.record(waits).output.text == "33 91\n"


def test_a_home_that_cannot_be_used_is_said_and_the_shell_works(
    open_shell: Open, tmp_path: Path
) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    person = open_shell("bash", POSTDEVAI_HOME=str(open_to_all))
    person.types(b"echo works\r")
    person.sees(rb"works\r\n")
    person.sees(READY)
    _leave(person)
    assert re.search(rb"not recorded: .* is open to others", person.whole)
    assert not spool.waiting(open_to_all / "developer" / "spool")


def test_a_full_spool_is_said_once_and_commands_go_on(open_shell: Open, home: Path) -> None:
    waiting = home / "developer" / "spool"
    waiting.mkdir(parents=True, mode=0o700)
    with open(waiting / ("0" * 32 + ".rec"), "wb") as file:
        file.truncate(spool.SPOOL_BYTES_MAX + 1)
    person = open_shell("bash")
    for n in range(3):
        person.types(b"echo n%d\r" % n)
        person.sees(rb"n%d\r\n" % n)
        person.sees(READY)
    _leave(person)
    assert person.whole.count(b"not recorded: the spool holds") == 1


def test_closing_the_window_ends_all_of_it_and_records_what_ran(
    open_shell: Open, home: Path
) -> None:
    person = open_shell("bash")
    _run(person, b"true")
    passer = psutil.Process(person.pid)
    person.types(b"echo begun; sleep 300\r")
    person.sees(rb"begun\r\n")
    people = passer.children(recursive=True)
    person.leaves()
    os.waitpid(person.pid, 0)
    _, left = psutil.wait_procs(people, timeout=10)
    assert left == []
    assert person.record("echo begun; sleep 300").exit_codes == (128 + signal.SIGHUP,)
