"""Pauses, places and redaction as a person types them; no daemon runs for any of these."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from common.errors import Invalid, Missing, OverLimit, PostDevAIError
from common.model.laptop import WatchedRepository
from common.model.remedy import ImportProgress
from developer_node.front.cli import capturing, redacting
from developer_node.text.gates import gate
from tests.support.planted import PLANTED

COMMANDS = {
    "pause": capturing.pause,
    "resume": capturing.resume,
    "never": capturing.never,
    "redact": redacting.redact,
    "import": capturing.bring_in,
    "unwatch": capturing.unwatch,
}
ALL = "\n".join(planted.text for planted in PLANTED) + "\n"
REDACT = "import typer; from developer_node.front.cli.redacting import redact; typer.run(redact)"
WATCHED = (
    "import sys\n"
    "def hook(event, _):\n"
    "    if event.startswith('socket.'): raise SystemExit(f'a socket was touched: {event}')\n"
    "sys.addaudithook(hook)\n"
)


class Capture:
    """The daemon's side, as far as these commands ask it."""

    def __init__(self, *steps: ImportProgress) -> None:
        self.steps = steps
        self.asked: list[tuple[str, ...]] = []

    async def bring_in(self, source: str, path: str = "") -> AsyncGenerator[ImportProgress]:
        self.asked.append((source, path))
        for step in self.steps:
            yield step

    async def unwatch(self, path: str) -> tuple[WatchedRepository, ...]:
        self.asked.append((path,))
        return ()


def served(monkeypatch: pytest.MonkeyPatch, capture: Capture) -> Capture:
    """Commands reach this instead of a daemon."""

    def with_client(use: Callable[[Any], Awaitable[int]], _: object) -> int:
        async def run() -> int:
            return await use(SimpleNamespace(capture=capture))

        return asyncio.run(run())

    monkeypatch.setattr(capturing, "with_client", with_client)
    return capture


DONE = ImportProgress("bash", 9, 6, 2, 1, finished=True, unknown=("Whether it failed.",))


def typed(*words: str, given: str = "") -> Result:
    """As at a prompt; a refusal is raised."""
    app = typer.Typer()
    for name, command in COMMANDS.items():
        app.command(name)(command)
    result = CliRunner().invoke(app, list(words), input=given)
    if isinstance(result.exception, PostDevAIError):
        raise result.exception
    return result


def test_a_pause_holds_until_it_is_resumed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "postdevai resume" in typed("pause").stdout
    assert not gate(home, tmp_path, "make").record
    assert "goes on" in typed("resume").stdout
    assert gate(home, tmp_path, "make").record
    assert "was not paused" in typed("resume").stdout


def test_a_pause_with_a_time_says_until_when(tmp_path: Path) -> None:
    assert "paused until" in typed("pause", "30m").stdout
    for wrong in ("soon", "0m", "5000m", "-1h"):
        with pytest.raises((Invalid, AssertionError)):
            assert typed("pause", wrong).exit_code == 0


def test_never_here_is_put_listed_and_taken_back(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    assert "No directory" in typed("never").stdout
    assert str(secret) in typed("never", str(secret)).stderr
    assert json.loads(typed("never", "--json").stdout) == {"never": [str(secret)]}
    assert not gate(tmp_path / "home", secret, "make").record
    typed("never", "--remove", str(secret))
    assert gate(tmp_path / "home", secret, "make").record
    with pytest.raises(Missing):
        typed("never", "--remove", str(secret))


def test_a_broken_list_says_what_to_do(tmp_path: Path) -> None:
    typed("never", str(tmp_path))
    (tmp_path / "home" / "developer" / "never.json").write_text("{}")
    with pytest.raises(Invalid) as refused:
        typed("never")
    assert refused.value.hint


def test_import_says_what_came_and_what_could_not_be_known(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = served(monkeypatch, Capture(ImportProgress("bash", 5, 5), DONE))
    said = typed("import", "bash")
    assert said.exit_code == 0
    assert "9 commands read: 6 recorded, 2 known before, 1 left out.\n" in said.stdout
    assert said.stdout.endswith("  Whether it failed.\n")
    assert capture.asked == [("bash", "")]


def test_import_of_the_git_log_means_the_repository_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    capture = served(monkeypatch, Capture(DONE))
    monkeypatch.chdir(tmp_path)
    typed("import", "git")
    typed("import", "zsh", "history")
    assert capture.asked == [("git", str(tmp_path)), ("zsh", str(tmp_path / "history"))]


def test_import_for_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, Capture(DONE))
    assert json.loads(typed("import", "bash", "--json").stdout) == {
        "source": "bash",
        "read": 9,
        "recorded": 6,
        "known": 2,
        "left_out": 1,
        "unknown": ["Whether it failed."],
    }


def test_an_import_that_does_not_come_to_its_end_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, Capture(ImportProgress("bash", 5, 5)))
    with pytest.raises(Missing, match="end"):
        typed("import", "bash")


def test_unwatch_names_the_place_also_when_it_is_gone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    capture = served(monkeypatch, Capture())
    assert "not watched any more" in typed("unwatch", str(tmp_path / "gone")).stdout
    assert json.loads(typed("unwatch", "--json", str(tmp_path)).stdout) == {"watched": []}
    assert capture.asked == [(str(tmp_path / "gone"),), (str(tmp_path),)]


def test_redact_shows_what_would_be_kept_and_what_was_taken_by_which_rule(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text(f"first\n{ALL}last")
    shown = typed("redact", "--test", str(file))
    assert shown.stdout.startswith("first\n")
    assert shown.stdout.endswith("last\n")
    assert shown.stdout.count("\n") == ALL.count("\n") + 2
    for planted in PLANTED:
        assert planted.secret not in shown.stdout + shown.stderr, planted.shape
    assert "cookie 1" in shown.stderr
    assert "taken" in shown.stderr


def test_redact_for_scripts_names_line_column_and_rule() -> None:
    found = json.loads(typed("redact", "--test", "--json", given="a\npassword: marzipan\n").stdout)
    assert found == {
        "kept": "a\npassword: <redacted:password>\n",
        "taken": [{"rule": "password", "line": 2, "column": 11}],
    }


def test_redact_refuses_what_it_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Missing):
        typed("redact", "--test", str(tmp_path / "none"))
    with pytest.raises(Invalid, match="by itself"):
        typed("redact", given="x")
    monkeypatch.setattr(redacting, "BYTES_MAX", 3)
    with pytest.raises(OverLimit):
        typed("redact", "--test", given="four")


def test_redact_opens_no_socket() -> None:
    """Every socket of Python, also one made in C, is told to an audit hook."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + REDACT, "--test", "-"],
        input=ALL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "<redacted:" in done.stdout


def test_the_kernel_sees_no_socket_of_redact(tmp_path: Path) -> None:
    """The same from outside: what the process asked the kernel for."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    command = [sys.executable, "-c", REDACT, "--test", "-"]
    done = subprocess.run(
        [strace, "-f", "-o", str(trace), "-e", "trace=%network,execve", *command],
        input=ALL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 and "ptrace" in done.stderr:
        pytest.skip("this machine does not let processes be traced")
    assert done.returncode == 0, done.stderr
    calls = trace.read_text()
    assert "execve(" in calls, "the control: something was traced"
    assert "socket(" not in calls
    assert "connect(" not in calls
