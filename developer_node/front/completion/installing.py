"""Completion written where a shell finds it, and taken away again.

fish reads a directory of its own. bash and zsh get a file below the user's data directory, and one
marked line in the rc file, the last one: a shell's own completion must be there before it.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Literal

from developer_node.front import marked_lines
from developer_node.front.completion.scripts import SCRIPTS

Shell = Literal["bash", "zsh", "fish"]
SIGN = "# postdevai: completion"


def install(shell: Shell) -> list[str]:
    """Writes what is missing; what it did, in sentences."""
    script = script_file(shell)
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(SCRIPTS[shell], "utf-8")
    said = [f"{script}: written"]
    rc = rc_file(shell)
    if rc is not None:
        changed = _change(rc, f"[ -r {_quoted(script)} ] && . {_quoted(script)} {SIGN}")
        said.append(
            f"{rc}: {'wrote one line, the last' if changed else 'the line is there already'}"
        )
    return [*said, "It is there in every new terminal."]


def uninstall(shell: Shell) -> list[str]:
    """Takes away what `install` wrote; what it did, empty when there was nothing."""
    said: list[str] = []
    script, rc = script_file(shell), rc_file(shell)
    if script.is_file():
        script.unlink()
        said.append(f"{script}: removed")
        leave_empty(script.parent)
    if rc is not None and rc.exists() and _change(rc, ""):
        said.append(f"{rc}: took the line out")
    return said


def script_file(shell: Shell) -> Path:
    """Where the shell's few lines lie."""
    if shell == "fish":
        return _under("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "postdevai.fish"
    return _under("XDG_DATA_HOME", ".local/share") / "postdevai" / f"completion.{shell}"


def rc_file(shell: Shell) -> Path | None:
    """The file that gets the line; None for fish, which needs none."""
    match shell:
        case "bash":
            return Path.home() / ".bashrc"
        case "zsh":
            return Path(os.environ.get("ZDOTDIR", "") or Path.home()) / ".zshrc"
        case "fish":
            return None


def _change(path: Path, wanted: str) -> bool:
    """Whether the file is another one now: without any marked line, and with this one at its end.

    A file that this line was all of is removed.
    """
    path = path.resolve()
    before = marked_lines.read(path)
    text = marked_lines.without(before, SIGN)
    if wanted:
        text += (b"" if not text or text.endswith(b"\n") else b"\n") + os.fsencode(wanted) + b"\n"
    if text == before:
        return False
    if text:
        marked_lines.replace(path, text)
    else:
        path.unlink()
    return True


def leave_empty(directory: Path) -> None:
    """Removes directories that hold nothing any more, up to the person's own."""
    while directory != Path.home() and Path.home() in directory.parents:
        try:
            directory.rmdir()
        except OSError:
            return
        directory = directory.parent


def _under(variable: str, usual: str) -> Path:
    named = os.environ.get(variable, "")
    return Path(named) if named else Path.home() / usual


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
