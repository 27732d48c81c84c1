"""On a terminal the command has one of its own, and the person's is as before afterwards."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from developer_node.text import spool

SOURCES = Path(__file__).resolve().parents[5]
RUN = """
import sys
from pathlib import Path
from developer_node.front.shell.recorder import run
home, cwd, *argv = sys.argv[1:]
sys.exit(run(argv, cwd=Path(cwd), home=Path(home)))
"""
PATIENCE_S = 30.0


@dataclass
class Person:
    """Somebody in front of a terminal of 100 x 30, in which the recorder runs."""

    pid: int
    screen: int
    home: Path
    seen: bytes = b""

    def sees(self, pattern: bytes) -> re.Match[bytes]:
        """Waits until the pattern is on the screen."""
        while not (found := re.search(pattern, self.seen)):
            assert select.select([self.screen], [], [], PATIENCE_S)[0], self.seen
            self.seen += os.read(self.screen, 65536)
        self.seen = self.seen[found.end() :]
        return found

    def types(self, keys: bytes) -> None:
        os.write(self.screen, keys)

    def resizes(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.screen, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def exit_code(self) -> int:
        """Waits for the end; reads what still comes, so that nobody is held up."""
        while True:
            assert select.select([self.screen], [], [], PATIENCE_S)[0], self.seen
            try:
                data = os.read(self.screen, 65536)
            except OSError:
                break
            if not data:
                break
            self.seen += data
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def record(self) -> CommandFinished:
        (path,) = spool.waiting(self.home / "developer" / "spool")
        body = spool.read(path).event.body
        assert isinstance(body, CommandFinished)
        return body


Sit = Callable[..., Person]


@pytest.fixture
def sit(home: Path, repository: Path) -> Generator[Sit]:
    """Starts the recorder, or a shell line with `{run}` in it, in front of a person."""
    people: list[Person] = []

    def down(*argv: str, line: str = "") -> Person:
        recorder = [sys.executable, "-c", RUN, str(home), str(repository), *argv]
        if line:
            script = home / "run.py"
            script.write_text(RUN)
            run = f"{sys.executable} {script} {home} {repository}"
            recorder = ["sh", "-c", line.format(run=run)]
        pid, screen = pty.fork()
        if pid == 0:
            os.environ["PYTHONPATH"] = str(SOURCES)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            os.execv(recorder[0] if not line else "/bin/sh", recorder)
        person = Person(pid, screen, home)
        people.append(person)
        return person

    yield down
    for person in people:
        os.close(person.screen)


def test_the_command_sees_a_terminal_of_the_same_size(sit: Sit) -> None:
    person = sit("sh", "-c", "test -t 0 && test -t 1 && test -t 2 && stty size")
    person.sees(rb"30 100")
    assert person.exit_code() == 0


def test_a_new_size_reaches_the_command(sit: Sit) -> None:
    person = sit("sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do read x; done")
    person.sees(rb"ready")
    person.resizes(77, 22)
    person.sees(rb"22 77")
    person.exit_code()


def test_keys_reach_the_command(sit: Sit) -> None:
    person = sit("sh", "-c", "echo name; read name; echo hello $name")
    person.sees(rb"name")
    person.types(b"you\r")
    person.sees(rb"hello you")
    assert person.exit_code() == 0


def test_ctrl_c_reaches_the_command_and_its_end_is_the_shells(sit: Sit) -> None:
    person = sit(sys.executable, "-c", "print('ready'); import signal; signal.pause()")
    person.sees(rb"ready")
    person.types(b"\x03")
    person.sees(rb"KeyboardInterrupt")
    assert person.exit_code() == 128 + signal.SIGINT
    assert person.record().exit_codes == (130,)


def test_ctrl_d_ends_the_input(sit: Sit) -> None:
    person = sit("cat")
    person.types(b"line\r")
    person.sees(rb"line\r\nline\r\n")
    person.types(b"\x04")
    assert person.exit_code() == 0


def test_more_keys_than_fit_are_not_lost_and_hold_nobody_up(sit: Sit) -> None:
    """A large paste while the command prints and does not read."""
    script = "stty -echo; echo ready; head -c 300000 /dev/zero | tr '\\0' x; echo; wc -l"
    person = sit("sh", "-c", script)
    person.sees(rb"ready")
    for _ in range(200):
        person.types(b"k" * 50 + b"\r")
    person.sees(rb"x\r\n")
    person.types(b"\x04")
    person.sees(rb"(?<!\d)200\r")
    assert person.exit_code() == 0


@pytest.mark.parametrize(
    ("command", "code"),
    [("sh -c 'exit 3'", 3), ("sh -c 'kill -9 $$'", 137), ("no-such-command", 127)],
)
def test_the_terminal_is_as_before_however_it_ends(sit: Sit, command: str, code: int) -> None:
    person = sit(line="stty -g; {run} " + command + "; echo code $?; stty -g")
    before = person.sees(rb"([0-9a-f]+:[0-9a-f:]+)\r\n")[1]
    assert int(person.sees(rb"code (\d+)")[1]) == code
    assert person.sees(rb"([0-9a-f]+:[0-9a-f:]+)\r\n")[1] == before
    person.exit_code()


def test_the_terminal_is_as_before_when_the_recorder_is_asked_to_end(sit: Sit) -> None:
    line = "stty -g; {run} sh -c 'echo recorder $PPID; exec sleep 300'; echo code $?; stty -g"
    person = sit(line=line)
    before = person.sees(rb"([0-9a-f]+:[0-9a-f:]+)\r\n")[1]
    os.kill(int(person.sees(rb"recorder (\d+)")[1]), signal.SIGTERM)
    assert int(person.sees(rb"code (\d+)")[1]) == 128 + signal.SIGTERM
    assert person.sees(rb"([0-9a-f]+:[0-9a-f:]+)\r\n")[1] == before
    person.exit_code()


def test_what_is_drawn_on_the_alternate_screen_is_shown_but_not_kept(sit: Sit) -> None:
    person = sit("printf", "before\\033[?1049hPICTURE\\033[?1049lafter\\n")
    person.sees(rb"PICTURE")
    person.exit_code()
    assert person.record().output.text == "beforeafter\n"


def test_the_record_has_plain_lines(sit: Sit) -> None:
    person = sit("printf", "\\033[31mred\\033[0m\\nnext\\n")
    person.sees(rb"\x1b\[31mred\x1b\[0m\r\nnext\r\n")
    person.exit_code()
    assert person.record().output.text == "red\nnext\n"


def test_all_that_was_written_before_the_end_is_shown_and_kept(sit: Sit) -> None:
    person = sit("sh", "-c", "seq 1 20000")
    person.exit_code()
    assert person.seen.endswith(b"\r\n20000\r\n")
    assert person.record().output.text.endswith("\n20000\n")
    assert person.record().output.bytes_dropped == 0


def test_stdin_that_is_no_terminal_is_passed_on(sit: Sit) -> None:
    person = sit(line="printf 'a\\nb\\n' | {run} sh -c 'test -t 1 && wc -l'")
    person.sees(rb"(?<!\d)2\r")
    assert person.exit_code() == 0


def test_stderr_that_goes_elsewhere_stays_apart(sit: Sit, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    person = sit(line="{run} sh -c 'echo out; echo err >&2' 2>" + str(errors))
    person.sees(rb"out")
    person.exit_code()
    assert b"err" not in person.seen
    assert errors.read_bytes() == b"err\n"
    assert sorted(person.record().output.text.split()) == ["err", "out"]


def test_without_a_terminal_for_stdout_there_are_pipes(sit: Sit) -> None:
    person = sit(line="{run} sh -c 'test -t 1 || echo a pipe' | cat")
    person.sees(rb"a pipe")
    person.exit_code()


def test_ctrl_c_with_pipes_reaches_the_command_once(sit: Sit, tmp_path: Path) -> None:
    """The terminal tells the whole group; telling it again would be one time too many."""
    program = tmp_path / "count.py"
    program.write_text(
        "import os, signal\nseen = []\n"
        "signal.signal(signal.SIGINT, lambda *_: (seen.append(1), os.write(1, b'got')))\n"
        "print('ready', flush=True)\ninput()\nprint('heard', len(seen), flush=True)"
    )
    reader = "sh -c 'trap \"\" INT; exec cat'"
    person = sit(line="trap : INT; {run} " + f"{sys.executable} {program} | {reader}")
    person.sees(rb"ready")
    person.types(b"\x03")
    person.sees(rb"got")  # the recorder had its signal before it passed this on
    person.types(b"\r")
    assert int(person.sees(rb"heard (\d+)")[1]) == 1
    person.exit_code()


def test_a_terminal_that_is_closed_ends_the_command(
    home: Path, repository: Path, tmp_path: Path
) -> None:
    """Closing the window: the command hears it as it would without us."""
    mark = tmp_path / "heard"
    script = (
        "import os, pathlib, signal\n"
        f"def heard(*_): pathlib.Path('{mark}').touch(); os._exit(0)\n"
        "signal.signal(signal.SIGHUP, heard)\n"
        "print('ready')\nsignal.pause()"
    )
    pid, screen = pty.fork()
    if pid == 0:
        os.environ["PYTHONPATH"] = str(SOURCES)
        argv = [sys.executable, "-c", RUN, str(home), str(repository), sys.executable]
        argv += ["-c", script]
        os.execv(argv[0], argv)
    person = Person(pid, screen, home)
    person.sees(rb"ready")
    os.close(screen)
    os.waitpid(pid, 0)
    assert mark.exists()


def test_in_the_background_it_leaves_the_keys_alone(sit: Sit, home: Path) -> None:
    """Reading them would stop it; they belong to whoever is in front."""
    gate = home / "gate"
    os.mkfifo(gate)
    job = "{run} sh -c 'read x < " + str(gate) + "; echo from behind'"
    person = sit(line="set -m; " + job + " & read key; echo got $key; wait $!; echo code $?")
    person.types(b"mine\r")
    person.sees(rb"got mine")
    gate.write_text("go\n")
    person.sees(rb"code 0")
    person.exit_code()
