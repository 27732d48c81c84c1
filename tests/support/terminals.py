"""A real terminal of a fixed size, in tmux: keys go in, what stands on the screen comes out."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.mesh import until

PATIENCE_S = 60.0


class Terminal:
    """One pane of a tmux server of its own; the server ends with it."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], size: tuple[int, int]
    ) -> None:
        self._place = Path(tempfile.mkdtemp(prefix="pdv-tmux-"))
        self._env = {**env, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
        for name in ("TMUX", "TMUX_PANE", "NO_COLOR"):
            self._env.pop(name, None)
        line = f"{shlex.join(command)}; echo ended with $?; exec cat"
        width, height = (str(each) for each in size)
        self._tmux("-u", "new-session", "-d", "-x", width, "-y", height, line)

    def seen(self) -> str:
        """The characters on the screen."""
        return self._tmux("capture-pane", "-p").stdout

    def press(self, *keys: str) -> None:
        """As tmux names them."""
        self._tmux("send-keys", *keys)

    def wait(self, holds: Callable[[str], bool], for_what: str) -> str:
        """The screen as soon as it is so."""
        shown = ""
        for _ in until(PATIENCE_S):
            shown = self.seen()
            if holds(shown):
                return shown
        raise AssertionError(f"never seen: {for_what}\n{shown}")

    def wait_for(self, words: str) -> str:
        """The screen as soon as these words stand on it."""
        return self.wait(lambda shown: words in shown, words)

    def close(self) -> None:
        """The server, and whatever still runs in its pane."""
        subprocess.run(
            self._command("kill-server"), capture_output=True, check=False, env=self._env
        )
        shutil.rmtree(self._place, ignore_errors=True)

    def _tmux(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*words),
            capture_output=True,
            text=True,
            check=True,
            env=self._env,
            cwd=os.getcwd(),
            timeout=30,
        )

    def _command(self, *words: str) -> list[str]:
        return ["tmux", "-f", "/dev/null", "-S", str(self._place / "s"), *words]
