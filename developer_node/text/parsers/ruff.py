"""ruff's complaints in all the shapes that it prints, and files that it would format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from common.model.failure import FailureKind, Frame
from developer_node.text.parsers.parser import Found, Parsed, Parser
from developer_node.text.parsers.symptom import Complaint, Place, Symptom

_CODED = r"(?P<code>[A-Z]{1,6}\d{3,4}|[a-z]+(?:-[a-z]+)+|SyntaxError)"
_MESSAGE = r":? (?:\[\*\] )?(?P<message>\S.*)"
_PATH = r"(?P<path>\S.*?\.(?:pyi?|ipynb|toml|md))"
_CONCISE = re.compile(rf"^{_PATH}:(?:cell \d+:)?(?P<line>\d+):\d+: {_CODED}{_MESSAGE}$")
_GITHUB = re.compile(
    rf"^::error title=[Rr]uff[^,]*,file=.*?::{_PATH}:(?P<line>\d+):\d+: {_CODED}:? "
    r"(?P<message>.*?)(?:%0A.*)?$"
)
_FULL = re.compile(rf"^(?P<coded>{_CODED}|unformatted){_MESSAGE}$")
_ARROW = re.compile(rf"^ *--> {_PATH}:(?:cell \d+:)?(?P<line>\d+):\d+$")
_GROUP = re.compile(rf"^{_PATH}:$")
_GROUPED = re.compile(rf"^ +(?P<line>\d+):\d+ +{_CODED}{_MESSAGE}$")
_UNFORMATTED = re.compile(r"^Would reformat: (?P<path>\S.*)$")
_STOPPED = re.compile(r"^ruff failed$")
_CAUSE = re.compile(r"^ +Cause: (?P<message>.+)$")
_SUMMARY = re.compile(
    r"^(?:Found \d+ errors?(?: \(.*\))?\.|All checks passed!|\[\*\] .*fixable.*|"
    r"No fixes available.*|\d+ files? (?:would be reformatted|already formatted).*)$"
)
_SHOWN = re.compile(r"^(?: *\d* *(?:\||[-+] ).*|  = \w+: .*|(?:help|info|note): .*)$")
"""The source under a complaint, and what would mend it."""
_SYNTAX = "invalid-syntax"
_SYNTAX_CODES = ("E999", "SyntaxError")
"""What older versions called it."""


def parse(lines: Sequence[str], _place: Place) -> Parsed | None:
    """Lines of the concise shape count only beside ruff's own summary: flake8 prints alike."""
    summary = [i for i, line in enumerate(lines) if _SUMMARY.match(line)]
    found = [*_complaints(lines, bool(summary)), *_stops(lines)]
    if not found and not summary:
        return None
    return Parsed(tuple(found), own=tuple(range(i, i + 1) for i in summary))


def _complaints(lines: Sequence[str], is_sure: bool) -> Iterator[Found]:
    group = ""
    for i, line in enumerate(lines):
        title = _GROUP.match(line)
        group = title["path"] if title else group if line.startswith(" ") else ""
        said = _GITHUB.match(line) or (_CONCISE.match(line) if is_sure else None)
        grouped = _GROUPED.match(line) if group and is_sure else None
        full = _FULL.match(line)
        arrow = _ARROW.match(lines[i + 1]) if full and i + 1 < len(lines) else None
        name = _UNFORMATTED.match(line)
        if said:
            symptom = _symptom(said["code"], said["message"], said["path"], int(said["line"]))
            yield Found(symptom, i, _last(lines, i))
        elif grouped:
            symptom = _symptom(grouped["code"], grouped["message"], group, int(grouped["line"]))
            yield Found(symptom, i, i)
        elif full and arrow:
            at = 0 if full["coded"] == "unformatted" else int(arrow["line"])
            symptom = _symptom(full["coded"], full["message"], arrow["path"], at)
            yield Found(symptom, i, _last(lines, i + 1))
        elif name:
            yield Found(_symptom("unformatted", "File would be reformatted", name["path"], 0), i, i)


def _stops(lines: Sequence[str]) -> Iterator[Found]:
    for i, line in enumerate(lines[:-1]):
        cause = _CAUSE.match(lines[i + 1]) if _STOPPED.match(line) else None
        if cause:
            said = cause["message"]
            yield Found(Symptom("ruff", Complaint("", said, said), kind="lint"), i, i + 1)


def _symptom(code: str, message: str, path: str, line: int) -> Symptom:
    code = _SYNTAX if code in _SYNTAX_CODES else code
    message = message.removeprefix("SyntaxError: ")
    kind: FailureKind = "build" if code == _SYNTAX else "lint"
    return Symptom("ruff", Complaint(code, message, message, (Frame(path, "", line),)), kind=kind)


def _last(lines: Sequence[str], i: int) -> int:
    while i + 1 < len(lines) and _SHOWN.match(lines[i + 1]):
        i += 1
    return i


PARSER = Parser(
    tool="ruff",
    parse=parse,
    hints=(
        "Found ",
        "--> ",
        "::error title=",
        "Would reformat",
        "ruff failed",
        "All checks",
        "reform",
    ),
    kinds=("lint", "build"),
    captured="each complaint's code, message, file and line in the full, concise, grouped and "
    "GitHub shapes; files that `ruff format --check` would change",
    codes="the rule: F401, UP035, invalid-syntax; unformatted",
    commands=("ruff",),
)
