"""A recorded command behaves as an unrecorded one, and leaves a record for the daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from developer_node.text import spool
from developer_node.text.working_copy import working_copy

SOURCES = Path(__file__).resolve().parents[5]
RUN = """
import sys
from pathlib import Path
from developer_node.front.shell.recorder import run
home, cwd, *argv = sys.argv[1:]
sys.exit(run(argv, cwd=Path(cwd), home=Path(home)))
"""

Done = subprocess.CompletedProcess[bytes]
Recorded = Callable[..., Done]


def _command(home: Path, cwd: Path, argv: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", RUN, str(home), str(cwd), *argv]


def _environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(SOURCES)} | dict(more or {})


@pytest.fixture
def recorded(home: Path, repository: Path) -> Recorded:
    def run_it(
        *argv: str, cwd: Path = repository, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> Done:
        command = _command(home, cwd, argv)
        return subprocess.run(command, input=stdin, capture_output=True, env=_environment(env))

    return run_it


def _records(home: Path) -> list[CommandFinished]:
    entries = [spool.read(path) for path in spool.waiting(home / "developer" / "spool")]
    return [e.event.body for e in entries if isinstance(e.event.body, CommandFinished)]


def test_bytes_pass_unchanged_and_apart(recorded: Recorded) -> None:
    script = r"printf 'a\r\n\377\000\033[31mb'; printf 'to err\n' >&2"
    done = recorded("sh", "-c", script)
    assert done.stdout == b"a\r\n\xff\x00\x1b[31mb"
    assert done.stderr == b"to err\n"


def test_both_outputs_are_in_the_record(recorded: Recorded, home: Path) -> None:
    recorded("sh", "-c", "printf '\\033[31mone\\033[0m\\r\\n'; echo two >&2; exit 3")
    (body,) = _records(home)
    assert sorted(body.output.text.splitlines()) == ["one", "two"]
    assert (body.exit_codes, body.output.bytes_total) == ((3,), 18)
    assert (body.failures, body.tests) == ((), None)
    assert body.duration_ms >= 0


def test_the_order_is_that_of_arrival(home: Path, repository: Path) -> None:
    """A writer that takes turns, each time after its last word was seen here."""
    script = (
        "import os, sys\nfor n in range(20):\n"
        "    os.write(1 + n % 2, b'%d\\n' % n)\n    sys.stdin.readline()"
    )
    pipe = subprocess.PIPE
    command = _command(home, repository, [sys.executable, "-c", script])
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment()) as run:
        assert run.stdin is not None
        for n in range(20):
            side = run.stderr if n % 2 else run.stdout
            assert side is not None
            assert side.readline() == b"%d\n" % n
            run.stdin.write(b"\n")
            run.stdin.flush()
    (body,) = _records(home)
    assert body.output.text.split() == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_the_exit_code_is_the_commands(
    recorded: Recorded, home: Path, script: str, code: int
) -> None:
    assert recorded("sh", "-c", script).returncode == code
    assert _records(home)[0].exit_codes == (code,)


def test_what_cannot_be_started_ends_as_in_a_shell(
    recorded: Recorded, home: Path, repository: Path
) -> None:
    (repository / "plain").write_text("echo ran without a first line\n")
    missing = recorded("no-such-command")
    refused = recorded("./plain")
    directory = recorded("./sub")
    assert (missing.returncode, refused.returncode, directory.returncode) == (127, 126, 126)
    assert missing.stderr == b"postdevai: no-such-command: command not found\n"
    (repository / "plain").chmod(0o755)
    assert recorded("./plain").stdout == b"ran without a first line\n"
    assert [r.exit_codes for r in _records(home)] == [(127,), (126,), (126,), (0,)]
    assert _records(home)[0].output.text == "no-such-command: command not found\n"


def test_stdin_is_the_commands_own(recorded: Recorded) -> None:
    assert recorded("cat", stdin=b"x\0y" * 100_000).stdout == b"x\0y" * 100_000


def test_it_runs_where_it_is_told_to(recorded: Recorded, home: Path, repository: Path) -> None:
    below = repository / "sub"
    assert recorded("pwd", "-P", cwd=below).stdout.decode().strip() == str(below)
    (path,) = spool.waiting(home / "developer" / "spool")
    event = spool.read(path).event
    assert event.working_copy == working_copy(home, repository)
    assert isinstance(event.body, CommandFinished)
    assert event.body.cwd == str(below)


def test_a_directory_that_is_not_there_is_wrong_usage(recorded: Recorded, home: Path) -> None:
    done = recorded("true", cwd=home / "none")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


def test_the_ground_is_recorded_with_contents(
    recorded: Recorded, home: Path, repository: Path
) -> None:
    recorded("true")
    (repository / "a.py").write_text("a = 2\n")
    recorded("true")
    entry = spool.read(spool.waiting(home / "developer" / "spool")[1])
    assert isinstance(entry.event.body, CommandFinished)
    ground = entry.event.body.ground
    assert ground is not None
    (change,) = ground.changes
    assert entry.blobs[change.new_content] == b"a = 2\n"
    assert entry.blobs[change.old_content] == b"a = 1\n"


def test_secrets_are_gone_before_anything_is_written(
    recorded: Recorded, home: Path, repository: Path
) -> None:
    key = "AKIA" + "QYLPMN5HFIQR7XYA"
    recorded("true")
    (repository / "a.py").write_text(f"key = '{key}'\n")
    done = recorded("sh", "-c", f'echo key is {key}; echo "$KEY"', env={"KEY": key})
    assert key.encode() in done.stdout
    for path in home.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path
    assert "<redacted:" in _records(home)[1].output.text
    assert "<redacted:" in _records(home)[1].command


def test_long_output_passes_whole_and_is_kept_by_head_and_tail(
    recorded: Recorded, home: Path
) -> None:
    script = "import sys\nfor n in range(300_000): print('line', n)"
    done = recorded(sys.executable, "-c", script)
    (body,) = _records(home)
    output = body.output
    assert output.bytes_total == len(done.stdout) > 3_000_000
    assert done.stdout.endswith(b"line 299999\n")
    assert output.text.startswith("line 0\n")
    assert output.text.endswith("line 299999\n")
    assert len(output.text) < 513 << 10
    assert output.bytes_dropped > 2_000_000
    assert f"[{output.bytes_dropped} bytes left out]\n" in output.text


def test_a_reader_that_goes_away_ends_the_command_as_without_us(
    home: Path, repository: Path
) -> None:
    """`yes | head -1`: the command meets the broken pipe, not a recorder that reads on."""
    command = _command(home, repository, ["yes"])
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment())
    assert process.stdout is not None
    assert process.stdout.read(4) == b"y\ny\n"
    process.stdout.close()
    assert process.wait(30) == 128 + signal.SIGPIPE


def test_a_child_left_in_the_background_is_not_waited_for(recorded: Recorded) -> None:
    """The shell prompt came back at once without us, too."""
    script = "sleep 300 & echo pid $!; exec sh -c 'echo last words'"
    done = recorded("sh", "-c", script)
    pid, *rest = done.stdout.split()[1:]
    os.kill(int(pid), signal.SIGKILL)  # it was still there
    assert rest == [b"last", b"words"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_recorder_reaches_the_command(
    home: Path, repository: Path, number: signal.Signals
) -> None:
    """Without a terminal, as a CI runner cancels; the command decides how it ends."""
    script = (
        f"import signal, sys\nsignal.signal({int(number)}, lambda *_: (print('got it'), "
        "sys.exit(9)))\nprint('ready', flush=True)\nsignal.pause()"
    )
    command = _command(home, repository, [sys.executable, "-c", script])
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, env=_environment(), start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(number)
    assert process.stdout.read() == b"got it\n"
    assert process.wait(30) == 9
    assert _records(home)[0].exit_codes == (9,)


def test_what_was_ignored_stays_ignored(home: Path, repository: Path) -> None:
    """nohup postdevai run -- CMD."""
    script = "import signal; print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    command = ["nohup", *_command(home, repository, [sys.executable, "-c", script])]
    done = subprocess.run(command, capture_output=True, env=_environment(), stdin=subprocess.PIPE)
    assert done.stdout == b"True\n"


def test_further_descriptors_are_handed_on(home: Path, repository: Path) -> None:
    """diff <(a) <(b)."""
    read, write = os.pipe()
    os.write(write, b"from afar")
    os.close(write)
    command = _command(home, repository, ["cat", f"/dev/fd/{read}"])
    done = subprocess.run(command, capture_output=True, env=_environment(), pass_fds=[read])
    os.close(read)
    assert done.stdout == b"from afar"


def test_a_spool_that_cannot_be_written_costs_one_line(recorded: Recorded, home: Path) -> None:
    (home / "developer").mkdir()
    (home / "developer" / "spool").write_text("a file is in the way\n")
    done = recorded("sh", "-c", "echo out; exit 5")
    assert (done.returncode, done.stdout) == (5, b"out\n")
    assert done.stderr.startswith(b"postdevai: not recorded: ")
    assert done.stderr.count(b"\n") == 1


def test_a_home_that_cannot_be_written_costs_one_line(recorded: Recorded, home: Path) -> None:
    (home / "developer").write_text("a file is in the way\n")
    done = recorded("sh", "-c", "echo out; exit 5")
    assert (done.returncode, done.stdout) == (5, b"out\n")
    assert done.stderr.startswith(b"postdevai: not recorded: ")
    assert done.stderr.count(b"\n") == 1


def test_a_full_disk_costs_one_line(home: Path, repository: Path) -> None:
    """RLIMIT_FSIZE stands in for it: every write of ours fails."""
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n{RUN}"
    command = [sys.executable, "-c", limited, str(home), str(repository), "sh", "-c", "echo hi"]
    done = subprocess.run(command, capture_output=True, env=_environment())
    assert (done.returncode, done.stdout) == (0, b"hi\n")
    assert done.stderr.startswith(b"postdevai: not recorded: ")
    assert done.stderr.count(b"\n") == 1
    assert spool.waiting(home / "developer" / "spool") == []


def test_without_git_the_command_is_recorded_without_its_files(
    home: Path, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    command = _command(home, repository, ["sh", "-c", "exit 4"])
    env = _environment({"PATH": str(tmp_path / "bin")})
    done = subprocess.run(command, capture_output=True, env=env)
    assert done.returncode == 4
    assert done.stderr == b"postdevai: recorded without its files: git is not installed\n"
    ground = _records(home)[0].ground
    assert ground is not None
    assert ground.tree == ""


def test_outside_any_repository_it_is_recorded_in_silence(
    recorded: Recorded, home: Path, tmp_path: Path
) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    assert recorded("true", cwd=place).stderr == b""
    assert len(_records(home)) == 1


def test_nothing_of_grpc_is_imported_on_the_way(home: Path, repository: Path) -> None:
    """Fork and gRPC do not mix; and the prompt waits for every import."""
    script = (
        RUN.replace("sys.exit(run(", "code = (run(")
        + "import json; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    command = [sys.executable, "-c", script, str(home), str(repository), "true"]
    done = subprocess.run(command, capture_output=True, env=_environment(), check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"grpc", "typer", "click", "rich", "textual", "detect_secrets", "asyncio"}


def test_nothing_heavy_is_imported_before_the_command_starts() -> None:
    """What the record needs is imported while the command runs."""
    script = "import developer_node.front.shell.recorder, sys; print(*sys.modules)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, env=_environment(), check=True)
    loaded = set(done.stdout.decode().split())
    assert not loaded & {"google.protobuf", "common.model.event", "developer_node.text.redaction"}


@pytest.mark.parametrize("home", ["file/home", "open"])
def test_a_command_runs_unchanged_where_nothing_can_be_recorded(tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    words = (sys.executable, "-m", "developer_node.front.cli", "run")
    done = subprocess.run(
        [*words, "--", "sh", "-c", r"printf 'hi\377'; printf oops >&2; exit 7"],
        capture_output=True,
        cwd=tmp_path,
        env=_environment({"POSTDEVAI_HOME": str(tmp_path / home)}),
    )
    assert (done.returncode, done.stdout) == (7, b"hi\xff")
    said, _, own = done.stderr.decode().partition("\n")
    assert said.startswith(f"postdevai: not recorded: {tmp_path / home} ")
    assert own == "oops"
