"""The session directory: how the shell's hooks and the recorder talk without being overheard.

Layout of DIRECTORY (0700, in memory where the system has such a place, see `bases`):
`rc` or `.zshenv` (hooks and nonce; the shell removes it as it reads it), `on` (recording goes on),
`wait` (the recorder wants to look before the next command), `go` (FIFO: it has looked, by a letter
for the command's number, so that an answer that comes late lets no later command go),
`prompt.K` and `command.K` (what the hooks tell; NUL between fields; removed when read), `who`
(passer and recorder, see orphans.py).
"""

from __future__ import annotations

import os
import secrets
import shlex
import shutil
import string
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ShellKind = Literal["bash", "zsh", "fish", "other"]
TTY_VARIABLE = "POSTDEVAI_TTY"
"""Names the terminal that is recorded, so that a shell inside it is not recorded twice."""
NONCE_BYTES = 16
PREFIX = "postdevai-shell-"
SHARED_MEMORY = "/dev/shm"
_FISH_RC = "rc"
LETTERS = string.digits + string.ascii_lowercase
"""What the hook of a command waits for, by its number; the hooks have the same."""


@dataclass(frozen=True, slots=True)
class Session:
    """One recorded shell, from its start to its end."""

    directory: Path
    nonce: str
    shell: str
    """The program, as it is started."""
    kind: ShellKind

    @classmethod
    def make(cls, shell: str) -> Session:
        """Makes the directory and its FIFO; OSError where that cannot be."""
        directory = _new_directory()
        os.mkfifo(directory / "go", 0o600)
        for name in ("on", "wait"):  # until the recorder says otherwise, it wants to look first
            (directory / name).touch(0o600)
        return cls(directory, secrets.token_hex(NONCE_BYTES), shell, kind_of(shell))

    def hooked(self, environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
        """How the shell is started so that it reads the person's files and then our hooks."""
        env = dict(environment)
        match self.kind:
            case "bash":
                return [self.shell, "--rcfile", str(self._write("rc", "bash", "")), "-i"], env
            case "fish":
                path = self._write(_FISH_RC, "fish", "")
                return [self.shell, "--init-command", f"source {shlex.quote(str(path))}"], env
            case "zsh":
                own = env.get("ZDOTDIR")
                more = "" if own is None else f"typeset -g __pdv_zdotdir={shlex.quote(own)}\n"
                self._write(".zshenv", "zsh", more)
                return [self.shell, "-i"], env | {"ZDOTDIR": str(self.directory)}
            case "other":
                return [self.shell, "-i"], env

    def let_go(self, number: int) -> None:
        """The hook of this command, if it still waits, goes on; nothing stays behind for others."""
        with suppress(OSError):  # nobody waits
            handle = os.open(self.directory / "go", os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(handle, LETTERS[number % len(LETTERS)].encode())
            finally:
                os.close(handle)

    def close(self) -> None:
        """Takes everything away; the hooks find nothing to talk to and are silent."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _write(self, name: str, kind: ShellKind, more: str) -> Path:
        path = self.directory / name
        assign = {"bash": "{}={}\n", "zsh": "typeset -g {}={}\n", "fish": "set -g {} {}\n"}[kind]
        head = assign.format("__pdv_nonce", self.nonce)
        head += assign.format("__pdv_dir", shlex.quote(str(self.directory)))
        hooks = Path(__file__).with_name(f"hooks.{kind}").read_text("utf-8")
        path.touch(0o600)
        path.write_text(head + more + hooks, "utf-8")
        return path


def bases() -> list[Path]:
    """Where session directories are, best first: what the hooks write holds variables and commands
    in clear until it is read, so memory (XDG_RUNTIME_DIR, /dev/shm) comes before any disk."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    in_memory = [named] if named else []
    if os.path.ismount(SHARED_MEMORY):
        in_memory.append(SHARED_MEMORY)
    usable = [base for base in in_memory if os.path.isdir(base) and os.access(base, os.W_OK)]
    return list(map(Path, dict.fromkeys((*usable, tempfile.gettempdir()))))


def _new_directory() -> Path:
    *better, last = bases()
    for base in better:
        with suppress(OSError):  # full, or not ours to write to
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=last))


def kind_of(shell: str) -> ShellKind:
    """Which hooks a shell has, by its name."""
    match os.path.basename(shell).lstrip("-"):
        case "bash":
            return "bash"
        case "zsh":
            return "zsh"
        case "fish":
            return "fish"
        case _:
            return "other"
