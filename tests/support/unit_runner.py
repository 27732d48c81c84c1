"""Runs a unit of systemd's as systemd would: its words, its settings, its socket, its last code."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from developer_node.front.service import files


class NotifySocket:
    """Where a daemon says how it stands."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="notify")  # short: a socket's path
        self.path = Path(self._directory.name) / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self.heard: list[str] = []

    def until(self, word: str, times: int = 1, seconds: float = 60) -> None:
        """Waits until it was said so often."""
        end = time.monotonic() + seconds
        while self.heard.count(word) < times:
            self._hear(word, end)

    def until_like(self, beginning: str, seconds: float = 60) -> None:
        """Waits until something was said that begins so."""
        end = time.monotonic() + seconds
        while not any(word.startswith(beginning) for word in self.heard):
            self._hear(beginning, end)

    def _hear(self, word: str, end: float) -> None:
        self._socket.settimeout(max(0.001, end - time.monotonic()))
        try:
            self.heard += self._socket.recv(4096).decode().splitlines()
        except TimeoutError:
            raise AssertionError(f"{word} was not said: {self.heard}") from None

    def close(self) -> None:
        self._socket.close()
        self._directory.cleanup()


class Unit:
    """One unit file, and its process once it is started."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text()
        self.words, self.home = files.parsed("systemd", path.read_bytes())
        self.socket = NotifySocket()
        self.process: subprocess.Popen[bytes] | None = None

    def value(self, name: str) -> str:
        """What the unit says under that name."""
        found = re.search(rf"^{name}=(.*)$", self.text, re.M)
        assert found is not None, name
        return found[1]

    def start(self, **extra: str) -> subprocess.Popen[bytes]:
        """With nothing of this process's environment but what a manager has."""
        settings = dict(each.split("=", 1) for each in files.settings(self.text))
        with Path(self.value("StandardError").removeprefix("append:")).open("ab") as printed:
            self.process = subprocess.Popen(
                self.words,
                cwd=self.value("WorkingDirectory"),
                env=_bare(settings) | extra | {"NOTIFY_SOCKET": str(self.socket.path)},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        return self.process

    def stop(self) -> int:
        """As `systemctl stop` does; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(float(self.value("TimeoutStopSec").removesuffix("s")))

    def starts_again_after(self, code: int) -> bool:
        """Whether systemd would, after such an end."""
        kept = self.value("RestartPreventExitStatus").split()
        return self.value("Restart") == "on-failure" and code != 0 and str(code) not in kept

    def close(self) -> None:
        """Nothing of it is left."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)
        self.socket.close()


def _bare(settings: Mapping[str, str]) -> dict[str, str]:
    carried = ("HOME", "LANG", "POSTDEVAI_KEYCHAIN", "PYTHONDONTWRITEBYTECODE")
    return {name: os.environ[name] for name in carried if name in os.environ} | dict(settings)
