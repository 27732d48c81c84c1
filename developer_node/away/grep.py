"""git's own search through the files of a working copy, with a bound on time and output.

Ignored files are not looked at, nor binary ones. What is printed is read by bytes: a name may hold
anything but NUL, and a line anything but a line's end.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import Invalid, Unavailable
from developer_node.text.git import git_environment

LIMIT_S = 2.0
OUTPUT_BYTES_MAX = 8 << 20
LINES_A_FILE_MAX = 200
PATTERN_BYTES_MAX = 4_096

_OF_A_PATTERN = re.compile(r"(-e option|command line), '")
"""So git begins when a pattern is none; anything else is the fault of a working copy."""

_SETTINGS = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "grep.fullName=false",
    "grep.column=false",
    "submodule.recurse=false",
)


@dataclass(frozen=True, slots=True)
class Matched:
    """A line that matches."""

    path: str
    """Relative; bytes that are not UTF-8 as surrogates."""
    line: int
    """From 1."""
    text: str


@dataclass(frozen=True, slots=True)
class Grepped:
    """In the order of paths and lines, within a file."""

    lines: tuple[Matched, ...] = ()
    complete: bool = True
    """False when a bound cut it."""
    failed: str = ""
    """Why these files could not be searched at all; empty when they were."""


def grep(
    root: Path,
    patterns: Sequence[str],
    *,
    in_git: bool,
    fixed: bool,
    any_case: bool = False,
    limit_s: float = LIMIT_S,
) -> Grepped:
    """Lines that match any of the patterns. Invalid when a regular expression is none."""
    command = ["git", *(part for setting in _SETTINGS for part in ("-c", setting))]
    command += ["-C", os.fspath(root), "grep", "--no-color", "-n", "-z", "-I"]
    command += ["--threads=2", f"--max-count={LINES_A_FILE_MAX}", "-F" if fixed else "-P"]
    command += ["-i"] if any_case else []
    command += ["--untracked" if in_git else "--no-index", "--exclude-standard"]
    for pattern in patterns:
        command += ["-e", pattern]
    output, complete, code, said = _run([*command, "--", "."], limit_s)
    if complete and code > 1:
        if _OF_A_PATTERN.match(said):
            raise Invalid(f"git cannot search for that: {said}", field="query")
        return Grepped(complete=False, failed=said)
    lines = tuple(_matched(output))
    full = _a_file_is_cut(lines)
    return Grepped(lines, complete and not full)


def _run(command: Sequence[str], limit_s: float) -> tuple[bytes, bool, int, str]:
    """Output, whether it is all of it, exit code, and the first words of what is wrong."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=git_environment(),
        )
    except FileNotFoundError as error:
        raise Unavailable("git is not installed", hint="install git") from error
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limit_s, end)
    timer.start()
    with process:
        assert process.stdout is not None and process.stderr is not None
        output = process.stdout.read(OUTPUT_BYTES_MAX)
        cut = len(output) == OUTPUT_BYTES_MAX
        if cut:
            process.kill()
        said = process.stderr.read(2_000).decode("utf-8", "replace").strip()
        code = process.wait()
    timer.cancel()
    words = said.splitlines()[0].removeprefix("fatal: ") if said else "it failed"
    return output, not (cut or late.is_set()), code, words


def _matched(output: bytes) -> Iterator[Matched]:
    """path NUL number NUL text; a last line without its end was cut off."""
    for raw in output.split(b"\n"):
        path, _, rest = raw.partition(b"\0")
        number, mark, text = rest.partition(b"\0")
        if mark and number.isdigit():
            name = path.decode("utf-8", "surrogateescape").removeprefix("./")
            yield Matched(name, int(number), text.decode("utf-8", "replace"))


def _a_file_is_cut(lines: Sequence[Matched]) -> bool:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.path] = counts.get(line.path, 0) + 1
    return any(count >= LINES_A_FILE_MAX for count in counts.values())
