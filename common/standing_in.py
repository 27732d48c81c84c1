"""What tells a failure from others where no frame names a function: its test, or its program."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence

_REQUEST = re.compile(r"[A-Z]+ /")
_FILE = re.compile(r"[^\s:]+\.\w{1,5}")
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=")
_GOES_THERE = re.compile(r"\s*(?:cd|pushd)\s+[^;&|]+(?:&&|;)")
_WRAPPERS = frozenset(("sudo", "env", "time", "nohup", "nice", "exec", "command"))
_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "fish", "ksh"))
_INTERPRETER = re.compile(r"(?:python|pypy|ruby|perl|php|node|deno|bun)[\d.]*")


def own_name(test: str) -> str:
    """Without its file, package or directory; empty for a file that could not be loaded and for
    a request, which no test's code made."""
    _, mark, name = test.partition("::")
    if mark:
        return name
    return "" if _REQUEST.match(test) or _FILE.fullmatch(test) else test


def program(command: str) -> str:
    """The name of what a command line runs, without its path: of `sh a.sh` the script's, of
    `python -m pip` the module's. Empty where there is none."""
    line = command
    while there := _GOES_THERE.match(line):
        line = line[there.end() :]
    try:
        words = shlex.split(line)
    except ValueError:
        words = line.split()
    while words and (_ASSIGNED.match(words[0]) or words[0] in _WRAPPERS):
        words = words[1:]
    return _run_by(words) if words else ""


def _run_by(words: Sequence[str]) -> str:
    first, *rest = words
    name = os.path.basename(first)
    if name not in _SHELLS and not _INTERPRETER.fullmatch(name):
        return name
    option, after = rest[:1], rest[1:]
    if option and after and name in _SHELLS and re.fullmatch(r"-\w*c", option[0]):
        return program(after[0]) or name
    if option == ["-m"] and after:
        return after[0]
    script = next((w for w in rest if not w.startswith("-")), "")
    is_named = bool(script) and not {"-c", "-e"} & set(rest)
    return os.path.basename(script) if is_named else name
