"""`run` says who recorded, asks the gate, and tells of a program that goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.model.event import CommandFinished
from developer_node.front.shell.parts import APART_S, PARTS_MAX, QUIET_S, RUNNING_S, Parts
from developer_node.text import gates, spool
from tests.support.person import SOURCES

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run(home: Path, repository: Path) -> Run:
    def run_it(*argv: str, **more: str) -> subprocess.CompletedProcess[bytes]:
        env = {n: v for n, v in os.environ.items() if n != "CI"}
        env |= {"PYTHONPATH": str(SOURCES), "POSTDEVAI_HOME": str(home), **more}
        words = [sys.executable, "-m", "developer_node.front.cli", "run", "--", *argv]
        return subprocess.run(words, capture_output=True, cwd=repository, env=env)

    return run_it


def _records(home: Path) -> list[CommandFinished]:
    paths = spool.waiting(home / "developer" / "spool")
    bodies = [spool.read(path).event.body for path in paths]
    return [b for b in bodies if isinstance(b, CommandFinished)]


def test_a_record_says_who_made_it_and_whether_in_ci(run: Run, home: Path) -> None:
    run("true")
    run("true", CI="true")
    assert [(b.recorder, b.ci) for b in _records(home)] == [("run", False), ("run", True)]


def test_where_recording_is_paused_the_command_runs_and_nothing_is_recorded(
    run: Run, home: Path
) -> None:
    (home / "developer").mkdir(mode=0o700)
    (home / "developer" / "paused").write_text("until resumed")
    done = run("sh", "-c", "echo out; exit 3")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"out\n", b"")
    assert _records(home) == []


def test_nothing_is_kept_of_a_command_during_which_recording_was_paused(
    run: Run, home: Path
) -> None:
    call = (
        "from developer_node.text import gates; from pathlib import Path; import sys;"
        f"home = Path({str(home)!r}); gates.pause(home); print('STILL', flush=True)"
    )
    done = run(sys.executable, "-c", f"print('before'); {call}")
    assert done.stdout == b"before\nSTILL\n"
    assert b"not recorded: Recording is paused" in done.stderr
    assert _records(home) == []
    gates.resume(home)
    run(sys.executable, "-c", f"{call}; gates.resume(home)")
    assert _records(home) == []
    run("echo", "again")
    assert [b.command for b in _records(home)] == ["echo again"]


def test_a_repository_may_ask_that_no_output_is_kept(
    run: Run, home: Path, repository: Path
) -> None:
    (repository / ".postdevai.toml").write_text("[record]\noutput = false\n")
    run("echo", "hidden")
    (body,) = _records(home)
    assert (body.output.text, body.output.bytes_total, body.output.bytes_dropped) == ("", 7, 7)


def test_a_server_is_told_of_while_it_runs_and_its_end_names_the_same_run(
    run: Run, home: Path
) -> None:
    program = (
        "import time; time.sleep(2.1); print('Traceback (most recent call last):'); "
        "print('ValueError: x', flush=True); time.sleep(1.2); print('bye')"
    )
    run(sys.executable, "-c", program)
    part, whole = _records(home)
    assert (part.running, part.exit_codes) == (True, ())
    assert part.output.text.endswith("ValueError: x\n")
    assert part.ground is not None and part.ground.tree
    assert (whole.running, whole.run, whole.exit_codes) == (False, part.run, (0,))
    assert whole.output.text.endswith("ValueError: x\nbye\n")


class _Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_part_is_due_when_the_program_is_old_enough_and_quiet() -> None:
    clock = _Clock()
    parts = Parts(clock)
    assert parts.wait_s() is None
    parts.add(b"one\n")
    assert parts.wait_s() == pytest.approx(RUNNING_S)
    clock.now += RUNNING_S
    parts.add(b"two\n")
    assert parts.wait_s() == pytest.approx(QUIET_S)
    clock.now += QUIET_S
    assert parts.wait_s() == 0
    assert parts.take().text() == "one\ntwo\n"
    assert parts.wait_s() is None
    parts.add(b"three\n")
    assert parts.wait_s() == pytest.approx(APART_S)


def test_a_run_has_so_many_parts_and_no_more() -> None:
    clock = _Clock()
    parts = Parts(clock)
    names = set[str]()
    for _ in range(PARTS_MAX):
        parts.add(b"x\n")
        parts.take()
        names.add(parts.name())
    parts.add(b"x\n")
    assert parts.wait_s() is None
    assert len(names) == 1
