"""A recorder that was stopped when its passer died is ended by the next shell; no other is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest

from developer_node.front.shell.recorded import orphans
from developer_node.front.shell.recorded.orphans import end_orphans, started
from developer_node.front.shell.recorded.session import PREFIX, SHARED_MEMORY, Session
from tests.support.person import Person

READY = rb"ready> "


@pytest.fixture
def sleeper() -> Generator[subprocess.Popen[bytes]]:
    """Stands for a recorder that does not end by itself."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as made:
        yield made
        made.kill()


def _session(base: Path, passer: str, recorder: int) -> Path:
    directory = base / f"{PREFIX}abc"
    directory.mkdir(mode=0o700)
    (directory / orphans.WHO).write_text(f"{passer}\n{recorder} {started(recorder)}\n")
    return directory


def _gone() -> str:
    """A process that has ended, as it was."""
    with subprocess.Popen(["sleep", "60"]) as brief:
        line = f"{brief.pid} {started(brief.pid)}"
        brief.kill()
    return line


def test_a_stopped_recorder_whose_passer_was_killed_is_ended_by_the_next_shell(
    open_shell: Callable[..., Person], tmp_path: Path
) -> None:
    """And what it had still to write is written."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    first = open_shell("bash", XDG_RUNTIME_DIR=str(runtime))
    first.types(b"echo one\r")
    first.sees(READY)
    passer = psutil.Process(first.pid)
    (recorder,) = [c for c in passer.children() if c.cmdline() == passer.cmdline()]
    shells = [c for c in passer.children() if c != recorder]
    first.waits_for_record(lambda body: body.command == "echo one")
    recorder.suspend()
    first.types(b"echo two\r")
    first.sees(rb"two\r\n")
    first.sees(READY)
    passer.kill()
    os.waitpid(first.pid, 0)
    psutil.wait_procs(shells, timeout=10)
    assert recorder.status() == psutil.STATUS_STOPPED
    second = open_shell("bash", XDG_RUNTIME_DIR=str(runtime))
    _, left = psutil.wait_procs([recorder], timeout=10)
    assert left == []
    assert second.record("echo two").output.text == "two\n"
    third = open_shell("bash", XDG_RUNTIME_DIR=str(runtime))
    for person in (third, second):
        person.types(b"exit\r")
        person.exit_code()
    assert list(runtime.iterdir()) == []


def test_one_whose_passer_lives_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    directory = _session(tmp_path, f"{os.getpid()} {started(os.getpid())}", sleeper.pid)
    end_orphans(tmp_path)
    assert [path.name for path in directory.iterdir()] == [orphans.WHO]
    assert sleeper.poll() is None


def test_a_pid_that_another_process_has_now_is_not_the_passer(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    directory = _session(tmp_path, f"{os.getpid()} 1", sleeper.pid)
    end_orphans(tmp_path)
    assert (directory / "woken").exists()
    assert sleeper.poll() is None


def test_a_pid_that_another_process_has_now_is_not_the_recorder(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    directory = _session(tmp_path, _gone(), sleeper.pid)
    (directory / orphans.WHO).write_text(f"{_gone()}\n{sleeper.pid} 1\n")
    end_orphans(tmp_path)
    assert sleeper.poll() is None
    assert not directory.exists()


def test_one_that_does_not_end_when_it_is_woken_is_killed_later(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    directory = _session(tmp_path, _gone(), sleeper.pid)
    for _ in range(2):
        end_orphans(tmp_path)
        assert sleeper.poll() is None, "it may still be writing"
    os.utime(directory / "woken", (0, 0))
    end_orphans(tmp_path)
    assert sleeper.wait(10) == -signal.SIGKILL
    end_orphans(tmp_path)
    assert not directory.exists()


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_directory_that_others_may_write_to_says_nothing(
    tmp_path: Path, sleeper: subprocess.Popen[bytes], mode: int
) -> None:
    directory = _session(tmp_path, _gone(), sleeper.pid)
    directory.chmod(mode)
    end_orphans(tmp_path)
    assert not (directory / "woken").exists()


def test_a_directory_in_which_nobody_signed_goes_after_a_day(tmp_path: Path) -> None:
    directory = tmp_path / f"{PREFIX}new"
    directory.mkdir(mode=0o700)
    (directory / "command.1").write_text("TOKEN=word\0")
    end_orphans(tmp_path)
    assert directory.exists()
    os.utime(directory, (0, 0))
    end_orphans(tmp_path)
    assert not directory.exists()


def test_a_killed_passer_leaves_no_session_directory(
    open_shell: Callable[..., Person], tmp_path: Path
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    person = open_shell("bash", XDG_RUNTIME_DIR=str(runtime))
    passer = psutil.Process(person.pid)
    (recorder,) = [c for c in passer.children() if c.cmdline() == passer.cmdline()]
    passer.kill()
    os.waitpid(person.pid, 0)
    _, left = psutil.wait_procs([recorder], timeout=10)
    assert (left, list(runtime.iterdir())) == ([], [])


def test_what_the_hooks_write_is_in_memory_where_there_is_such_a_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not os.path.ismount(SHARED_MEMORY) or not os.access(SHARED_MEMORY, os.W_OK):
        pytest.skip(f"{SHARED_MEMORY} is no place to write to here")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    session = Session.make("bash")
    try:
        assert session.directory.parent == Path(SHARED_MEMORY)
    finally:
        session.close()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    session = Session.make("bash")
    assert session.directory.parent == tmp_path
    session.close()


def test_no_command_and_no_variable_stays_in_the_session_directory(
    open_shell: Callable[..., Person], tmp_path: Path
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    person = open_shell(
        "bash", XDG_RUNTIME_DIR=str(runtime), PLAIN="in clear", rc="HISTCONTROL=ignoredups\n"
    )
    for _ in range(2):
        person.types(b"echo one 'of them'\r")
        person.sees(rb"[\x07\n]one of them\r\n")
        person.sees(READY)
    person.types(b"echo last\r")  # what was told of it may still lie there
    person.waits_for_record(lambda body: body.command == "echo last")
    kept = [path for path in runtime.rglob("*") if path.is_file()]
    assert kept
    assert not [
        p.name for p in kept if b"in clear" in p.read_bytes() or b"of them" in p.read_bytes()
    ]


def test_a_directory_that_is_just_being_made_is_left_alone(tmp_path: Path) -> None:
    directory = tmp_path / f"{PREFIX}new"
    directory.mkdir(mode=0o700)
    end_orphans(tmp_path)
    (directory / orphans.WHO).write_text("nonsense\n")
    end_orphans(tmp_path)
    assert directory.exists()
