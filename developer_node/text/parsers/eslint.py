"""ESLint's errors in its shapes stylish, unix and compact, and what stops it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers import javascript
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_FILE = re.compile(r"^(?P<path>(?:/|[A-Za-z]:\\|\.{0,2}/|\w).*\.\w+)$")
_STYLISH = re.compile(
    r"^ +(?P<line>\d+):\d+ +(?P<level>error|warning) +(?P<message>\S.*?)"
    r"(?:  +(?P<code>@?[\w/@-]+))? *$"
)
_UNIX = re.compile(
    r"^(?P<path>\S.*?):(?P<line>\d+):\d+: (?P<message>\S.*?)\.? "
    r"\[(?P<level>Error|Warning)(?:/(?P<code>@?[\w/@-]+))?\]$"
)
_COMPACT = re.compile(
    r"^(?P<path>\S.*?): line (?P<line>\d+), col \d+, (?P<level>Error|Warning) - "
    r"(?P<message>\S.*?)\.?(?: \((?P<code>@?[\w/@-]+)\))?$"
)
_SUMMARY = re.compile(r"^(?:✖ )?\d+ problems?(?: \(\d+ errors?, \d+ warnings?\))?$")
_FIXABLE = re.compile(r"^ +\d+ errors? and \d+ warnings? potentially fixable")
_TOO_MANY = re.compile(r"^ESLint found too many warnings \(maximum: -?\d+\)\.$")
_OOPS = re.compile(r"^Oops! Something went wrong! :\($")
_VERSION = re.compile(r"^ESLint: \d+\.\d+\.\d+\S*$")
_PARSING = "Parsing error: "
_NO_CODE = "parsing-error"


@dataclass(frozen=True, slots=True)
class _Said:
    path: str
    line: int
    level: str
    message: str
    code: str
    at: int
    """Index of the line."""


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Warnings are symptoms only when ESLint says that they were too many."""
    lines = javascript.shown(lines)
    said = list(_said(lines))
    stopped = _stopped(lines)
    if not said and not stopped:
        return None
    too_many = any(_TOO_MANY.match(line) for line in lines)
    found = [_found(s) for s in said if s.level == "error" or too_many]
    ends = (_SUMMARY, _FIXABLE, _TOO_MANY)
    own = [range(i, i + 1) for i, line in enumerate(lines) if any(e.match(line) for e in ends)]
    own += [range(s.at, s.at + 1) for s in said]
    return Parsed((*found, *stopped), own=tuple(own))


def _said(lines: Sequence[str]) -> Iterator[_Said]:
    path = ""
    is_sure = any(_SUMMARY.match(line) for line in lines)
    for i, line in enumerate(lines):
        whole = _UNIX.match(line) or _COMPACT.match(line)
        title = _FILE.match(line)
        row = _STYLISH.match(line) if path and is_sure else None
        if whole:
            yield _of(whole, whole["path"], i)
        elif row:
            yield _of(row, path, i)
        elif not line.strip():
            path = ""
        elif title:
            path = title["path"]


def _of(row: re.Match[str], path: str, at: int) -> _Said:
    code = row["code"] or ""
    message = " ".join(row["message"].split())
    if not code and message.startswith(_PARSING):
        code = _NO_CODE
    return _Said(path, int(row["line"]), row["level"].lower(), message.rstrip("."), code, at)


def _found(said: _Said) -> Found:
    kind: FailureKind = "build" if said.code == _NO_CODE else "lint"
    frames = (Frame(said.path, "", said.line),)
    complaint = Complaint(said.code, said.message, said.message, frames)
    return Found(Symptom("eslint", complaint, kind=kind), said.at, said.at)


def _stopped(lines: Sequence[str]) -> tuple[Found, ...]:
    """`Oops!`, the version, and then in words why it could not begin."""
    begin = next((i for i, line in enumerate(lines) if _OOPS.match(line)), None)
    if begin is None:
        return ()
    said = [
        i
        for i, line in enumerate(lines[begin + 1 :], begin + 1)
        if line.strip() and not _VERSION.match(line)
    ]
    if not said:
        return ()
    message = "\n".join(lines[i] for i in said)
    frames = javascript.stack([lines[i] for i in said])
    complaint = Complaint("", lines[said[0]].strip(), message[:4000], frames)
    return (Found(Symptom("eslint", complaint, kind="environment"), begin, said[-1]),)


PARSER = Parser(
    tool="eslint",
    parse=parse,
    hints=("problem", "[Error", ", Error - ", "Oops! Something went wrong!"),
    kinds=("lint", "build", "environment"),
    captured="each error's rule, message, file and line in the shapes stylish, unix and compact; "
    "warnings only when there were too many; why it could not begin",
    codes="the rule: no-unused-vars; parsing-error",
    commands=("eslint",),
)
