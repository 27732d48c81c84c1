"""What the hooks tell through files: the command as typed, where, and with which variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

TOLD_BYTES_MAX = 4 << 20
"""Of one file; a longer one is not read, and its command not recorded."""
_HISTORY = re.compile(r" *\d+[* ] (.*?)\n?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """A command that is about to run."""

    text: str
    """As typed; empty when the shell does not say."""
    cwd: str
    private: bool = False
    """Begins with a space, or the person's settings keep it out of the shell's own history."""
    environment: dict[str, str] = field(default_factory=dict[str, str])
    at_s: float = 0.0
    """When the hook wrote it, by the clock; 0 when that is not known."""
    held: bool = False
    """The hook keeps the command waiting until the files have been looked at."""
    number: int = 0
    """By which its hook is let go."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """Where the shell waits for the next command."""

    cwd: str = ""
    history: str = ""
    """What bash's history ends with; empty for other shells."""


def read_prompt(path: Path) -> Prompt:
    """What the hook wrote at the prompt; the file is gone afterwards."""
    fields, _ = _take(path)
    return Prompt(fields[0], fields[1] if len(fields) > 1 else "") if fields else Prompt()


def read_command(path: Path, prompt: Prompt, number: int, *, bash: bool, held: bool) -> Told | None:
    """What the hook wrote ahead of a command; None when it wrote nothing that can be read."""
    fields, at_s = _take(path)
    if len(fields) < 2:
        return None
    cwd, text, *variables = fields
    pairs = (v.partition("=") for v in variables if "=" in v)
    environment = {name: value for name, _, value in pairs}
    private = False
    if bash:
        found = _HISTORY.fullmatch(text)
        private = found is None or text == prompt.history
        text = found[1] if found else ""
    private = private or text[:1] in (" ", "\t")
    return Told(text, cwd, private, environment, at_s, held, number)


def _take(path: Path) -> tuple[list[str], float]:
    try:
        status = path.stat()
        raw = path.read_bytes() if status.st_size <= TOLD_BYTES_MAX else b""
        path.unlink()
    except OSError:
        return [], 0.0
    text = raw.decode("utf-8", "surrogateescape")
    return text.removesuffix("\0").split("\0") if text else [], status.st_mtime
