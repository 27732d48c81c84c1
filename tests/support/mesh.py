"""A whole mesh of real processes in a home of its own, driven as a person would: by `postdevai`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

ROLES = ("coordinator", "dragon", "developer")


def until(seconds: float) -> Iterator[None]:
    """Turns of a loop that waits for another process, at most so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)


class Mesh:
    """Starts, asks and kills the three daemons of one POSTDEVAI_HOME."""

    def __init__(self, home: Path, **env: str) -> None:
        self.home = home
        own = {
            "POSTDEVAI_HOME": str(home),
            "NO_COLOR": "1",
            # a file changed twice in a second at equal length would run its old bytecode
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.env = {**os.environ, **env, **own}
        self.inside: Sequence[str] = ()
        """What stands before each command, for a mesh on a machine of its own."""

    def postdevai(
        self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """One command to its end; the caller looks at its exit code."""
        return subprocess.run(
            [*self.inside, sys.executable, "-m", "developer_node.front.cli", *args],
            cwd=cwd,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def up(self, *repos: Path, wait: str = "words") -> None:
        """Returns once that much is indexed."""
        named = [word for repo in repos for word in ("--repo", str(repo))]
        done = self.postdevai("up", *named, "--detach", "--wait", wait)
        assert done.returncode == 0, done.stdout + done.stderr + self.logs()

    def down(self, *options: str) -> None:
        """Stops the three; nothing of them may be left."""
        done = self.postdevai("down", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not self.processes(), [p.cmdline() for p in self.processes()]

    def json(self, *args: str, codes: Iterable[int] = (0,)) -> Any:
        """What a command prints with --json."""
        done = self.postdevai(*args)
        assert done.returncode in codes, done.stdout + done.stderr + self.logs()
        return json.loads(done.stdout)

    def recall_last(self) -> Any:
        """What is remembered about the last failure."""
        return self.json("recall", "--json", "--last", codes=(0, 1))

    def recall_until_failure(self) -> Any:
        """Asks until a failure has arrived at all."""
        for _ in until(60):
            card = self.recall_last()
            if card["failure"]:
                return card
        raise AssertionError(f"no failure arrived\n{self.logs()}")

    def recall_until_remedy(self, commit: str) -> Any:
        """Asks until a remedy carries this commit: capture and git are watched, not called."""
        card: Any = None
        for _ in until(60):
            card = self.recall_last()
            if any(r["commit"] == commit for r in card["remedies"]):
                return card
        raise AssertionError(f"no remedy with {commit}: {card}\n{self.logs()}")

    def pid(self, role: str) -> int:
        """Process id of a daemon that serves."""
        return int(json.loads((self.home / role / "ready.json").read_text())["pid"])

    def kill(self, role: str) -> None:
        """SIGKILL, and gone when this returns."""
        process = psutil.Process(self.pid(role))
        process.send_signal(signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)

    def processes(self) -> list[psutil.Process]:
        """Whatever runs with this home, this test's own process left out."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("POSTDEVAI_HOME") == str(self.home)
            except psutil.Error:
                continue
            if mine and process.pid != os.getpid():
                found.append(process)
        return found

    def logs(self) -> str:
        """The last lines of each daemon's log, for a failed assertion."""
        parts: list[str] = []
        for role in ROLES:
            log = self.home / role / f"{role}.log"
            if log.exists():
                parts.append(f"--- {role}\n" + "\n".join(log.read_text().splitlines()[-15:]))
        return "\n".join(parts)

    def close(self) -> None:
        """However a test ends, nothing of it is left."""
        self.postdevai("down", "--free")
        left = self.processes()
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
