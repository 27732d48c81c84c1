"""make and ninja: which target failed, when nothing else says why."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.c_family import Directories
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_STOPPED = re.compile(
    r"^(?:[\w./-]*/)?(?P<make>(?:g|mingw32-|b)?make)(?:\[(?P<level>\d+)\])?: \*\*\* (?P<said>.+)$"
)
_RECIPE = re.compile(
    r"^\[(?:(?P<path>[^\]:]+):(?P<line>\d+): )?(?P<target>.+)\] (?P<how>Error \d+|[A-Z][\w ()-]+)$"
)
_MAKEFILE = re.compile(r"^(?P<path>[^\s:][^:]*):(?P<line>\d+): \*\*\* (?P<said>.+)$")
_NO_PROGRAM = re.compile(
    r"^(?:g?make)(?:\[\d+\])?: (?P<said>\S+: (?:No such file or directory|Permission denied))$"
)
_NINJA = re.compile(r"^ninja: error: (?P<said>.+)$")
_NINJA_FAILED = re.compile(r"^FAILED: (?:\[code=\d+\] )?(?P<target>\S.*?) *$")
_STOP = re.compile(r"\.?  +Stop\.$")


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """A make that only failed because the make that it called failed says nothing of its own."""
    found = [*_makes(lines), *_ninjas(lines)]
    return Parsed(tuple(sorted(found, key=lambda f: f.first))) if found else None


def _makes(lines: Sequence[str]) -> Iterator[Found]:
    deepest = -1
    directories = Directories()
    for i, line in enumerate(lines):
        directories.see(line)
        stopped, makefile, program = (
            _STOPPED.match(line),
            _MAKEFILE.match(line),
            _NO_PROGRAM.match(line),
        )
        if stopped:
            level = int(stopped["level"] or 0)
            recipe = _RECIPE.match(stopped["said"])
            if recipe and level < deepest:
                continue
            deepest = max(deepest, level)
            if recipe and i and _NO_PROGRAM.match(lines[i - 1]):
                continue
            at = directories.whole(recipe["path"] or "") if recipe and level else ""
            yield _recipe(recipe, line, i, at) if recipe else _own(stopped["said"], line, i, ())
        elif makefile:
            frame = Frame(makefile["path"], "", int(makefile["line"]))
            yield _own(makefile["said"], line, i, (frame,))
        elif program:
            code = "EACCES" if program["said"].endswith("denied") else "ENOENT"
            kind: FailureKind = "permission" if code == "EACCES" else "environment"
            yield _found("make", Complaint(code, program["said"], line), kind, i)


def _recipe(recipe: re.Match[str], line: str, i: int, at: str) -> Found:
    """The exit code stays in the headline: it is a value there, and no identity."""
    frames: tuple[Frame, ...] = ()
    if recipe["path"]:
        frames = (Frame(at or recipe["path"], recipe["target"], int(recipe["line"])),)
    said = f"{os.path.basename(recipe['target'])}: {recipe['how']}"
    return _found("make", Complaint("recipe", said, line, frames), "build", i)


def _own(said: str, line: str, i: int, frames: tuple[Frame, ...]) -> Found:
    said = _STOP.sub("", said)
    return _found("make", Complaint("", said, line, frames), "build", i)


def _ninjas(lines: Sequence[str]) -> Iterator[Found]:
    for i, line in enumerate(lines):
        error, failed = _NINJA.match(line), _NINJA_FAILED.match(line)
        if error:
            yield _found("ninja", Complaint("", error["said"], line), "build", i)
        elif failed:
            said = f"{os.path.basename(failed['target'])}: failed"
            yield _found("ninja", Complaint("edge", said, line), "build", i)


def _found(tool: str, complaint: Complaint, kind: FailureKind, i: int) -> Found:
    return Found(Symptom(tool, complaint, kind=kind), i, i)


PARSER = Parser(
    tool="make",
    parse=parse,
    hints=(": *** ", "make: ", "make[", "ninja: error: ", "FAILED: "),
    kinds=("build", "environment", "permission"),
    captured="the innermost target that failed, with its place in the makefile; rules and "
    "programs that are missing; mistakes in a makefile; ninja's edges",
    codes="recipe, edge, ENOENT, EACCES",
    commands=("make", "gmake", "ninja"),
    consequence=True,
)
